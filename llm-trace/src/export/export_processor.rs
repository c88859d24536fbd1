//! The span processor of one destination.

use std::fmt;

use opentelemetry_sdk::trace::{SpanData, SpanProcessor};

use super::stats::StatsHandle;
use crate::sink::otel::forward_to_inner;

/// Exports spans to one [`Destination`](super::Destination), in batches, on a separate thread.
///
/// The SDK's batch processor counts spans but not bytes: 512 spans of 100 KB form a request of 50 MB, which a collector
/// rejects as a whole. This processor also limits batches by bytes, splits requests that are rejected as too large,
/// drops content before it drops spans, and counts every lost span with the reason.
///
/// ```
/// use llm_trace::export::Destination;
/// use opentelemetry_sdk::trace::SdkTracerProvider;
///
/// # fn main() -> Result<(), llm_trace::export::InitError> {
/// let processor = Destination::http("http://localhost:4318").build()?;
/// let provider = SdkTracerProvider::builder().with_span_processor(processor).build();
/// # drop(provider);
/// # Ok(())
/// # }
/// ```
pub struct ExportProcessor {
    inner: Box<dyn SpanProcessor>,
    stats: StatsHandle,
}

impl ExportProcessor {
    pub(super) fn new(inner: Box<dyn SpanProcessor>, stats: StatsHandle) -> Self {
        Self { inner, stats }
    }

    /// The counts of this processor's spans. They can be read at any time, also while the provider owns the processor.
    pub fn stats(&self) -> StatsHandle {
        self.stats.clone()
    }
}

impl fmt::Debug for ExportProcessor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExportProcessor").field("inner", &self.inner).finish_non_exhaustive()
    }
}

impl SpanProcessor for ExportProcessor {
    forward_to_inner!(on_start);

    fn on_end(&self, span: SpanData) {
        self.inner.on_end(span);
    }
}
