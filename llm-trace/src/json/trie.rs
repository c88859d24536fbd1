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

/// The maximum number of places in a group.
const MAX_STARTS: usize = 32;

/// In place of the last step: at the root.
const AT_ROOT: usize = EDGES;

/// All paths, as a trie of steps.
#[derive(Debug)]
pub(crate) struct Trie {
    edges: [Edge; EDGES],
    keys: [Key; KEYS],
}

impl Trie {
    /// Fails to compile if there are too many paths.
    pub(crate) const fn new(groups: &[Group]) -> Self {
        let trie = Self { edges: [NO_EDGE; EDGES], keys: [Key { id: NO_KEY, name: "" }; KEYS] };
        let mut building = Building { trie, places: ROOT, keys: NO_KEY };
        let mut group = 0;
        while group < groups.len() {
            building.add(&groups[group]);
            group += 1;
        }
        assert!(building.keys as usize * 2 < KEYS && (building.keys as usize) < MAX_KEYS);
        building.trie
    }

    const fn key_slot(&self, key: &str, ends: (u64, u64)) -> usize {
        let mut slot = slot_by(ends, key.len(), 0) % KEYS;
        while self.keys[slot].id != NO_KEY && !is_key(self.keys[slot].name.as_bytes(), key.as_bytes(), ends) {
            slot = (slot + 1) % KEYS;
        }
        slot
    }

    /// The key. Fails to compile if no path contains it.
    pub(crate) const fn key(&self, name: &str) -> Key {
        let key = self.keys[self.key_slot(name, ends_of(name.as_bytes()))];
        assert!(key.id != NO_KEY, "no path has this key");
        key
    }

    /// The place that a path leads to. Fails to compile if there is no such path.
    pub(crate) const fn place(&self, path: &str) -> u16 {
        let (mut place, mut rest) = (ROOT, path);
        while !rest.is_empty() {
            let key;
            (key, rest) = first_step(rest);
            place = self.step(place, key).1;
        }
        place
    }

