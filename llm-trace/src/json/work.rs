//! Counts the work of reading, so that tests can check without a clock that it is linear.

#[cfg(feature = "internal")]
pub use counted::{Work, counted};
#[cfg(any(test, feature = "internal"))]
pub(crate) use counted::{bytes, node};

/// Counts bytes read.
#[cfg(not(any(test, feature = "internal")))]
#[inline(always)]
pub(crate) fn bytes(_: usize) {}

/// Counts a node created.
#[cfg(not(any(test, feature = "internal")))]
#[inline(always)]
pub(crate) fn node() {}

#[cfg(any(test, feature = "internal"))]
mod counted {
    use std::cell::Cell;

    /// The work of reading.
    #[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
    pub struct Work {
        /// The number of bytes read, including repeated reads.
        pub bytes: u64,
        /// The number of nodes created.
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

    /// Returns the result of `read`, and its work.
    pub fn counted<T>(read: impl FnOnce() -> T) -> (T, Work) {
        let before = WORK.with(Cell::get);
        let out = read();
        let after = WORK.with(Cell::get);
        (out, Work { bytes: after.bytes - before.bytes, nodes: after.nodes - before.nodes })
    }
}
