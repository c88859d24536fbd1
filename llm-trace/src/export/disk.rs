//! Size limits of telemetry on disk.

/// The size limits of a directory.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct DiskLimits {
    /// The size limit of all files of one signal, in bytes. The oldest files are removed.
    pub(crate) bytes: u64,
}

impl DiskLimits {
    pub(crate) const DEFAULT: Self = Self { bytes: 1 << 30 };

    /// The size at which a file is closed and a new one is opened.
    pub(crate) fn file_bytes(self) -> u64 {
        (self.bytes / 8).clamp(1, 64 << 20)
    }
}
