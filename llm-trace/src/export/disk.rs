//! How much telemetry a directory holds.

/// How much a directory holds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct DiskLimits {
    /// All files of one signal, in bytes. The oldest are removed.
    pub(crate) bytes: u64,
}

impl DiskLimits {
    pub(crate) const DEFAULT: Self = Self { bytes: 1 << 30 };

    /// The size at which a file is closed and another is begun.
    #[cfg_attr(not(any(feature = "otlp-http", feature = "otlp-grpc")), allow(dead_code))]
    pub(crate) fn file_bytes(self) -> u64 {
        (self.bytes / 8).clamp(1, 64 << 20)
    }
}
