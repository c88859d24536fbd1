//! Per-callsite data in a growing table that is read without a lock. Entries are never removed.

use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwapOption;
use tracing::Metadata;

use super::recorded_values::FieldPlan;

/// Size of the first part. Each further part is twice as large as the one before.
const FIRST: usize = 256;

/// Far more room than a program has callsites. A callsite without an entry is classified on every use.
const PARTS: usize = 12;

/// Number of slots per part that a callsite may use.
const TRIES: usize = 8;

/// Callsites by the address of their metadata, which never moves and is never freed.
#[derive(Debug, Default)]
pub(crate) struct CallsiteCache {
    parts: [OnceLock<Box<[OnceLock<Site>]>>; PARTS],
}

impl CallsiteCache {
    /// The entry of a callsite, or `None` if there is no room.
    pub(crate) fn get(&self, metadata: &'static Metadata<'static>) -> Option<&Site> {
        let address = ptr::from_ref(metadata).addr();
        // Addresses have regular distances. Multiplying by 2^64 / φ spreads them over the upper bits.
        let hash = (address as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(32) as usize;
        self.parts.iter().enumerate().find_map(|(at, part)| {
            let places = part.get_or_init(|| (0..FIRST << at).map(|_| OnceLock::new()).collect());
            (0..TRIES).find_map(|further| {
                // Entries are never removed, so a callsite is always found in the slot where it was first stored. The
                // length of a part is a power of two.
                let at = hash.wrapping_add(further) & (places.len() - 1);
                let site = places.get(at)?.get_or_init(|| Site::new(address));
                (site.address == address).then_some(site)
            })
        })
    }
}

/// The data of one callsite.
#[derive(Debug)]
pub(crate) struct Site {
    address: usize,
    /// Whether the callsite is plain, with the policy epoch of that decision; 0 if unknown.
    plain: AtomicU64,
    /// The plan under the policy that was used last.
    pub(crate) plan: ArcSwapOption<FieldPlan>,
}

impl Site {
    fn new(address: usize) -> Self {
        Self { address, plain: AtomicU64::new(0), plan: ArcSwapOption::empty() }
    }

    /// The decision that was stored for this policy epoch.
    pub(crate) fn plain(&self, epoch: u64) -> Option<bool> {
        // A hint that holds the same value for every reader of the epoch, so its order does not matter.
        let known = self.plain.load(Ordering::Relaxed);
        (known >> 1 == epoch + 1).then_some(known & 1 == 1)
    }

    pub(crate) fn set_plain(&self, epoch: u64, plain: bool) {
        self.plain.store((epoch + 1) << 1 | u64::from(plain), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use tracing::Level;
    use tracing::callsite::{Callsite, Identifier};
    use tracing::field::FieldSet;
    use tracing::metadata::Kind;
    use tracing::subscriber::Interest;

    use super::*;

    struct Nowhere;

    static NOWHERE: Nowhere = Nowhere;

    impl Callsite for Nowhere {
        fn set_interest(&self, _: Interest) {}
        fn metadata(&self) -> &Metadata<'_> {
            unreachable!("nobody asks in this test")
        }
    }

    fn metadata() -> &'static Metadata<'static> {
        let fields = FieldSet::new(&[], Identifier(&NOWHERE));
        Box::leak(Box::new(Metadata::new("span", "here", Level::INFO, None, None, None, fields, Kind::SPAN)))
    }

    #[test]
    fn each_of_many_callsites_has_a_place_of_its_own_whoever_asks_first() {
        let sites = CallsiteCache::default();
        let all: Vec<_> = (0..3_000).map(|_| metadata()).collect();
        let found = |metadata: &&'static Metadata<'static>| sites.get(metadata).map(|site| ptr::from_ref(site).addr());
        let by_threads: Vec<Vec<Option<usize>>> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| all.iter().map(found).collect())).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(by_threads.iter().all(|found| *found == by_threads[0]));
        let places: HashSet<_> = by_threads[0].iter().flatten().collect();
        assert_eq!(places.len(), all.len());
    }

    #[test]
    fn what_a_policy_said_is_not_what_the_next_one_says() {
        let site = Site::new(8);
        assert_eq!(site.plain(0), None);
        site.set_plain(0, true);
        assert_eq!((site.plain(0), site.plain(1)), (Some(true), None));
        site.set_plain(1, false);
        assert_eq!((site.plain(0), site.plain(1)), (None, Some(false)));
    }
}
