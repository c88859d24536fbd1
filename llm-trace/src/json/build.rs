//! Builds the tape from JSON text in one pass.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::keys::{Mode, Rule};
use super::{MAX_DEPTH, work};

/// A value with its key. A container is followed by its children up to `end`.
#[derive(Debug)]
pub(super) struct Entry<'a> {
    pub(super) key: Cow<'a, str>,
    pub(super) value: Value<'a>,
    /// At most [`JsonView::MAX_ENTRIES`]; 0 while the container is open.
    pub(super) end: u32,
}

#[derive(Debug)]
pub(super) enum Value<'a> {
    Null,
    Bool(bool),
    Int(i64),
    UInt(u64),
    Float(f64),
    Str(Cow<'a, str>),
    /// The length of a string that was not kept.
    ElidedStr(usize),
    /// The length of a container that was not entered.
    Elided(usize),
    /// The length of an array of numbers, which was not kept.
    Numbers(usize),
    Array(usize),
    /// The number of fields.
    Object(usize),
}

/// A parsed document. [`JsonView::MAX_ENTRIES`] limits its memory.
#[derive(Debug)]
pub(crate) struct JsonView<'a> {
    pub(super) tape: Vec<Entry<'a>>,
    pub(super) complete: bool,
    mode: Mode,
}

impl<'a> JsonView<'a> {
    /// The maximum number of values. Later ones are not read.
    pub(crate) const MAX_ENTRIES: usize = 2_000_000;

    pub(super) fn new(mode: Mode) -> Self {
        let spare = SPARE.try_with(Cell::take).ok().filter(|tape| tape.capacity() > 0);
        // Large enough for most documents.
        let tape = spare.map_or_else(|| Vec::with_capacity(48), emptied);
        Self { tape, complete: true, mode }
    }

    /// Reads JSON text. Values before a syntax error are kept.
    pub(crate) fn from_slice(bytes: &'a [u8], mode: Mode) -> Self {
        let mut doc = Self::new(mode);
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        work::bytes(bytes.len());
        // Checked once, rather than for each string.
        let (text, is_text) = match str::from_utf8(bytes) {
            Ok(text) => (text, true),
            Err(error) => {
                (str::from_utf8(bytes.get(..error.valid_up_to()).unwrap_or_default()).unwrap_or_default(), false)
            }
        };
        let mut de = serde_json::Deserializer::from_str(text);
        let read = Seed::root(&mut doc.tape, mode).deserialize(&mut de);
        doc.complete = is_text && read.is_ok() && de.end().is_ok();
        doc.finished()
    }

    /// Whether the whole document was read.
    pub(crate) fn is_complete(&self) -> bool {
        self.complete
    }

    /// The mode in which the document was read.
    pub(crate) fn mode(&self) -> Mode {
        self.mode
    }

    /// Whether everything in the document was read and kept.
    pub(crate) fn has_all(&self) -> bool {
        self.complete && self.mode == Mode::Full
    }

    pub(super) fn finished(mut self) -> Self {
        if !self.complete {
            self.close();
        }
        self
    }

    /// Closes the containers that an error left open.
    pub(super) fn close(&mut self) {
        let len = place(self.tape.len());
        for entry in &mut self.tape {
            if entry.end == 0 {
                entry.end = len;
            }
        }
    }
}

thread_local! {
    /// The cleared tape of the last document.
    static SPARE: Cell<Vec<Entry<'static>>> = const { Cell::new(Vec::new()) };
}

/// A larger tape is not kept.
const MAX_SPARE: usize = 256;

impl Drop for JsonView<'_> {
    fn drop(&mut self) {
        if self.tape.capacity() <= MAX_SPARE {
            let tape = emptied(std::mem::take(&mut self.tape));
            let _ = SPARE.try_with(|spare| spare.set(tape));
        }
    }
}

/// Reuses the memory for a document with another lifetime: collecting an empty iterator keeps the allocation.
fn emptied<'b>(mut tape: Vec<Entry<'_>>) -> Vec<Entry<'b>> {
    tape.clear();
    tape.into_iter().map_while(|_| None).collect()
}

/// Deserializes one value onto the tape.
pub(super) struct Seed<'t, 'a> {
    tape: &'t mut Vec<Entry<'a>>,
    mode: Mode,
    rule: Rule,
    key: Cow<'a, str>,
    /// The number of enclosing containers.
    depth: usize,
}

impl<'t, 'a> Seed<'t, 'a> {
    fn root(tape: &'t mut Vec<Entry<'a>>, mode: Mode) -> Self {
        Self { tape, mode, rule: Rule::root(mode), key: Cow::Borrowed(""), depth: 0 }
    }

    fn push<E: serde::de::Error>(self, value: Value<'a>) -> Result<(), E> {
        if self.tape.len() >= JsonView::MAX_ENTRIES {
            return Err(E::custom("too many values"));
        }
        work::node();
        let end = place(self.tape.len() + 1);
        self.tape.push(Entry { key: self.key, value, end });
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if self.depth < MAX_DEPTH {
            return deserializer.deserialize_any(self);
        }
        // Skipped without recursion.
        IgnoredAny::deserialize(deserializer)?;
        self.push(Value::Elided(0))
    }
}

