//! Padding of values that several threads write, to prevent false sharing.

/// A value that shares its cache line, and the adjacent line that the processor prefetches, with no other value.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(crate) struct CachePadded<T>(pub(crate) T);
