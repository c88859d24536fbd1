//! The classification of recent keys, per thread: spans repeat the same few keys.

use std::cell::RefCell;

use super::{KnownKey, classify};

const SLOTS: usize = 128;

/// The number of slots that a key may be in.
const TRIES: usize = 4;

/// A longer key is not stored.
const MAX_KEY: usize = 128;

type Slot = Option<(Box<str>, KnownKey)>;

thread_local! {
    static MEMO: RefCell<[Slot; SLOTS]> = const { RefCell::new([const { None }; SLOTS]) };
}

/// What [`classify`] returns for a key, which depends on the key alone.
pub(super) fn get(key: &str) -> KnownKey {
    if key.len() > MAX_KEY {
        return classify(key);
    }
    let stored = MEMO.try_with(|memo| {
        let mut memo = memo.try_borrow_mut().ok()?;
        let first = hash(key.as_bytes()) % SLOTS;
        match &memo[first] {
            Some((stored, known)) if **stored == *key => Some(*known),
            _ => Some(probe(&mut memo, first, key)),
        }
    });
    stored.ok().flatten().unwrap_or_else(|| classify(key))
}

/// Finds a key in the other slots where it may be, or stores it in a free one, or in place of the first.
#[cold]
#[inline(never)]
fn probe(memo: &mut [Slot; SLOTS], first: usize, key: &str) -> KnownKey {
    let mut free = first;
    for slot in (0..TRIES).map(|step| (first + step) % SLOTS) {
        match &memo[slot] {
            Some((stored, known)) if **stored == *key => return *known,
            Some(_) => {}
            None => {
                free = slot;
                break;
            }
        }
    }
    let known = classify(key);
    memo[free] = Some((key.into(), known));
    known
}

/// Computes a hash of the length and both ends of a key, in which most keys differ.
fn hash(key: &[u8]) -> usize {
    let (first, last) = match (key.first_chunk::<8>(), key.last_chunk::<8>()) {
        (Some(first), Some(last)) => (u64::from_le_bytes(*first), u64::from_le_bytes(*last)),
        _ => (key.iter().fold(0, |hash, byte| hash << 8 | u64::from(*byte)), 0),
    };
    let mixed = (first ^ last.rotate_left(25) ^ (key.len() as u64) << 40).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 57) as usize
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::classify;
    use super::get;

    proptest! {
        #[test]
        fn the_memo_changes_no_classification(keys in proptest::collection::vec(
            "(gen_ai|url|db|user|llm_trace.metadata|x)([.:_](password|api_key|full|text|input|[a-c]{0,3})){0,3}", 0..400,
        )) {
            for key in keys.iter().chain(&keys) {
                prop_assert_eq!(get(key), classify(key), "{}", key);
            }
        }
    }
}
