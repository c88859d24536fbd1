//! Events that say what one before them said, but for one text.
//!
//! Nearly all events of a stream differ in the text they add and in nothing else that is read.
//! Once two of a kind were read in full, and the second was seen to change nothing but that text,
//! the next is compared with them byte by byte instead of being parsed.

use std::borrow::Cow;
use std::ops::Range;

use memchr::memchr2;

use super::journal::Added;
use crate::json::{Mode, Text, is_unread};

/// Events that have more in common are rare, and not worth keeping.
const MAX_LEN: usize = 8 << 10;

/// So many kinds are known at a time: the choices of one answer take turns.
const MAX_KINDS: usize = 4;

/// After so many kinds in a row that never came again, no more are learned.
const MAX_IDLE: u8 = 8;

/// The kinds of events that are known.
#[derive(Default)]
pub(super) struct Repeats {
    kinds: Vec<Kind>,
    /// The kind that came last.
    last: usize,
    idle: u8,
    doubts: u64,
}

/// What events of one kind have in common: their bytes but for those in the holes.
struct Kind {
    name: Option<String>,
    bytes: Vec<u8>,
    holes: Vec<Hole>,
    added: Added,
    /// The doubts there were when one more was read in full and changed nothing but the text.
    proven: Option<u64>,
}

struct Hole {
    /// Where it stands between the bytes.
    at: usize,
    filling: Filling,
}

#[derive(Clone, Copy, PartialEq)]
enum Filling {
    /// The text that is added.
    Text,
    /// A string that nobody reads.
    Word,
    /// A whole number that nobody reads.
    Number,
}

/// An event of a known kind.
pub(super) struct Found {
    kind: usize,
    text: Range<usize>,
    escaped: bool,
}

impl Repeats {
    /// The kind that an event is of.
    pub(super) fn find(&mut self, name: Option<&str>, data: &[u8]) -> Option<Found> {
        let fit = |kinds: &[Kind], kind: usize| {
            let (text, escaped) = kinds.get(kind).filter(|kind| kind.name.as_deref() == name)?.fit(data)?;
            Some(Found { kind, text, escaped })
        };
        let found = fit(&self.kinds, self.last).or_else(|| {
            (0..self.kinds.len()).filter(|kind| *kind != self.last).find_map(|kind| fit(&self.kinds, kind))
        })?;
        self.last = found.kind;
        self.idle = 0;
        Some(found)
    }

    /// What an event adds, if all of its kind is known: nothing else of it needs to be read.
    pub(super) fn text<'d>(&self, found: &Found, data: &'d [u8]) -> Option<(&Added, Addition<'d>)> {
        let kind = self.kinds.get(found.kind).filter(|kind| kind.proven == Some(self.doubts))?;
        let quoted = data.get(found.text.start - 1..=found.text.end)?;
        let text = data.get(found.text.clone())?;
        let addition = match (kind.added.elided, found.escaped) {
            (true, false) => Addition::Elided(str::from_utf8(text).ok()?.len()),
            (true, true) => {
                Addition::Elided(serde_json::from_slice::<serde::de::IgnoredAny>(quoted).map(|_| text.len()).ok()?)
            }
            (false, false) => Addition::Plain(Cow::Borrowed(str::from_utf8(text).ok()?)),
            (false, true) => Addition::Plain(Cow::Owned(serde_json::from_slice(quoted).ok()?)),
        };
        Some((&kind.added, addition))
    }

    /// An event of no known kind was read: after it, one of a known kind may change something.
    pub(super) fn doubt(&mut self) {
        self.doubts += 1;
    }

    /// Changes with every doubt.
    pub(super) fn doubts(&self) -> u64 {
        self.doubts
    }

    /// An event of a known kind was read in full.
    pub(super) fn prove(&mut self, found: &Found, added: Option<&Added>, unchanged: bool) {
        let same_len = |added: &Added| found.escaped || added.len == found.text.len();
        let Some(kind) = self.kinds.get_mut(found.kind) else { return };
        if !unchanged {
            self.doubt();
        } else if added.is_some_and(|added| added.is_like(&kind.added) && same_len(added)) {
            kind.proven = Some(self.doubts);
        } else {
            self.kinds.remove(found.kind);
            self.idle = self.idle.saturating_add(1);
        }
    }

    /// Remembers an event that was read in full and added one text.
    pub(super) fn learn(&mut self, name: Option<&str>, data: &[u8], added: Added, mode: Mode) {
        if self.idle >= MAX_IDLE || (!added.elided && mode != Mode::Full) {
            return;
        }
        let Some((bytes, holes)) = common(data, &added, mode) else { return };
        self.idle += 1;
        let kind = Kind { name: name.map(str::to_owned), bytes, holes, added, proven: None };
        if self.kinds.len() < MAX_KINDS {
            self.last = self.kinds.len();
            self.kinds.push(kind);
        } else {
            self.last = (self.last + 1) % MAX_KINDS;
            self.kinds[self.last] = kind;
        }
    }
}

#[cfg(test)]
impl Repeats {
    pub(super) fn learn_nothing(&mut self) {
        self.idle = MAX_IDLE;
    }
}

