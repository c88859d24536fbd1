//! Counts what reading costs, so that tests can hold it linear without a clock.

#[cfg(feature = "internal")]
pub use counted::{Work, counted};
#[cfg(any(test, feature = "internal"))]
pub(crate) use counted::{bytes, node};

/// Bytes that are looked at.
#[cfg(not(any(test, feature = "internal")))]
#[inline(always)]
pub(crate) fn bytes(_: usize) {}

/// A node that is made.
#[cfg(not(any(test, feature = "internal")))]
#[inline(always)]
pub(crate) fn node() {}

#[cfg(any(test, feature = "internal"))]
mod counted {
    use std::cell::Cell;

    /// What reading cost.
    #[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
    pub struct Work {
        /// Bytes that were looked at, each time that they were.
        pub bytes: u64,
        /// Nodes that were made.
        pub nodes: u64,
    }

    thread_local! {
        static WORK: Cell<Work> = const { Cell::new(Work { bytes: 0, nodes: 0 }) };
    }

    fn add(more: Work) {
        let _ = WORK.try_with(|work| {
            let known = work.get();
            work.set(Work { bytes: known.bytes + more.bytes, nodes: known.nodes + more.nodes });
        });
    }

    #[inline]
    pub(crate) fn bytes(len: usize) {
        add(Work { bytes: len as u64, nodes: 0 });
    }

    #[inline]
    pub(crate) fn node() {
        add(Work { bytes: 0, nodes: 1 });
    }

    /// What `read` does.
    pub fn counted<T>(read: impl FnOnce() -> T) -> (T, Work) {
        let before = WORK.with(Cell::get);
        let out = read();
        let after = WORK.with(Cell::get);
        (out, Work { bytes: after.bytes - before.bytes, nodes: after.nodes - before.nodes })
    }
}
