//! Nothing that is done in order to export is traced.

use opentelemetry::{Context, ContextGuard};
use tracing::Dispatch;
use tracing::subscriber::DefaultGuard;

/// While it is held, no span and no event of this thread reaches any subscriber, and no OpenTelemetry span is recorded.
///
/// OpenTelemetry's own suppression is not enough: the spans of an HTTP/2 client attach contexts that know nothing of it.
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

    /// For all of a thread's life: a thread of our own, or one that works for it.
    #[cfg(feature = "otlp-grpc")]
    pub(crate) fn for_thread() {
        // Dropped with the thread, its guards would find that thread's state gone.
        std::mem::forget(Self::here());
    }
}