/// What an event adds.
pub(super) enum Addition<'d> {
    Plain(Cow<'d, str>),
    Elided(usize),
}

impl Addition<'_> {
    pub(super) fn as_text(&self) -> Text<'_> {
        match self {
            Addition::Plain(text) => Text::Plain(text),
            Addition::Elided(len) => Text::Elided(*len),
        }
    }
}

impl Kind {
    /// Where the text is in `data`, and whether it has escapes, if everything else is the same.
    fn fit(&self, data: &[u8]) -> Option<(Range<usize>, bool)> {
        let (mut at, mut from, mut text) = (0, 0, None);
        for hole in &self.holes {
            let literal = self.bytes.get(from..hole.at)?;
            at += data.get(at..)?.starts_with(literal).then_some(literal.len())?;
            let rest = data.get(at..)?;
            let len = match hole.filling {
                Filling::Number => number_len(rest)?,
                filling => {
                    let (len, escaped) = string_len(rest)?;
                    let inside = rest.get(..len)?;
                    if inside.iter().any(|byte| *byte < 0x20) {
                        return None;
                    }
                    if filling == Filling::Text {
                        text = Some((at..at + len, escaped)).filter(|_| len > 0);
                    } else if escaped || !inside.is_ascii() {
                        return None;
                    }
                    len
                }
            };
            at += len;
            from = hole.at;
        }
        text.filter(|_| data.get(at..) == self.bytes.get(from..))
    }
}

/// What an event that added a text has in common with others. The text itself is not kept.
/// `None` where it cannot be told which text that was.
fn common(data: &[u8], added: &Added, mode: Mode) -> Option<(Vec<u8>, Vec<Hole>)> {
    let mut holes = Vec::new();
    let (mut texts, mut inside) = (0, 0);
    scalars(data, &mut |Scalar { key, at, is_text }| {
        let key = str::from_utf8(key).unwrap_or_default();
        let unread = is_unread(key);
        let shown = || added.elided && mode.keeps(key, at.len());
        let filling = match is_text {
            true if unread => Filling::Word,
            true if (at.len() == added.len || unescaped_len(data, &at) == Some(added.len)) && !shown() => {
                texts += 1;
                Filling::Text
            }
            false if unread => Filling::Number,
            _ => return,
        };
        inside += at.len();
        holes.push((at, filling));
    });
    if texts != 1 || data.len() - inside > MAX_LEN {
        return None;
    }
    let mut bytes = Vec::with_capacity(data.len() - inside);
    let mut from = 0;
    let holes = holes.into_iter().map(|(at, filling)| {
        bytes.extend_from_slice(&data[from..at.start]);
        from = at.end;
        Hole { at: bytes.len(), filling }
    });
    let holes = holes.collect();
    bytes.extend_from_slice(&data[from..]);
    Some((bytes, holes))
}

/// How long the string in these quotes is without its escapes, if it has any. What was read says its length
/// without them, and what was skipped with them: the text may be either.
fn unescaped_len(data: &[u8], at: &Range<usize>) -> Option<usize> {
    if !data.get(at.clone())?.contains(&b'\\') {
        return None;
    }
    serde_json::from_slice::<String>(data.get(at.start.checked_sub(1)?..=at.end)?).ok().map(|text| text.len())
}

/// A string, or else a number, and where it is.
struct Scalar<'d> {
    key: &'d [u8],
    at: Range<usize>,
    is_text: bool,
}

/// Calls `each` with the scalars of a JSON text that is known to be one.
fn scalars<'d>(json: &'d [u8], each: &mut dyn FnMut(Scalar<'d>)) {
    let mut key: &[u8] = b"";
    let mut next = 0;
    while let Some(byte) = json.get(next) {
        match byte {
            b'"' => {
                let start = next + 1;
                let Some((len, _)) = string_len(&json[start..]) else { return };
                let at = start..start + len;
                next = at.end + 1;
                let after = json[next..].iter().position(|byte| !byte.is_ascii_whitespace());
                match after.filter(|after| json[next + after] == b':') {
                    Some(colon) => {
                        key = &json[at];
                        next += colon + 1;
                    }
                    None => each(Scalar { key, at, is_text: true }),
                }
            }
            b'-' | b'0'..=b'9' => {
                let digits = |byte: &u8| matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9');
                let at = next..next + json[next..].iter().take_while(|byte| digits(byte)).count();
                next = at.end;
                each(Scalar { key, at, is_text: false });
            }
            b',' | b'[' | b'{' => {
                key = b"";
                next += 1;
            }
            _ => next += 1,
        }
    }
}

/// The length of a JSON string after its opening quote, and whether it has escapes.
fn string_len(rest: &[u8]) -> Option<(usize, bool)> {
    let (mut at, mut escaped) = (0, false);
    loop {
        at += memchr2(b'"', b'\\', rest.get(at..)?)?;
        if rest[at] == b'"' {
            return Some((at, escaped));
        }
        escaped = true;
        at += 2;
    }
}

fn number_len(rest: &[u8]) -> Option<usize> {
    let len = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    // As JSON has it, and as an integer has it.
    ((1..=18).contains(&len) && (len == 1 || rest[0] != b'0')).then_some(len)
}

#[cfg(test)]
mod tests;