    /// The key of a step from a place, and the place below. Fails to compile if no path has this step.
    pub(crate) const fn step(&self, from: u16, key: &str) -> (Key, u16) {
        match self.edge(from, key.as_bytes()) {
            Some(edge) => (Key { id: edge.id, name: edge.key }, edge.to),
            None => panic!("the table has no such path"),
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

/// A trie in progress.
struct Building {
    trie: Trie,
    /// The last place.
    places: u16,
    /// The number of keys.
    keys: u16,
}

impl Building {
    const fn add(&mut self, group: &Group) {
        let Group { at, keep, paths } = group;
        let (mut starts, mut start) = ([AT_ROOT; MAX_STARTS], 0);
        while start < at.len() {
            self.walk(&mut starts, start, start + 1, at[start]);
            start += 1;
        }
        let mut path = 0;
        while path < paths.len() {
            let (mut ends, mut end) = (starts, 0);
            self.walk(&mut ends, 0, at.len(), paths[path]);
            while end < at.len() && matches!(keep, Keep::Word) {
                self.trie.edges[ends[end]].keep = Keep::Word;
                end += 1;
            }
            path += 1;
        }
    }

    /// Continues several walks by the same path. Each is represented by its last step.
    const fn walk(&mut self, walks: &mut [usize; MAX_STARTS], from: usize, to: usize, path: &'static str) {
        let mut rest = path;
        while !rest.is_empty() {
            let key;
            (key, rest) = first_step(rest);
            let (ends, names_first) = (ends_of(key.as_bytes()), matches!(key.as_bytes(), b"*"));
            let id = self.key(key, ends);
            let mut walk = from;
            while walk < to {
                let above = walks[walk];
                let place = self.place_below(above);
                if names_first {
                    assert!(above != AT_ROOT, "the root has no name");
                    self.trie.edges[above].names_first = true;
                }
                let slot = self.step(place, id, slot_by(ends, key.len(), place));
                self.trie.edges[slot].key = key;
                walks[walk] = slot;
                walk += 1;
            }
        }
    }

    /// The id of a key, which is added if it is new.
    const fn key(&mut self, name: &'static str, ends: (u64, u64)) -> u16 {
        let slot = self.trie.key_slot(name, ends);
        if self.trie.keys[slot].id == NO_KEY {
            self.keys += 1;
            self.trie.keys[slot] = Key { id: self.keys, name };
        }
        self.trie.keys[slot].id
    }

    const fn place_below(&mut self, step: usize) -> u16 {
        if step == AT_ROOT {
            return ROOT;
        }
        if self.trie.edges[step].to == 0 {
            self.places += 1;
            self.trie.edges[step].to = self.places;
        }
        self.trie.edges[step].to
    }

    /// The step from a place by this key, which is added if it is new.
    const fn step(&mut self, from: u16, id: u16, slot: usize) -> usize {
        let (mut at, mut tried) = (slot, 0);
        while self.trie.edges[at].from != 0 {
            if self.trie.edges[at].from == from && self.trie.edges[at].id == id {
                return at;
            }
            at = (at + 1) % EDGES;
            tried += 1;
            assert!(tried < 64, "too many paths");
        }
        self.trie.edges[at] = Edge { from, id, ..NO_EDGE };
        at
    }
}

/// Splits a path into its first key or brackets, and the rest.
pub(crate) const fn first_step(path: &str) -> (&str, &str) {
    let bytes = path.as_bytes();
    let (len, mut end) = (bytes.len(), 1);
    while end < len && !matches!(bytes[end], b'.' | b'[') {
        end += 1;
    }
    if end >= len {
        return (path, "");
    }
    let (key, rest) = path.split_at(end);
    match bytes[end] {
        b'.' => (key, rest.split_at(1).1),
        _ => (key, rest),
    }
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

/// The start of the search for a key of this place: derived from its length and its first and last bytes.
#[inline(always)]
const fn slot_by((first, last): (u64, u64), len: usize, place: u16) -> usize {
    let mixed = first ^ last.rotate_left(25) ^ (len as u64) << 40;
    let mixed = mixed.wrapping_add(place as u64 * 0x9e37_79b1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 52) as usize % EDGES
}

/// The first and the last bytes of a key, up to eight of each.
#[inline(always)]
const fn ends_of(key: &[u8]) -> (u64, u64) {
    // By patterns, because function calls are slow at compile time.
    if let [a, b, c, d, e, f, g, h, ..] = *key
        && let [.., s, t, u, v, w, x, y, z] = *key
    {
        (u64::from_le_bytes([a, b, c, d, e, f, g, h]), u64::from_le_bytes([s, t, u, v, w, x, y, z]))
    } else if let [a, b, c, d, ..] = *key
        && let [.., w, x, y, z] = *key
    {
        (u32::from_le_bytes([a, b, c, d]) as u64, u32::from_le_bytes([w, x, y, z]) as u64)
    } else {
        match *key {
            [] => (0, 0),
            [one] => (one as u64, 0),
            [first, second, ..] => (first as u64 | (second as u64) << 8, key[key.len() - 1] as u64),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Group, Keep, ROOT, Trie, ends_of, first_step, is_key};

    #[test]
    fn paths_start_at_each_place_of_their_group() {
        static TRIE: Trie = Trie::new(&[
            Group { at: &["", "b."], keep: Keep::Word, paths: &["a", "c[].d", "e[0].*"] },
            Group { at: &[""], keep: Keep::Length, paths: &["a", "f"] },
        ]);
        let leads_to = |path: &str| {
            let (mut place, mut rest) = (ROOT, path);
            while !rest.is_empty() {
                let (key, after) = first_step(rest);
                let Some(edge) = TRIE.edge(place, key.as_bytes()) else { return false };
                (place, rest) = (edge.to, after);
            }
            true
        };
        for path in ["a", "b", "b.a", "c", "c[]", "c[].d", "b.c[].d", "e[0].*", "f"] {
            assert!(leads_to(path), "{path}");
        }
        for path in ["d", "b.b", "b.f", "c.d", "a.a", "e[]"] {
            assert!(!leads_to(path), "{path}");
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
