//! The table of keys as one hash index: a pass over a key finds its entry, or the entry of its longest prefix.

use super::Class;
use super::entry::Entry;
use super::facts::FACTS;
use super::table::TABLE;

const COUNT: usize = TABLE.len() + FACTS.len();

/// At least twice the number of entries, so that most unknown keys hit an empty slot.
const SLOTS: usize = (COUNT * 2).next_power_of_two();

static ENTRIES: [Entry; COUNT] = entries();

/// The number of the entry for a hash, from 1; 0 marks an empty slot.
static INDEX: [u16; SLOTS] = index();

/// The hashes of the entries, which save most text comparisons.
static HASHES: [u32; COUNT] = hashes();

const fn entries() -> [Entry; COUNT] {
    let mut all = [Entry::exact("", Class::Unknown); COUNT];
    let mut at = 0;
    while at < COUNT {
        all[at] = if at < TABLE.len() { TABLE[at] } else { FACTS[at - TABLE.len()] };
        at += 1;
    }
    all
}

const fn hashes() -> [u32; COUNT] {
    let (mut hashes, mut at) = ([0; COUNT], 0);
    while at < COUNT {
        hashes[at] = hash(ENTRIES[at].key.as_bytes());
        at += 1;
    }
    hashes
}

const fn index() -> [u16; SLOTS] {
    let (mut index, mut at) = ([0; SLOTS], 0);
    while at < COUNT {
        let mut slot = HASHES[at] as usize & (SLOTS - 1);
        while index[slot] != 0 {
            slot = (slot + 1) & (SLOTS - 1);
        }
        index[slot] = at as u16 + 1;
        at += 1;
    }
    index
}

const BASIS: u32 = 0x811c_9dc5;

const fn step(hash: u32, byte: u8) -> u32 {
    (hash ^ byte as u32).wrapping_mul(0x0100_0193)
}

const fn hash(key: &[u8]) -> u32 {
    let (mut hash, mut at) = (BASIS, 0);
    while at < key.len() {
        hash = step(hash, key[at]);
        at += 1;
    }
    hash
}

fn find(hash: u32, key: &[u8]) -> Option<&'static Entry> {
    let mut slot = hash as usize & (SLOTS - 1);
    loop {
        let at = usize::from(*INDEX.get(slot)?).checked_sub(1)?;
        if HASHES.get(at) == Some(&hash)
            && let Some(entry) = ENTRIES.get(at).filter(|entry| entry.key.as_bytes() == key)
        {
            return Some(entry);
        }
        slot = (slot + 1) & (SLOTS - 1);
    }
}

impl KnownKey {
    /// The classification of an unknown key.
    pub(crate) const NOTHING: Self = Self { class: Class::Unknown, convention: false, is_word: false };
}

/// The classification of a key.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct KnownKey {
    pub(crate) class: Class,
    /// Only spans and events of model calls have such a key.
    pub(crate) convention: bool,
    /// The key is an identifier without spaces.
    pub(crate) is_word: bool,
}

/// Looks up a key in the table.
pub(super) fn lookup(key: &str) -> KnownKey {
    let mut known = KnownKey::NOTHING;
    let mut hash = BASIS;
    let bytes = key.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        if matches!(byte, b'.' | b':')
            && let Some(entry) = find(hash, bytes.get(..at).unwrap_or_default()).filter(|entry| entry.below)
        {
            known.class = entry.class;
            known.convention |= entry.convention;
        }
        hash = step(hash, *byte);
    }
    if let Some(entry) = find(hash, bytes) {
        known.class = entry.class;
        known.convention |= entry.convention;
    }
    known
}

/// Whether a key has its own entry.
pub(crate) fn is_listed(key: &str) -> bool {
    find(hash(key.as_bytes()), key.as_bytes()).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_is_found_and_stands_once() {
        for (at, entry) in ENTRIES.iter().enumerate() {
            let twice = ENTRIES[..at].iter().find(|other| other.key == entry.key);
            assert!(twice.is_none(), "{} stands twice", entry.key);
            let known = lookup(entry.key);
            assert!(is_listed(entry.key) && known.class == entry.class, "{}: {known:?}", entry.key);
        }
        assert!(!is_listed("") && !is_listed(".") && !is_listed("gen_ai."));
    }
}
