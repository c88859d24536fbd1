//! Events whose only effect on the output is to extend one text, as most events of a stream.
//!
//! The walk for facts finds their text, so no document is built. The output is the same as if the reader had read the
//! document.

use super::stream::{Key, StreamOutput, TextRun};
use crate::json::Text;

/// A piece of a running text.
#[derive(Debug)]
pub(crate) struct TextDelta<'e> {
    pub(super) choice: usize,
    /// Some servers repeat it in each event.
    pub(super) role: Option<&'e str>,
    pub(super) run: TextRun,
    pub(super) key: Key,
    pub(super) text: &'e str,
}

impl TextDelta<'_> {
    /// Adds it to the output.
    pub(super) fn write(self, out: &mut StreamOutput) {
        if let Some(role) = self.role {
            out.role(self.choice, role);
        }
        out.text(self.choice, self.run, self.key, Text::Plain(self.text));
    }
}

#[cfg(test)]
mod tests;
