//! Suppresses tracing of the export itself.

use opentelemetry::{Context, ContextGuard};
use tracing::Dispatch;
use tracing::subscriber::DefaultGuard;

/// While it exists, no span or event of this thread reaches a subscriber, and no OpenTelemetry span is recorded.
///
/// OpenTelemetry's suppression is not sufficient: spans of an HTTP/2 client attach contexts without the suppression
/// flag.
pub(crate) struct Quiet {
    _spans: ContextGuard,
    _tracing: DefaultGuard,
}

impl Quiet {
    pub(crate) fn here() -> Self {
        Self {
            _spans: Context::enter_telemetry_suppressed_scope(),
            _tracing: tracing::dispatcher::set_default(&Dispatch::none()),
        }
    }

    /// Applies to the rest of the thread's life, for a thread that only works for the export.
    pub(crate) fn for_thread() {
        // If it were dropped with the thread, its guards would access thread-locals that are already destroyed.
        std::mem::forget(Self::here());
    }
}
