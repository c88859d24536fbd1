//! The facts that one walk over a document finds at the paths of the table.

use std::borrow::Cow;
use std::cell::Cell;

use super::node::{Text, Tree};
use super::trie::{Edge, Keep, Key, MAX_KEYS, NO_KEY, ROOT, Trie};
use super::work;

/// A longer text is not an identifier.
pub(super) const MAX_WORD: usize = 512;

/// The maximum number of array elements that are read. No API returns more choices.
pub(super) const MAX_ITEMS: usize = 1024;

/// The maximum number of values. Later ones are not read.
const MAX_ENTRIES: usize = 16 << 10;

/// The values found, in document order: each container is followed by the values found in it.
#[derive(Debug)]
pub(crate) struct Found<'a> {
    list: Vec<Entry<'a>>,
    /// A bit set of the root's keys. Most keys that readers look up are absent.
    root: [u64; MAX_KEYS / 64],
}

#[derive(Clone, Debug)]
struct Entry<'a> {
    key: u16,
    /// The end of the values found in it; 0 while it is open.
    end: u32,
    value: Scalar<'a>,
}

/// A value, as far as facts need it.
#[derive(Clone, Debug)]
pub(super) enum Scalar<'a> {
    Null,
    Bool(bool),
    Int(i64),
    UInt(u64),
    Float(f64),
    Word(Cow<'a, str>),
    /// The length of a string that was not kept.
    Text(usize),
    /// The number of elements, or of fields.
    Array(usize),
    Object(usize),
}

thread_local! {
    /// The cleared list of the last document.
    static SPARE: Cell<Vec<Entry<'static>>> = const { Cell::new(Vec::new()) };
}

/// A larger list is not kept for the next document.
const MAX_SPARE: usize = 1024;

impl Drop for Found<'_> {
    fn drop(&mut self) {
        if self.list.capacity() <= MAX_SPARE {
            let list = emptied(std::mem::take(&mut self.list));
            let _ = SPARE.try_with(|spare| spare.set(list));
        }
    }
}

/// Reuses the memory for a document with another lifetime: collecting an empty iterator keeps the allocation.
fn emptied<'b>(mut list: Vec<Entry<'_>>) -> Vec<Entry<'b>> {
    list.clear();
    list.into_iter().map_while(|_| None).collect()
}

/// The current position of a walk.
#[derive(Clone, Copy)]
pub(super) struct Step {
    pub(super) to: u16,
    id: u16,
    keep: Keep,
}

impl Step {
    pub(super) const ROOT: Self = Self { to: ROOT, id: NO_KEY, keep: Keep::Length };

    pub(super) fn of(edge: &Edge) -> Self {
        Self { to: edge.to, id: edge.id, keep: edge.keep }
    }

    /// Whether a string of this length is kept.
    #[inline]
    pub(super) fn keeps(self, len: usize) -> bool {
        self.keep == Keep::Word && len <= MAX_WORD
    }
}

/// How the elements of an array are read.
#[derive(Clone, Copy)]
pub(super) struct Elements {
    pub(super) step: Step,
    /// The maximum number of elements.
    pub(super) most: usize,
}

impl Elements {
    /// `None` if no path enters the array.
    pub(super) fn of(trie: &Trie, array: u16) -> Option<Self> {
        if array == 0 {
            return None;
        }
        let all = trie.edge(array, b"[]").map(|edge| (edge, MAX_ITEMS));
        let (edge, most) = all.or_else(|| trie.edge(array, b"[0]").map(|edge| (edge, 1)))?;
        Some(Self { step: Step { id: NO_KEY, ..Step::of(edge) }, most })
    }
}

impl<'a> Found<'a> {
    pub(super) fn new() -> Self {
        let spare = SPARE.try_with(Cell::take).ok().filter(|list| list.capacity() > 0);
        Self { list: spare.map_or_else(|| Vec::with_capacity(24), emptied), root: [0; MAX_KEYS / 64] }
    }

    /// The facts of JSON text. Values before a syntax error are kept.
    pub(crate) fn from_json(trie: &Trie, text: &'a [u8]) -> Self {
        let mut found = Self::new();
        super::scan::scan(trie, text, &mut found);
        found.finished()
    }

    pub(crate) fn from_value(trie: &Trie, value: &'a serde_json::Value) -> Self {
        let mut found = Self::new();
        super::walk::value(trie, Step::ROOT, value, &mut found);
        found.finished()
    }

