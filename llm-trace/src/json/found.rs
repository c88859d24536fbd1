//! The facts that one walk over a document finds at the paths of the table.

use std::cell::Cell;

use super::trie::{Edge, Keep, NO_KEY, ROOT, Trie};
use super::work;

/// A longer text is not an identifier.
pub(super) const MAX_WORD: usize = 512;

/// The maximum number of array elements that are read. No API returns more choices.
pub(super) const MAX_ITEMS: u16 = 1024;

/// The maximum number of values. Later ones are not read.
const MAX_ENTRIES: usize = 16 << 10;

/// The slots for the root's fields, of which at most three quarters are used.
const ROOT_SLOTS: usize = 32;

/// A longer text is not copied.
const MAX_COPY: usize = 4 << 10;

/// The values found, in document order: each container is followed by the values found in it.
#[derive(Debug)]
pub(crate) struct Found<'a> {
    pub(super) list: Vec<Entry<'a>>,
    /// The strings that cannot be borrowed from the document.
    copies: String,
    /// Whether texts at the paths are kept as content.
    content: bool,
    /// The number of open containers.
    open: usize,
    /// The positions of the root's fields, hashed by key; 0 is an empty slot. Readers look up most fields there.
    pub(super) root: [u16; ROOT_SLOTS],
    /// The root has more fields than the slots are for.
    pub(super) crowded: bool,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Entry<'a> {
    pub(super) key: u16,
    /// The end of the values found in it; 0 while it is open.
    pub(super) end: u32,
    pub(super) value: Scalar<'a>,
}

/// A value, as far as facts need it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Scalar<'a> {
    Null,
    Bool(bool),
    Int(i64),
    UInt(u64),
    Float(f64),
    Word(Kept<'a>),
    /// The length of a string that was not kept.
    Text(usize),
    /// A string that is content. Readers of facts see only its length.
    Content(Kept<'a>),
    /// The number of elements.
    Array(usize),
    /// The number of fields, and a bit set of the keys found. Some keys share a bit.
    Object {
        len: usize,
        keys: u64,
    },
}

/// A string that was kept.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kept<'a> {
    Borrowed(&'a str),
    /// A range of the copies.
    Copied {
        at: u32,
        len: u32,
    },
}

impl Kept<'_> {
    pub(super) fn len(self) -> usize {
        match self {
            Kept::Borrowed(text) => text.len(),
            Kept::Copied { len, .. } => len as usize,
        }
    }
}

