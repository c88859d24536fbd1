//! Counts the work of reading, so that tests can check without a clock that it is linear.

use std::cell::Cell;

const IS_COUNTED: bool = cfg!(any(test, feature = "internal"));

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

#[inline]
fn add(more: Work) {
    if IS_COUNTED {
        let _ = WORK.try_with(|work| {
            let known = work.get();
            work.set(Work { bytes: known.bytes + more.bytes, nodes: known.nodes + more.nodes });
        });
    }
}

/// Counts bytes read.
#[inline]
pub(crate) fn bytes(len: usize) {
    add(Work { bytes: len as u64, nodes: 0 });
}

/// Counts a node created.
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