    /// The facts of any serializable value. Values outside of the paths are not serialized.
    pub(crate) fn from_serialize<T: serde::Serialize + ?Sized>(trie: &Trie, value: &T) -> Found<'static> {
        let mut found = Found::new();
        super::walk_serialize::walk(trie, value, &mut found);
        found.finished()
    }

    /// The document's root; `null` if nothing was read.
    pub(crate) fn root(&self) -> FoundNode<'_> {
        FoundNode { found: self, at: 0 }
    }

    /// Adds a value, unless there are too many.
    #[inline]
    pub(super) fn push(&mut self, step: Step, value: Scalar<'a>) {
        let at = self.list.len();
        if at < MAX_ENTRIES {
            work::node();
            self.list.push(Entry { key: step.id, end: place(at + 1), value });
        }
    }

    /// Adds an open container, whose values follow. Returns its position.
    #[inline]
    pub(super) fn open(&mut self, step: Step, value: Scalar<'a>) -> usize {
        let at = self.list.len();
        self.push(step, value);
        if let Some(entry) = self.list.get_mut(at) {
            entry.end = 0;
        }
        at
    }

    /// Closes a container and sets its size.
    #[inline]
    pub(super) fn close(&mut self, at: usize, len: usize) {
        let end = place(self.list.len());
        if let Some(Entry { end: open, value: Scalar::Array(known) | Scalar::Object(known), .. }) =
            self.list.get_mut(at)
        {
            *open = end;
            *known = len;
        }
    }

    /// Updates the size of an open container, in case the document ends inside it.
    #[inline]
    pub(super) fn grow(&mut self, at: usize, len: usize) {
        if let Some(Entry { value: Scalar::Array(known) | Scalar::Object(known), .. }) = self.list.get_mut(at) {
            *known = len;
        }
    }

    fn finished(mut self) -> Self {
        let len = place(self.list.len());
        let mut at = 0;
        while let Some(entry) = self.list.get_mut(at) {
            if entry.end == 0 {
                entry.end = len;
            }
            at += 1;
        }
        // Collects the keys of the root's fields.
        let mut at = 1;
        while let Some(entry) = self.list.get(at) {
            if let Some(word) = self.root.get_mut(usize::from(entry.key) / 64) {
                *word |= 1 << (entry.key % 64);
            }
            at = (entry.end as usize).max(at + 1);
        }
        self
    }
}

/// No list is longer than [`MAX_ENTRIES`].
fn place(at: usize) -> u32 {
    at as u32
}

/// A value that was found.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FoundNode<'f> {
    found: &'f Found<'f>,
    at: usize,
}

impl<'f> FoundNode<'f> {
    fn value(self) -> &'f Scalar<'f> {
        static NULL: Scalar<'static> = Scalar::Null;
        self.found.list.get(self.at).map_or(&NULL, |entry| &entry.value)
    }

    fn end(self) -> usize {
        self.found.list.get(self.at).map_or(0, |entry| entry.end as usize)
    }

    /// Whether this object has only fields with these keys.
    pub(crate) fn has_only(self, keys: &[Key]) -> bool {
        self.items().count() == self.len() && self.items().all(|field| keys.iter().any(|key| field.key_id() == key.id))
    }

    fn key_id(self) -> u16 {
        self.found.list.get(self.at).map_or(NO_KEY, |entry| entry.key)
    }
}

impl<'f> Tree<'f> for FoundNode<'f> {
    #[inline]
    fn field(self, key: Key) -> Option<Self> {
        if self.at == 0
            && self.found.root.get(usize::from(key.id) / 64).is_none_or(|word| word & 1 << (key.id % 64) == 0)
        {
            return None;
        }
        let (mut at, end, mut found) = (self.at + 1, self.end(), None);
        while let Some(entry) = self.found.list.get(at).filter(|_| at < end) {
            if entry.key == key.id {
                found = Some(at);
            }
            at = (entry.end as usize).max(at + 1);
        }
        found.map(|at| FoundNode { found: self.found, at })
    }

    fn items(self) -> impl Iterator<Item = Self> {
        let end = self.end();
        let mut at = self.at + 1;
        std::iter::from_fn(move || {
            let node = Some(FoundNode { found: self.found, at }).filter(|_| at < end)?;
            at = node.end().max(at + 1);
            Some(node)
        })
    }

    #[inline]
    fn is_null(self) -> bool {
        matches!(self.value(), Scalar::Null)
    }

    #[inline]
    fn is_object(self) -> bool {
        matches!(self.value(), Scalar::Object(_))
    }

    #[inline]
    fn is_array(self) -> bool {
        matches!(self.value(), Scalar::Array(_))
    }

    #[inline]
    fn len(self) -> usize {
        match *self.value() {
            Scalar::Word(ref word) => word.len(),
            Scalar::Text(len) | Scalar::Array(len) | Scalar::Object(len) => len,
            _ => 0,
        }
    }

    #[inline]
    fn str(self) -> Option<&'f str> {
        match self.value() {
            Scalar::Word(word) => Some(word),
            _ => None,
        }
    }

    #[inline]
    fn text(self) -> Option<Text<'f>> {
        match self.value() {
            Scalar::Word(word) => Some(Text::Plain(word)),
            Scalar::Text(len) => Some(Text::Elided(*len)),
            _ => None,
        }
    }

    #[inline]
    fn bool(self) -> Option<bool> {
        match self.value() {
            Scalar::Bool(v) => Some(*v),
            _ => None,
        }
    }

    #[inline]
    fn i64(self) -> Option<i64> {
        match *self.value() {
            Scalar::Int(n) => Some(n),
            Scalar::Float(f) => super::node::whole(f),
            _ => None,
        }
    }

    #[inline]
    fn f64(self) -> Option<f64> {
        match *self.value() {
            Scalar::Int(n) => Some(n as f64),
            Scalar::UInt(n) => Some(n as f64),
            Scalar::Float(f) => Some(f),
            _ => None,
        }
    }
}