/// The cleared memory of the last document.
type Spare = (Vec<Entry<'static>>, String);

thread_local! {
    static SPARE: Cell<Spare> = const { Cell::new((Vec::new(), String::new())) };
}

/// Larger memory is not kept for the next document.
const MAX_SPARE: usize = 1024;
const MAX_SPARE_COPIES: usize = 4 * MAX_COPY;

impl Drop for Found<'_> {
    fn drop(&mut self) {
        if self.list.capacity() <= MAX_SPARE && self.copies.capacity() <= MAX_SPARE_COPIES {
            let list = emptied(std::mem::take(&mut self.list));
            let mut copies = std::mem::take(&mut self.copies);
            copies.clear();
            let _ = SPARE.try_with(|spare| spare.set((list, copies)));
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
    names_first: bool,
}

impl Step {
    pub(super) const ROOT: Self = Self { to: ROOT, id: NO_KEY, keep: Keep::Length, names_first: false };

    #[inline]
    pub(super) fn of(edge: &Edge) -> Self {
        Self { to: edge.to, id: edge.id, keep: edge.keep, names_first: edge.names_first }
    }

    /// Whether the name of the first field in this object is a fact.
    #[inline]
    pub(super) fn names_first(self) -> bool {
        self.names_first
    }

    /// The step to the name of the first field, if that is a fact.
    #[inline]
    pub(super) fn first_name(self, trie: &Trie) -> Option<Self> {
        if self.names_first { trie.edge(self.to, b"*").map(Step::of) } else { None }
    }

    /// The bit of its key.
    #[inline]
    pub(super) fn bit(self) -> u64 {
        bit(self.id)
    }

    /// Whether a string at this step is a fact.
    pub(super) fn is_word(self) -> bool {
        self.keep == Keep::Word
    }
}

#[inline(always)]
pub(super) const fn bit(key: u16) -> u64 {
    1 << (key % 64)
}

/// How the elements of an array are read.
#[derive(Clone, Copy)]
pub(super) struct Elements {
    pub(super) step: Step,
    /// The maximum number of elements.
    pub(super) most: u16,
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
    pub(super) fn new(content: bool) -> Self {
        let (list, copies) = SPARE.try_with(Cell::take).unwrap_or_default();
        let list = if list.capacity() == 0 { Vec::with_capacity(24) } else { emptied(list) };
        Self { list, copies, content, open: 0, root: [0; ROOT_SLOTS], crowded: false }
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
            self.open += 1;
        }
        at
    }

    /// Opens an object.
    #[inline]
    pub(super) fn open_object(&mut self, step: Step) -> usize {
        self.open(step, Scalar::Object { len: 0, keys: u64::MAX })
    }

    /// Closes a container and sets its size.
    #[inline]
    pub(super) fn close(&mut self, at: usize, len: usize) {
        self.close_object(at, len, u64::MAX);
    }

    /// Closes an object and sets its size and the bit set of its keys.
    #[inline]
    pub(super) fn close_object(&mut self, at: usize, len: usize, below: u64) {
        let end = place(self.list.len());
        let Some(Entry { end: open, value, .. }) = self.list.get_mut(at) else { return };
        self.open = self.open.saturating_sub(usize::from(*open == 0));
        *open = end;
        match value {
            Scalar::Array(known) => *known = len,
            Scalar::Object { len: known, keys } => (*known, *keys) = (len, below),
            _ => {}
        }
    }

    /// Updates the size of an open container, in case the document ends inside it.
    #[inline]
    pub(super) fn grow(&mut self, at: usize, len: usize) {
        if let Some(Entry { value: Scalar::Array(known) | Scalar::Object { len: known, .. }, .. }) =
            self.list.get_mut(at)
        {
            *known = len;
        }
    }

    /// The value of a string that can be borrowed from the document.
    #[inline]
    pub(super) fn borrowed(&self, step: Step, text: &'a str) -> Scalar<'a> {
        match step.keep {
            Keep::Word if text.len() <= MAX_WORD => Scalar::Word(Kept::Borrowed(text)),
            Keep::Length if self.content => Scalar::Content(Kept::Borrowed(text)),
            _ => Scalar::Text(text.len()),
        }
    }

    /// The value of a string that does not outlive the walk.
    #[inline]
    pub(super) fn copied(&mut self, step: Step, text: &str) -> Scalar<'a> {
        match step.keep {
            Keep::Word if text.len() <= MAX_WORD => Scalar::Word(self.copy(text)),
            Keep::Length if self.content && text.len() <= MAX_COPY => Scalar::Content(self.copy(text)),
            _ => Scalar::Text(text.len()),
        }
    }

    /// Whether a string of this length is kept.
    #[inline]
    pub(super) fn wants(&self, step: Step, len: usize) -> bool {
        match step.keep {
            Keep::Word => len <= MAX_WORD,
            Keep::Length => self.content,
        }
    }

    /// Copies a string, unless its entry would not be kept.
    fn copy(&mut self, text: &str) -> Kept<'a> {
        let at = self.copies.len();
        match (u32::try_from(at), u32::try_from(text.len())) {
            (Ok(start), Ok(len)) if self.list.len() < MAX_ENTRIES => {
                self.copies.push_str(text);
                Kept::Copied { at: start, len }
            }
            _ => Kept::Borrowed(""),
        }
    }

    pub(super) fn text_of(&self, kept: Kept<'a>) -> &str {
        match kept {
            Kept::Borrowed(text) => text,
            Kept::Copied { at, len } => {
                self.copies.get(at as usize..(at as usize).saturating_add(len as usize)).unwrap_or_default()
            }
        }
    }

    pub(super) fn finished(mut self) -> Self {
        if self.open > 0 {
            let len = place(self.list.len());
            self.list.iter_mut().filter(|entry| entry.end == 0).for_each(|entry| entry.end = len);
        }
        self.index_root();
        self
    }

    /// Fills the slots of the root's fields. The last of equal keys counts.
    fn index_root(&mut self) {
        if !matches!(self.list.first(), Some(Entry { value: Scalar::Object { .. }, .. })) {
            return;
        }
        let (mut at, mut count) = (1, 0);
        while let Some(entry) = self.list.get(at) {
            count += 1;
            let position = u16::try_from(at).ok().filter(|_| count <= ROOT_SLOTS * 3 / 4);
            let (Some(slot), Some(position)) = (self.root_slot(entry.key), position) else {
                self.crowded = true;
                return;
            };
            if let Some(slot) = self.root.get_mut(slot) {
                *slot = position;
            }
            at = (entry.end as usize).max(at + 1);
        }
    }

    /// The slot of a root's field with this key, or the empty slot for it.
    #[inline]
    pub(super) fn root_slot(&self, key: u16) -> Option<usize> {
        let mut slot = usize::from(key) % ROOT_SLOTS;
        for _ in 0..ROOT_SLOTS {
            let at = usize::from(*self.root.get(slot)?);
            if at == 0 || self.list.get(at).is_some_and(|entry| entry.key == key) {
                return Some(slot);
            }
            slot = (slot + 1) % ROOT_SLOTS;
        }
        None
    }
}

/// No list is longer than [`MAX_ENTRIES`].
fn place(at: usize) -> u32 {
    at as u32
}
