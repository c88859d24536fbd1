//! How much may wait, and how much goes at once.

use std::time::Duration;

/// How much waits, and how much goes at once.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Limits {
    /// Spans that may wait.
    pub(crate) queue_spans: usize,
    /// Bytes that may wait, those being sent included.
    pub(crate) queue_bytes: usize,
    pub(crate) batch_spans: usize,
    /// Of encoded spans.
    pub(crate) batch_bytes: usize,
    /// The longest that a span waits for others.
    pub(crate) delay: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            queue_spans: 2048,
            queue_bytes: 64 << 20,
            batch_spans: 512,
            // gRPC servers take 4 MiB unless told otherwise; the rest is for resource and framing.
            batch_bytes: 3_500_000,
            delay: Duration::from_secs(5),
        }
    }
}
