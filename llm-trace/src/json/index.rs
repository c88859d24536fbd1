//! Where the fields of a document's root are: what readers look for most, and most often in vain.

use super::build::{Entry, Value};
use super::hash::Hash;

/// Places on a tape, by the hashes of their keys; 0 where there is none.
#[derive(Debug, Default)]
pub(crate) struct Index(Vec<u16>);

/// A root of more fields is rare, and searched.
const MOST: usize = 64;

/// Sparse, so that most keys that are not there meet an empty place.
const PLACES: usize = 256;

impl Index {
    pub(super) const NONE: Self = Self(Vec::new());

    /// Takes in the fields of the tape's root. The last of equal keys counts.
    pub(super) fn read(&mut self, tape: &[Entry<'_>]) {
        self.0.clear();
        let Some(Entry { value: Value::Object(1..=MOST, _), end, .. }) = tape.first() else { return };
        self.0.resize(PLACES, 0);
        let (mut at, end) = (1, (*end as usize).min(tape.len()));
        while let Some(entry) = tape.get(at).filter(|_| at < end) {
            let Ok(place) = u16::try_from(at) else {
                self.0.clear();
                return;
            };
            let mut slot = usize::from(entry.hash) % PLACES;
            // There are fewer fields than places.
            while let Some(known) = self.0.get(slot).filter(|known| **known != 0) {
                if tape.get(usize::from(*known)).is_some_and(|known| known.key == entry.key) {
                    break;
                }
                slot = (slot + 1) % PLACES;
            }
            if let Some(known) = self.0.get_mut(slot) {
                *known = place;
            }
            at = (entry.end as usize).max(at + 1);
        }
    }

    /// Whether it has taken in the root's fields.
    #[inline]
    pub(super) fn is_there(&self) -> bool {
        !self.0.is_empty()
    }

    /// Where the field with this key is.
    #[inline]
    pub(super) fn get(&self, tape: &[Entry<'_>], key: &str, hash: Hash) -> Option<usize> {
        let mut slot = usize::from(hash) % PLACES;
        loop {
            let at = usize::from(*self.0.get(slot)?);
            if at == 0 {
                return None;
            }
            if tape.get(at).is_some_and(|entry| entry.hash == hash && entry.key == key) {
                return Some(at);
            }
            slot = (slot + 1) % PLACES;
        }
    }
}
