//! The parts of an answer, as they are joined from a stream.

use crate::json::Text;
use crate::message::Payload;

/// One choice of an answer.
#[derive(Debug, Default)]
pub(super) struct Choice {
    pub(super) role: Option<String>,
    pub(super) finish: Option<String>,
    pub(super) parts: Vec<(Key, Piece)>,
    pub(super) citations: Option<Citations>,
}

impl Choice {
    /// No answer has more parts than this.
    const MAX_PARTS: usize = 4096;

    /// Adds a piece: at the end, or where an item's numbers say.
    pub(super) fn insert(&mut self, key: Key, piece: Piece) {
        if self.parts.len() >= Self::MAX_PARTS {
            return;
        }
        let at = match key {
            Key::Item(item, part) => {
                let later = |key: &Key| matches!(key, Key::Item(i, p) if (*i, *p) > (item, part));
                self.parts.iter().rposition(|(key, _)| !later(key)).map_or(0, |last| last + 1)
            }
            _ => self.parts.len(),
        };
        self.parts.insert(at, (key, piece));
    }

    /// The id, name and arguments of a call that has begun.
    pub(super) fn call(&mut self, key: &Key) -> Option<(&mut Option<String>, &mut String, &mut Joined)> {
        self.parts.iter_mut().rev().find_map(|(k, piece)| match piece {
            Piece::ToolCall { id, name, arguments, .. } if k == key => Some((id, name, arguments)),
            _ => None,
        })
    }
}

/// What the texts of a choice cite: one JSON array per text, under the provider's name.
#[derive(Debug)]
pub(super) struct Citations {
    pub(super) name: &'static str,
    pub(super) lists: Vec<(Key, String)>,
}

impl Citations {
    pub(super) fn of(&self, key: &Key) -> Option<Payload<'_>> {
        let (_, list) = self.lists.iter().find(|(k, _)| k == key)?;
        Some(Payload::Text(Text::Plain(list)))
    }
}

/// Tells the parts of one choice apart: the wire's own index or id.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Key {
    /// The one text, or the one reasoning, of a choice: joined with the last part of that kind.
    Last,
    Index(i64),
    Id(String),
    /// A part of an item, where the wire numbers both: written in that order.
    Item(i64, i64),
}

/// A part, as it is joined.
#[derive(Debug)]
pub(super) enum Piece {
    Run(Run, Joined),
    ToolCall {
        id: Option<String>,
        name: String,
        arguments: Joined,
        /// The kind of a tool that the provider runs itself.
        server: Option<String>,
    },
    /// A part that came whole, already in the convention's JSON.
    Whole(String),
}

/// A text that comes in pieces, or of which only the length may be known.
#[derive(Debug, Default)]
pub(super) struct Joined {
    text: String,
    elided: usize,
}

impl Joined {
    pub(super) fn new((text, elided): (&str, usize)) -> Self {
        Self { text: text.to_owned(), elided }
    }

    pub(super) fn push(&mut self, (text, elided): (&str, usize)) {
        self.text.push_str(text);
        self.elided += elided;
    }

    pub(super) fn as_text(&self) -> Text<'_> {
        if self.text.is_empty() && self.elided > 0 { Text::Elided(self.elided) } else { Text::Plain(&self.text) }
    }
}

/// The kinds of running text.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Run {
    Text,
    Reasoning,
    Refusal,
}
