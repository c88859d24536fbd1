//! What several threads write, apart from what is beside it.

/// On a cache line of its own, and on that which the processor fetches with it.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(crate) struct Apart<T>(pub(crate) T);