impl<'de> Visitor<'de> for Seed<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        self.push(Value::Null)
    }

    fn visit_bool<E: serde::de::Error>(self, v: bool) -> Result<(), E> {
        self.push(Value::Bool(v))
    }

    fn visit_i64<E: serde::de::Error>(self, v: i64) -> Result<(), E> {
        self.push(Value::Int(v))
    }

    fn visit_u64<E: serde::de::Error>(self, v: u64) -> Result<(), E> {
        self.push(i64::try_from(v).map_or(Value::UInt(v), Value::Int))
    }

    fn visit_f64<E: serde::de::Error>(self, v: f64) -> Result<(), E> {
        self.push(Value::Float(v))
    }

    fn visit_borrowed_str<E: serde::de::Error>(self, v: &'de str) -> Result<(), E> {
        let keep = self.mode.keeps(self.rule, v.len());
        self.push(if keep { Value::Str(Cow::Borrowed(v)) } else { Value::ElidedStr(v.len()) })
    }

    fn visit_str<E: serde::de::Error>(self, v: &str) -> Result<(), E> {
        let keep = self.mode.keeps(self.rule, v.len());
        self.push(if keep { Value::Str(Cow::Owned(v.to_owned())) } else { Value::ElidedStr(v.len()) })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let Self { tape, mode, rule, key, depth } = self;
        if !rule.enter {
            let mut len = 0;
            while seq.next_element::<IgnoredAny>()?.is_some() {
                len += 1;
            }
            return Seed { tape, mode, rule, key, depth }.push(Value::Elided(len));
        }
        let at = tape.len();
        Seed { tape: &mut *tape, mode, rule, key, depth }.push(Value::Array(0))?;
        open(tape, at);
        let (mut len, mut numbers) = (0, 0);
        loop {
            let element = tape.len();
            let seed = Seed { tape: &mut *tape, mode, rule, key: Cow::Borrowed(""), depth: depth + 1 };
            if seq.next_element_seed(seed)?.is_none() {
                break;
            }
            len += 1;
            if rule.count_numbers && pop_number(tape, element) {
                numbers += 1;
            } else {
                count(tape, at);
            }
        }
        finish_array(tape, at, len, numbers);
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { tape, mode, rule, key, depth } = self;
        if !rule.enter {
            let mut len = 0;
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {
                len += 1;
            }
            return Seed { tape, mode, rule, key, depth }.push(Value::Elided(len));
        }
        let at = tape.len();
        Seed { tape: &mut *tape, mode, rule, key, depth }.push(Value::Object(0))?;
        open(tape, at);
        while let Some(key) = map.next_key_seed(KeySeed)? {
            let rule = mode.rule(&key, rule);
            map.next_value_seed(Seed { tape: &mut *tape, mode, rule, key, depth: depth + 1 })?;
            count(tape, at);
        }
        end(tape, at);
        Ok(())
    }
}

/// A position on a tape, which is never much longer than [`JsonView::MAX_ENTRIES`].
pub(super) fn place(at: usize) -> u32 {
    at as u32
}

/// Marks a container as open, so that it can be closed after a syntax error.
pub(super) fn open(tape: &mut [Entry<'_>], at: usize) {
    if let Some(entry) = tape.get_mut(at) {
        entry.end = 0;
    }
}

pub(super) fn end(tape: &mut [Entry<'_>], at: usize) {
    let len = place(tape.len());
    if let Some(entry) = tape.get_mut(at) {
        entry.end = len;
    }
}

pub(super) fn set<'a>(tape: &mut [Entry<'a>], at: usize, value: Value<'a>) {
    if let Some(entry) = tape.get_mut(at) {
        entry.value = value;
    }
}

/// Counts a child of an open container, in case the text ends inside it.
fn count(tape: &mut [Entry<'_>], at: usize) {
    if let Some(Entry { value: Value::Array(len) | Value::Object(len), .. }) = tape.get_mut(at) {
        *len += 1;
    }
}

pub(super) fn finish_array(tape: &mut [Entry<'_>], at: usize, len: usize, numbers: usize) {
    let all_numbers = len > 0 && numbers == len;
    set(tape, at, if all_numbers { Value::Numbers(len) } else { Value::Array(len - numbers) });
    end(tape, at);
}

/// Removes the value at `at` if it is a number.
pub(super) fn pop_number(tape: &mut Vec<Entry<'_>>, at: usize) -> bool {
    let element = tape.get(at).filter(|_| tape.len() == at + 1);
    let number = element.is_some_and(|e| matches!(e.value, Value::Int(_) | Value::UInt(_) | Value::Float(_)));
    if number {
        tape.pop();
    }
    number
}

struct KeySeed;

impl<'de> DeserializeSeed<'de> for KeySeed {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for KeySeed {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object key")
    }

    fn visit_borrowed_str<E>(self, v: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(v))
    }

    fn visit_str<E>(self, v: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(v.to_owned()))
    }

    fn visit_string<E>(self, v: String) -> Result<Self::Value, E> {
        Ok(Cow::Owned(v))
    }
}
