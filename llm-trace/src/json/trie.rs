//! A table of paths, built at compile time. Values outside of its paths are never read as facts.
//!
//! A path consists of keys separated by dots. `[]` selects every element of an array, `[0]` only the first, and `*` the
//! name of an object's first field, if that name is the fact.

/// How a string at a path is kept. Numbers and booleans are kept on every path.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Keep {
    /// The string, if it is short enough for an identifier.
    Word,
    /// Only its length.
    Length,
}

/// Paths that start at each of these places: an empty place is the root, any other ends in a dot.
pub(crate) struct Group {
    pub(crate) at: &'static [&'static str],
    pub(crate) keep: Keep,
    pub(crate) paths: &'static [&'static str],
}

/// A key that occurs in a path, created at compile time by [`key!`](crate::wire::paths::key).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Key {
    pub(super) id: u16,
    pub(crate) name: &'static str,
}

/// A step from a place to the next.
#[derive(Clone, Copy, Debug)]
pub(super) struct Edge {
    key: &'static str,
    /// The parent place; 0 if the slot is empty.
    from: u16,
    /// The child place; 0 if no path continues.
    pub(super) to: u16,
    pub(super) id: u16,
    pub(super) keep: Keep,
    /// Whether the name of the first field below is a fact.
    pub(super) names_first: bool,
}

const NO_EDGE: Edge = Edge { key: "", from: 0, to: 0, id: 0, keep: Keep::Length, names_first: false };

const EDGES: usize = 4096;
const KEYS: usize = 2048;

/// The root of every document.
pub(super) const ROOT: u16 = 1;

/// The id of places without a key: the root, and array elements.
pub(super) const NO_KEY: u16 = 0;

/// Limits the bit set of a root's keys to a few words.
const MAX_KEYS: usize = 1024;

/// All paths, as a trie of steps.
#[derive(Debug)]
pub(crate) struct Trie {
    edges: [Edge; EDGES],
    keys: [Key; KEYS],
}

impl Trie {
    /// Fails to compile if there are too many paths.
    pub(crate) const fn new(groups: &[Group]) -> Self {
        let mut trie = Self { edges: [NO_EDGE; EDGES], keys: [Key { id: NO_KEY, name: "" }; KEYS] };
        let (mut places, mut count, mut group) = (ROOT, 0, 0);
        while group < groups.len() {
            let Group { at, keep, paths } = &groups[group];
            let mut start = 0;
            while start < at.len() {
                let mut path = 0;
                while path < paths.len() {
                    (places, count) = trie.add(at[start], paths[path], *keep, places, count);
                    path += 1;
                }
                start += 1;
            }
            group += 1;
        }
        assert!(count as usize * 2 < KEYS && (count as usize) < MAX_KEYS);
        trie
    }

    const fn add(&mut self, start: &'static str, path: &'static str, keep: Keep, places: u16, keys: u16) -> (u16, u16) {
        let (mut places, mut keys) = (places, keys);
        let (mut place, mut text, mut in_start, mut above) = (ROOT, start, true, EDGES);
        if text.is_empty() {
            (text, in_start) = (path, false);
        }
        loop {
            let (key, rest) = first_step(text);
            let (mut rest, mut last) = (rest, false);
            if rest.is_empty() {
                if in_start {
                    (rest, in_start) = (path, false);
                } else {
                    last = true;
                }
            }
            let slot = self.key_slot(key);
            if self.keys[slot].id == NO_KEY {
                keys += 1;
                self.keys[slot] = Key { id: keys, name: key };
            }
            let id = self.keys[slot].id;
            let mut at = slot_of(key.as_bytes(), place);
            let mut tried = 0;
            while self.edges[at].from != 0 && !(self.edges[at].from == place && same(self.edges[at].key, key)) {
                at = (at + 1) % EDGES;
                tried += 1;
                assert!(tried < 64, "too many paths");
            }
            if self.edges[at].from == 0 {
                self.edges[at] = Edge { key, from: place, id, ..NO_EDGE };
            }
            if matches!(key.as_bytes(), b"*") {
                assert!(above < EDGES, "the root has no name");
                self.edges[above].names_first = true;
            }
            if last {
                if matches!(keep, Keep::Word) {
                    self.edges[at].keep = keep;
                }
                return (places, keys);
            }
            if self.edges[at].to == 0 {
                places += 1;
                self.edges[at].to = places;
            }
            place = self.edges[at].to;
            (above, text) = (at, rest);
        }
    }

    const fn key_slot(&self, key: &str) -> usize {
        let mut slot = slot_of(key.as_bytes(), 0) % KEYS;
        while self.keys[slot].id != NO_KEY && !same(self.keys[slot].name, key) {
            slot = (slot + 1) % KEYS;
        }
        slot
    }

    /// The key. Fails to compile if no path contains it.
    pub(crate) const fn key(&self, name: &str) -> Key {
        let key = self.keys[self.key_slot(name)];
        assert!(key.id != NO_KEY, "no path has this key");
        key
    }

    /// Whether a path, or the start of one, continues from a place: an empty place is the root, any other ends in a
    /// dot.
    pub(crate) const fn leads_to(&self, at: &str, path: &str) -> bool {
        let (mut place, mut text, mut in_start) = if at.is_empty() { (ROOT, path, false) } else { (ROOT, at, true) };
        loop {
            let (key, mut rest) = first_step(text);
            let Some(edge) = self.edge(place, key.as_bytes()) else { return false };
            if rest.is_empty() {
                if !in_start {
                    return true;
                }
                (rest, in_start) = (path, false);
            }
            (place, text) = (edge.to, rest);
        }
    }

