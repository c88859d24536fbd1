//! The parts of a response as they are joined from a stream.

use std::collections::HashMap;

use super::tool_calls::{ToolCall, ToolCalls};
use crate::json::Text;
use crate::message::Payload;

/// One choice of a response.
#[derive(Debug, Default)]
pub(super) struct Choice {
    pub(super) role: Option<String>,
    pub(super) finish: Option<String>,
    /// In the order in which they started; `None` for a removed part.
    parts: Vec<Option<(Key, Piece)>>,
    /// The position of the last part of each kind.
    by_key: HashMap<(Key, Kind), usize>,
    /// The positions of each item's parts.
    items: HashMap<i64, Vec<usize>>,
    live: usize,
    pub(super) calls: ToolCalls,
    pub(super) citations: Option<Citations>,
}

impl Choice {
    /// Maximum number of parts.
    const MAX_PARTS: usize = 4096;

    /// Adds a piece.
    pub(super) fn insert(&mut self, key: Key, piece: Piece) {
        if self.live >= Self::MAX_PARTS {
            return;
        }
        let at = self.parts.len();
        if let Key::Item(item, _) = key {
            self.items.entry(item).or_default().push(at);
        }
        self.by_key.insert((key.clone(), piece.kind()), at);
        self.parts.push(Some((key, piece)));
        self.live = self.live.saturating_add(1);
    }

    fn find(&mut self, key: &Key, kind: Kind) -> Option<&mut Piece> {
        let at = *self.by_key.get(&(key.clone(), kind))?;
        self.parts.get_mut(at)?.as_mut().map(|(_, piece)| piece)
    }

    /// The running text to which a delta of this kind is appended.
    pub(super) fn run(&mut self, key: &Key, run: TextRun) -> Option<&mut Joined> {
        let is_last = |part: &(Key, Piece)| part.0 == *key && part.1.kind() == Kind::TextRun(run);
        let piece = if self.parts.last().and_then(Option::as_ref).is_some_and(is_last) {
            // Most deltas extend the last part.
            self.parts.last_mut()?.as_mut().map(|(_, piece)| piece)
        } else if *key == Key::Last {
            None
        } else {
            self.find(key, Kind::TextRun(run))
        };
        match piece? {
            Piece::TextRun(_, text) => Some(text),
            _ => None,
        }
    }

    /// The call that started with this key.
    pub(super) fn call(&mut self, key: &Key) -> Option<&mut ToolCall> {
        let number = match key {
            Key::Call(number) => *number,
            key => match self.find(key, Kind::ToolCall)? {
                Piece::ToolCall(number) => *number,
                _ => return None,
            },
        };
        self.calls.get_mut(number)
    }

    /// A complete part, if the wire format identifies it.
    pub(super) fn whole(&mut self, key: &Key) -> Option<&mut String> {
        match self.find(key, Kind::Whole).filter(|_| *key != Key::Last)? {
            Piece::Whole(json) => Some(json),
            _ => None,
        }
    }

    pub(super) fn forget_item(&mut self, item: i64) {
        for at in self.items.remove(&item).unwrap_or_default() {
            if let Some((key, piece)) = self.parts.get_mut(at).and_then(Option::take) {
                self.by_key.remove(&(key, piece.kind()));
                self.live = self.live.saturating_sub(1);
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.live == 0
    }

    /// The parts in the order in which they started, or by the numbers of their items.
    pub(super) fn in_order(&self) -> Vec<&(Key, Piece)> {
        let mut parts: Vec<_> = self.parts.iter().flatten().collect();
        let numbers = |part: &&(Key, Piece)| match part.0 {
            Key::Item(item, part) => Some((item, part)),
            _ => None,
        };
        let places: Vec<_> = (0..parts.len()).filter(|at| parts.get(*at).and_then(numbers).is_some()).collect();
        let mut items: Vec<_> = parts.iter().copied().filter(|part| numbers(part).is_some()).collect();
        items.sort_by_key(numbers);
        for (at, part) in places.into_iter().zip(items) {
            if let Some(place) = parts.get_mut(at) {
                *place = part;
            }
        }
        parts
    }
}

/// The citations of a choice: one JSON array per text, under the provider's name.
#[derive(Debug)]
pub(super) struct Citations {
    pub(super) name: &'static str,
    lists: HashMap<Key, String>,
}

impl Citations {
    pub(super) fn new(name: &'static str) -> Self {
        Self { name, lists: HashMap::new() }
    }

    pub(super) fn add(&mut self, key: Key, json: &str) {
        let list = self.lists.entry(key).or_default();
        list.truncate(list.len().saturating_sub(1));
        list.push(if list.is_empty() { '[' } else { ',' });
        list.push_str(json);
        list.push(']');
    }

    pub(super) fn of(&self, key: &Key) -> Option<Payload<'_>> {
        self.lists.get(key).map(|list| Payload::Text(Text::Plain(list)))
    }
}

/// Identifies a part of a choice: the index or id of the wire format.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(crate) enum Key {
    /// The only text of its kind in a choice.
    Only,
    /// Joined with the last part of the choice, if that is of the same kind.
    Last,
    Index(i64),
    /// A part of an item, if the wire format numbers both. Written in that order.
    Item(i64, i64),
    /// An assembled tool call, by number.
    Call(usize),
}

/// A part that is being joined.
#[derive(Debug)]
pub(super) enum Piece {
    TextRun(TextRun, Joined),
    /// The number of a call.
    ToolCall(usize),
    /// A complete part, already in the JSON of the conventions.
    Whole(String),
}

/// The kind of a part, for parts with the same key.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
enum Kind {
    TextRun(TextRun),
    ToolCall,
    Whole,
}

impl Piece {
    fn kind(&self) -> Kind {
        match self {
            Piece::TextRun(run, _) => Kind::TextRun(*run),
            Piece::ToolCall(_) => Kind::ToolCall,
            Piece::Whole(_) => Kind::Whole,
        }
    }
}

/// A text in pieces, some of which may be known by length only.
#[derive(Debug, Default)]
pub(super) struct Joined {
    text: String,
    elided: usize,
    is_partial: bool,
}

/// The kept part of a delta.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct KeptDelta<'t> {
    pub(super) text: &'t str,
    /// The number of bytes that are not kept.
    pub(super) elided: usize,
    /// The delta exceeds the limit, and only whole texts are kept.
    pub(super) is_partial: bool,
}

impl Joined {
    pub(super) fn new(kept: KeptDelta<'_>) -> Self {
        let mut new = Self { text: String::new(), elided: 0, is_partial: false };
        new.push(kept);
        new
    }

    pub(super) fn push(&mut self, kept: KeptDelta<'_>) {
        self.elided = self.elided.saturating_add(kept.elided);
        self.is_partial |= kept.is_partial;
        if self.is_partial {
            self.elided = self.elided.saturating_add(self.text.len()).saturating_add(kept.text.len());
            self.text.clear();
        } else {
            self.text.push_str(kept.text);
        }
    }

    pub(super) fn as_text(&self) -> Text<'_> {
        if self.text.is_empty() && self.elided > 0 { Text::Elided(self.elided) } else { Text::Plain(&self.text) }
    }
}

/// The kinds of running text.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) enum TextRun {
    Text,
    Reasoning,
    Refusal,
}
