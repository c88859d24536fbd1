//! The records of a batch: spans or log records.

/// A record that can be queued.
pub(crate) trait Record: Send + 'static {
    /// The plural name in messages.
    const RECORDS: &'static str;

    /// An upper bound of the protobuf size in bytes, computed without encoding.
    fn size(&self) -> usize;

    /// Drops the content and notes that in the record. Returns whether there was any.
    fn drop_content(&mut self) -> bool;
}

/// Bytes for ids, times, kind, flags and lengths.
pub(crate) const FRAME: usize = 128;
/// Bytes for the tags and lengths around a key and its value.
pub(crate) const PAIR: usize = 20;

/// A sum that cannot overflow.
pub(crate) fn total(sizes: impl IntoIterator<Item = usize>) -> usize {
    sizes.into_iter().fold(0, usize::saturating_add)
}