    /// The step from a place by this key.
    #[inline]
    pub(super) const fn edge(&self, place: u16, key: &[u8]) -> Option<&Edge> {
        let ends = ends_of(key);
        let mut slot = slot_by(ends, key.len(), place);
        loop {
            let edge = &self.edges[slot];
            if edge.from == 0 {
                return None;
            }
            if edge.from == place && is_key(edge.key.as_bytes(), key, ends) {
                return Some(edge);
            }
            slot = (slot + 1) % EDGES;
        }
    }

    /// The step of a document's field, whose key is never one of the table's special keys.
    #[inline]
    pub(super) const fn field(&self, place: u16, key: &[u8]) -> Option<&Edge> {
        match key {
            [b'[' | b'*', ..] => None,
            key => self.edge(place, key),
        }
    }

    /// Every key of every path.
    #[cfg(feature = "internal")]
    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.keys.iter().filter(|key| key.id != NO_KEY && !key.name.starts_with(['[', '*'])).map(|key| key.name)
    }
}

/// Splits a path into its first key or brackets, and the rest.
pub(crate) const fn first_step(path: &str) -> (&str, &str) {
    let bytes = path.as_bytes();
    let mut end = if bytes.is_empty() { 0 } else { 1 };
    while end < bytes.len() && bytes[end] != b'.' && bytes[end] != b'[' {
        end += 1;
    }
    let (key, rest) = path.split_at(end);
    match rest.as_bytes() {
        [b'.', ..] => (key, rest.split_at(1).1),
        _ => (key, rest),
    }
}

const fn same(a: &str, b: &str) -> bool {
    is_key(a.as_bytes(), b.as_bytes(), ends_of(b.as_bytes()))
}

/// Whether two keys are equal. `ends` are those of `other`; short keys are equal if their ends are.
#[inline(always)]
const fn is_key(key: &[u8], other: &[u8], ends: (u64, u64)) -> bool {
    if key.len() != other.len() {
        return false;
    }
    let (first, last) = ends_of(key);
    if first != ends.0 || last != ends.1 {
        return false;
    }
    let mut at = 8;
    while at + 8 < key.len() {
        if key[at] != other[at] {
            return false;
        }
        at += 1;
    }
    true
}

/// The start of the search for a key of this place: derived from its length and its first and last byte.
#[inline(always)]
const fn slot_of(key: &[u8], place: u16) -> usize {
    slot_by(ends_of(key), key.len(), place)
}

#[inline(always)]
const fn slot_by((first, last): (u64, u64), len: usize, place: u16) -> usize {
    let mixed = first ^ last.rotate_left(25) ^ (len as u64) << 40;
    let mixed = mixed.wrapping_add(place as u64 * 0x9e37_79b1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 52) as usize % EDGES
}

/// The first and the last bytes of a key, up to eight of each.
#[inline(always)]
const fn ends_of(key: &[u8]) -> (u64, u64) {
    match (key.first_chunk::<8>(), key.last_chunk::<8>()) {
        (Some(first), Some(last)) => (u64::from_le_bytes(*first), u64::from_le_bytes(*last)),
        _ => match (key.first_chunk::<4>(), key.last_chunk::<4>()) {
            (Some(first), Some(last)) => (u32::from_le_bytes(*first) as u64, u32::from_le_bytes(*last) as u64),
            _ => match key {
                [] => (0, 0),
                [first, .., last] => (*first as u64 | (key[key.len() / 2] as u64) << 8, *last as u64),
                [one] => (*one as u64, 0),
            },
        },
    }
}

#[cfg(test)]
mod tests {
    use super::{Group, Keep, Trie, ends_of, is_key};

    #[test]
    fn paths_start_at_each_place_of_their_group() {
        static TRIE: Trie = Trie::new(&[
            Group { at: &["", "b."], keep: Keep::Word, paths: &["a", "c[].d", "e[0].*"] },
            Group { at: &[""], keep: Keep::Length, paths: &["a", "f"] },
        ]);
        for path in ["a", "b", "b.a", "c", "c[]", "c[].d", "b.c[].d", "e[0].*", "f"] {
            assert!(TRIE.leads_to("", path), "{path}");
        }
        for path in ["d", "b.b", "b.f", "c.d", "a.a", "e[]"] {
            assert!(!TRIE.leads_to("", path), "{path}");
        }
    }

    proptest::proptest! {
        #[test]
        fn keys_are_equal_where_their_bytes_are(
            key in proptest::collection::vec(0..3_u8, 0..28),
            other in proptest::option::of(proptest::collection::vec(0..3_u8, 0..28)),
            at: proptest::sample::Index,
            byte in 0..3_u8,
        ) {
            // Of another length, or another byte somewhere.
            let other = other.unwrap_or_else(|| {
                let mut other = key.clone();
                if !other.is_empty() {
                    other[at.index(key.len())] = byte;
                }
                other
            });
            proptest::prop_assert_eq!(is_key(&key, &other, ends_of(&other)), key == other);
        }
    }
}
