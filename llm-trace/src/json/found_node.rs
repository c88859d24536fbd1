//! Access to the values that a walk found.

use super::found::{Found, Scalar, bit};
use super::node::{Text, Tree, first_of, whole};
use super::trie::{Key, NO_KEY};

impl Found<'_> {
    /// The document's root; `null` if nothing was read.
    pub(crate) fn root(&self) -> FoundNode<'_> {
        FoundNode { found: self, at: 0 }
    }

    fn root_field(&self, key: u16) -> Option<FoundNode<'_>> {
        let at = usize::from(*self.root.get(self.root_slot(key)?)?);
        (at > 0).then_some(FoundNode { found: self, at })
    }
}

/// A value that was found.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FoundNode<'f> {
    found: &'f Found<'f>,
    at: usize,
}

impl<'f> FoundNode<'f> {
    /// The value; `None` if nothing was read.
    #[inline(always)]
    fn value(self) -> Option<Scalar<'f>> {
        self.found.list.get(self.at).map(|entry| entry.value)
    }

    fn end(self) -> usize {
        self.found.list.get(self.at).map_or(0, |entry| entry.end as usize)
    }

    /// The text of a content string that was kept and is not empty.
    pub(crate) fn content(self) -> Option<&'f str> {
        match self.value() {
            Some(Scalar::Content(kept)) => Some(self.found.text_of(kept)).filter(|text| !text.is_empty()),
            _ => None,
        }
    }

    /// Whether the object has no fields besides this one and those for which `others` is true.
    pub(crate) fn is_only(self, key: Key, others: impl Fn(Self) -> bool) -> bool {
        let Some(field) = self.field(key) else { return false };
        let mut count = 0;
        self.items().all(|item| {
            count += 1;
            item.at == field.at || others(item)
        }) && count == self.len()
    }

    /// Whether this is the value of a field with this key.
    pub(crate) fn is_under(self, key: Key) -> bool {
        self.key_id() == key.id
    }

    /// Whether this object has only fields with these keys.
    pub(crate) fn has_only(self, keys: &[Key]) -> bool {
        self.items().count() == self.len() && self.items().all(|field| keys.iter().any(|key| field.key_id() == key.id))
    }

    fn key_id(self) -> u16 {
        self.found.list.get(self.at).map_or(NO_KEY, |entry| entry.key)
    }

    /// The bit set of this object's keys; empty for other values.
    #[inline(always)]
    fn keys(self) -> u64 {
        match self.value() {
            Some(Scalar::Object { keys, .. }) => keys,
            _ => 0,
        }
    }

    /// The field of this object, even if it is null. The bit set of keys is not asked again.
    #[inline(never)]
    fn find(self, key: u16) -> Option<Self> {
        let entry = self.found.list.get(self.at)?;
        if self.at == 0 && !self.found.crowded {
            return self.found.root_field(key);
        }
        let (list, mut at, mut found) = (self.found.list.get(..entry.end as usize)?, self.at + 1, 0);
        while let Some(entry) = list.get(at) {
            if entry.key == key {
                found = at;
            }
            at = (entry.end as usize).max(at + 1);
        }
        (found > 0).then_some(FoundNode { found: self.found, at: found })
    }
}

impl<'f> Tree<'f> for FoundNode<'f> {
    // Most keys are absent: only the bit set is asked in line.
    #[inline(always)]
    fn field(self, key: Key) -> Option<Self> {
        if self.keys() & bit(key.id) == 0 { None } else { self.find(key.id) }
    }

    #[inline(always)]
    fn any(self, keys: &[Key]) -> Option<Self> {
        if self.keys() & keys.iter().fold(0, |all, key| all | bit(key.id)) == 0 {
            return None;
        }
        first_of(self, keys)
    }

    #[inline]
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
        matches!(self.value(), None | Some(Scalar::Null))
    }

    #[inline]
    fn is_object(self) -> bool {
        matches!(self.value(), Some(Scalar::Object { .. }))
    }

    #[inline]
    fn is_array(self) -> bool {
        matches!(self.value(), Some(Scalar::Array(_)))
    }

    #[inline]
    fn len(self) -> usize {
        match self.value() {
            Some(Scalar::Word(kept) | Scalar::Content(kept)) => kept.len(),
            Some(Scalar::Text(len) | Scalar::Array(len) | Scalar::Object { len, .. }) => len,
            _ => 0,
        }
    }

    #[inline]
    fn str(self) -> Option<&'f str> {
        match self.value() {
            Some(Scalar::Word(kept)) => Some(self.found.text_of(kept)),
            _ => None,
        }
    }

    #[inline]
    fn text(self) -> Option<Text<'f>> {
        match self.value() {
            Some(Scalar::Word(kept)) => Some(Text::Plain(self.found.text_of(kept))),
            Some(Scalar::Content(kept)) => Some(Text::Elided(kept.len())),
            Some(Scalar::Text(len)) => Some(Text::Elided(len)),
            _ => None,
        }
    }

    #[inline]
    fn bool(self) -> Option<bool> {
        match self.value() {
            Some(Scalar::Bool(v)) => Some(v),
            _ => None,
        }
    }

    #[inline]
    fn i64(self) -> Option<i64> {
        match self.value() {
            Some(Scalar::Int(n)) => Some(n),
            Some(Scalar::Float(f)) => whole(f),
            _ => None,
        }
    }

    #[inline]
    fn f64(self) -> Option<f64> {
        match self.value() {
            Some(Scalar::Int(n)) => Some(n as f64),
            Some(Scalar::UInt(n)) => Some(n as f64),
            Some(Scalar::Float(f)) => Some(f),
            _ => None,
        }
    }
}
