//! What became of the spans: every one is exported, or counted with the reason why not.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What became of spans so far.
///
/// ```
/// # fn main() -> Result<(), llm_trace::export::InitError> {
/// let parts = llm_trace::export::from_lookup(&|_| None)?;
/// let stats = parts.telemetry.stats();
/// assert_eq!(stats.dropped(), 0);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Stats {
    /// Spans that the other side has taken.
    pub exported: u64,
    /// Spans dropped since too many, or too many bytes, were waiting.
    pub queue_full: u64,
    /// Spans dropped since they were too large, even without content.
    pub too_large: u64,
    /// Spans that the other side refused for good, whole batches or by partial success.
    pub rejected: u64,
    /// Spans dropped since nobody took them in time.
    pub unreachable: u64,
    /// Spans that ended after telemetry was shut down, or were left when its time was over.
    pub shutdown: u64,
    /// Spans that went without their content since too many bytes were waiting.
    pub content_dropped: u64,
    /// Spans whose content was cut since they were too large.
    pub content_cut: u64,
    /// Batches sent again.
    pub retries: u64,
}

impl Stats {
    /// Spans that did not arrive, for whatever reason.
    pub fn dropped(&self) -> u64 {
        self.queue_full + self.too_large + self.rejected + self.unreachable + self.shutdown
    }
}

/// A field of [`Stats`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Count {
    Exported,
    QueueFull,
    TooLarge,
    Rejected,
    Unreachable,
    Shutdown,
    ContentDropped,
    ContentCut,
    Retries,
}

/// The counters, shared by all who count.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ledger(Arc<[AtomicU64; 9]>);

impl Ledger {
    pub(crate) fn add(&self, count: Count, times: u64) {
        self.0[count as usize].fetch_add(times, Ordering::Relaxed);
    }

    pub(crate) fn stats(&self) -> Stats {
        let of = |count: Count| self.0[count as usize].load(Ordering::Relaxed);
        Stats {
            exported: of(Count::Exported),
            queue_full: of(Count::QueueFull),
            too_large: of(Count::TooLarge),
            rejected: of(Count::Rejected),
            unreachable: of(Count::Unreachable),
            shutdown: of(Count::Shutdown),
            content_dropped: of(Count::ContentDropped),
            content_cut: of(Count::ContentCut),
            retries: of(Count::Retries),
        }
    }
}
