//! What reading an event did to the output, as far as it matters for reading the next one like it.

use super::stream_output::{Key, Run};
use crate::json::Text;

/// What was done since the journal was begun.
#[derive(Debug, Default)]
pub(super) struct Journal {
    /// How many things were done that are not the same when they are done again.
    steps: usize,
    added: Option<Added>,
}

impl Journal {
    pub(super) fn step(&mut self, added: Option<Added>) {
        self.steps += 1;
        self.added = added;
    }

    /// The text that was added, if that was all.
    pub(super) fn added(&mut self) -> Option<Added> {
        self.added.take().filter(|_| self.steps == 1)
    }
}

/// A piece of text that was added to what may be there already.
#[derive(Clone, Debug)]
pub(crate) struct Added {
    pub(super) choice: usize,
    pub(super) to: To,
    pub(super) key: Key,
    /// Its length, on the wire where the reader was not shown it.
    pub(super) len: usize,
    pub(super) elided: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum To {
    Run(Run),
    Arguments,
}

impl Added {
    pub(super) fn new(choice: usize, to: To, key: Key, text: Text<'_>) -> Self {
        let (len, elided) = match text {
            Text::Plain(text) => (text.len(), false),
            Text::Elided(len) => (len, true),
        };
        Self { choice, to, key, len, elided }
    }

    /// Whether both were added to the same text.
    pub(super) fn is_like(&self, other: &Added) -> bool {
        (self.choice, self.to, self.elided) == (other.choice, other.to, other.elided) && self.key == other.key
    }
}
