//! The list of wire formats: one line each.

use super::Reader;
use super::openai_chat::OpenAiChat;

/// A wire format this crate reads.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Format {
    /// OpenAI chat completions, and every server that speaks it.
    OpenAiChat,
}

impl Format {
    /// The operation it is, by the conventions' list.
    pub(crate) fn operation(self) -> &'static str {
        match self {
            Format::OpenAiChat => "chat",
        }
    }

    pub(crate) fn reader(self) -> &'static dyn Reader {
        match self {
            Format::OpenAiChat => &OpenAiChat,
        }
    }
}
