//! The guard: nothing is lost when the program ends, and the end does not wait for ever.

use std::time::{Duration, Instant};

use opentelemetry_sdk::error::OTelSdkError;
use opentelemetry_sdk::trace::SdkTracerProvider;

use super::active::Active;
use super::destination::StatsHandle;
use super::limits;
use super::signals::Signals;
use super::stats::{Ledger, Stats};
use crate::{OpenCalls, diag};

/// Keeps telemetry going; sends what is left when dropped, within a limit.
///
/// The limit is 5 seconds, or `OTEL_EXPORTER_OTLP_TIMEOUT` where that is set.
/// Keep it in a variable with a name until the program ends: `let _ = init()` drops it at once.
///
/// ```
/// # fn main() -> Result<(), llm_trace::export::InitError> {
/// # let set = std::env::var_os("OTEL_EXPORTER");
/// let telemetry = llm_trace::init()?;
/// // … the program …
/// drop(telemetry);
/// # Ok(())
/// # }
/// ```
///
/// Spans of code that has no `tracing` come from the same provider:
///
/// ```
/// use opentelemetry::trace::{Tracer as _, TracerProvider as _};
///
/// # fn main() -> Result<(), llm_trace::export::InitError> {
/// let parts = llm_trace::export::from_lookup(&|_| None)?;
/// parts.telemetry.tracer_provider().tracer("batch").in_span("job", |_| { /* … */ });
/// assert!(parts.telemetry.flush());
/// # Ok(())
/// # }
/// ```
#[must_use = "dropped at once, it ends telemetry at once: keep it in a variable such as `_telemetry`"]
#[derive(Debug)]
pub struct Telemetry {
    provider: SdkTracerProvider,
    signals: Signals,
    ledger: Ledger,
    open: OpenCalls,
    limit: Duration,
    where_to: String,
    /// Once it is one that `check()` reports on.
    active: Option<Active>,
    done: bool,
}

impl Telemetry {
    pub(super) fn new(
        provider: SdkTracerProvider,
        signals: Signals,
        ledger: Ledger,
        limit: Duration,
        where_to: String,
    ) -> Self {
        Self { provider, signals, ledger, open: OpenCalls::default(), limit, where_to, active: None, done: false }
    }

    /// From now on `check()` reports on it.
    pub(super) fn activate(&mut self) {
        self.active = Some(Active::new(self.where_to.clone(), &self.ledger));
    }

    /// The calls that have not ended: they are ended before the last spans are sent.
    pub(super) fn open_calls(&self) -> &OpenCalls {
        &self.open
    }

    pub(super) fn signals(&self) -> &Signals {
        &self.signals
    }

    /// The provider behind it, for spans of one's own and for other layers.
    pub fn tracer_provider(&self) -> &SdkTracerProvider {
        &self.provider
    }

    /// Sends what has ended so far, and goes on.
    ///
    /// Returns whether all of it was handed over. Blocks the calling thread meanwhile, at most about 5 seconds.
    pub fn flush(&self) -> bool {
        let dropped = self.stats().dropped();
        let spans = self.provider.force_flush().is_ok() && self.stats().dropped() == dropped;
        self.signals.flush() && spans
    }

    /// What became of the spans so far, where they go to an OTLP endpoint.
    pub fn stats(&self) -> Stats {
        self.ledger.stats()
    }

    /// To ask for [`stats`](Self::stats) later, also when telemetry has ended.
    ///
    /// ```
    /// # fn main() -> Result<(), llm_trace::export::InitError> {
    /// let parts = llm_trace::export::from_lookup(&|_| None)?;
    /// let stats = parts.telemetry.stats_handle();
    /// drop(parts);
    /// assert_eq!(stats.get().dropped(), 0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn stats_handle(&self) -> StatsHandle {
        StatsHandle(self.ledger.clone())
    }

    /// Sends what is left within `limit` and ends telemetry. Returns whether all of it was handed over.
    ///
    /// Blocks the calling thread meanwhile; it needs no runtime and may be called from any.
    pub fn shutdown(mut self, limit: Duration) -> bool {
        self.end(limit)
    }

    fn end(&mut self, limit: Duration) -> bool {
        if std::mem::replace(&mut self.done, true) {
            return true;
        }
        let limit = limits::at_most_longest(limit);
        if let Some(active) = self.active.take() {
            active.end();
        }
        self.open.finish();
        let dropped = self.stats().dropped();
        let begun = Instant::now();
        let spans = match self.provider.shutdown_with_timeout(limit) {
            Ok(()) => self.stats().dropped() == dropped,
            // Someone else has shut the provider down.
            Err(OTelSdkError::AlreadyShutdown) => true,
            Err(_) => {
                // Under the exporter's own code: a dead endpoint is one line, not two.
                diag::warn_rarely("export", &format!("not all spans could be sent within {limit:?}"));
                false
            }
        };
        let sent = self.signals.shutdown(limit.saturating_sub(begun.elapsed())) && spans;
        // What was printed meanwhile is seen before the program ends.
        crate::output::stderr().flush(limit.saturating_sub(begun.elapsed()));
        sent
    }
}

impl Drop for Telemetry {
    fn drop(&mut self) {
        self.end(self.limit);
    }
}
