//! The guard: it sends what is left when the program ends, within a limit.

use std::time::{Duration, Instant};

use opentelemetry_sdk::trace::SdkTracerProvider;

use super::active::Active;
use super::exports::Exports;
use super::limits;
use super::providers::Targets;
use super::shutdown_deadline::deadline;
use super::signals::{Signals, has_ended};
use super::stats::{Stats, StatsHandle};
use super::task::Task;
use crate::{CallHooks, OpenCalls, diag};

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
    exports: Exports,
    open: OpenCalls,
    hooks: CallHooks,
    limit: Duration,
    targets: Targets,
    /// Once it is one that `check()` reports on.
    active: Option<Active>,
    done: bool,
}

impl Telemetry {
    pub(super) fn new(
        provider: SdkTracerProvider,
        signals: Signals,
        exports: Exports,
        limit: Duration,
        targets: Targets,
    ) -> Self {
        let (open, hooks) = (OpenCalls::default(), CallHooks::default());
        Self { provider, signals, exports, open, hooks, limit, targets, active: None, done: false }
    }

    /// From now on `check()` reports on it.
    pub(super) fn activate(&mut self) {
        self.active = Some(Active::new(self.targets.clone(), self.exports.stats()));
    }

    /// The calls that have not ended: they are ended before the last spans are sent.
    pub(super) fn open_calls(&self) -> &OpenCalls {
        &self.open
    }

    /// The hooks of its layers: the closures are given the last calls before it ends.
    pub(super) fn call_hooks(&self) -> &CallHooks {
        &self.hooks
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
    /// Returns whether all of it was accepted: spans, log records and metrics, and calls by the closures of
    /// [`on_call`](crate::LlmLayer::on_call). Blocks the calling thread meanwhile, at most about 5 seconds.
    pub fn flush(&self) -> bool {
        let dropped = self.stats().dropped();
        let end = deadline(FLUSH_LIMIT);
        let (provider, signals) = (self.provider.clone(), self.signals.clone());
        let spans = Task::start(move || provider.force_flush().is_ok());
        let log_records = Task::start(move || signals.flush_logs());
        let signals = self.signals.clone();
        let metrics = move || Task::start(move || signals.flush_metrics());
        let sent = wait_for_all(spans, log_records, metrics, FLUSH_LIMIT);
        let handed_over = self.hooks.flush(end.saturating_duration_since(Instant::now()));
        sent && handed_over && self.stats().dropped() == dropped
    }

    /// The counts of spans, log records and data points that go to OTLP endpoints.
    ///
    /// They are true at any moment: what is neither exported nor dropped is in flight.
    pub fn stats(&self) -> Stats {
        self.exports.stats().get()
    }

    /// Reads [`stats`](Self::stats) later, also when telemetry has ended.
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
        self.exports.stats()
    }

    /// Sends what is left within `limit` and ends telemetry. Returns whether nothing was lost since the start: every
    /// span, log record and data point was accepted, or is kept on disk, and the closures of
    /// [`on_call`](crate::LlmLayer::on_call) were given every call.
    ///
    /// The signals end side by side, so that an endpoint or a closure that hangs holds up itself only. Metrics are
    /// collected once spans and log records are sent, or when half of the time is over. Blocks the calling thread
    /// meanwhile; it needs no runtime and may be called from any.
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
        let end = deadline(limit);
        self.exports.deadline().close_by(end);
        let left = move || end.saturating_duration_since(Instant::now());
        let (provider, signals) = (self.provider.clone(), self.signals.clone());
        let spans = Task::start(move || has_ended(&provider.shutdown_with_timeout(left())));
        let log_records = Task::start(move || signals.shutdown_logs(left()));
        let signals = self.signals.clone();
        let metrics = move || Task::start(move || signals.shutdown_metrics(left()));
        let ended = wait_for_all(spans, log_records, metrics, limit);
        // Their threads have worked meanwhile.
        let handed_over = self.hooks.flush(left());
        let stats = self.stats();
        if !ended {
            // Under the exporter's own code: a dead endpoint is one line, not two.
            let left = stats.in_flight();
            diag::warn_rarely("export", &format!("not everything could be sent within {limit:?}: {left} in flight"));
        }
        if !handed_over {
            let waiting = self.hooks.waiting();
            diag::warn_rarely("hook", &format!("on_call's closure was not given {waiting} calls within {limit:?}"));
        }
        // What was printed meanwhile is seen before the program ends.
        crate::diag::output::stderr().flush(left());
        ended && handed_over && stats.dropped() == 0 && self.hooks.dropped() == 0
    }
}

const FLUSH_LIMIT: Duration = Duration::from_secs(5);

/// Waits until spans and log records are done, or half of the time is over; then starts the metrics, which count them.
fn wait_for_all(mut spans: Task, mut log_records: Task, metrics: impl FnOnce() -> Task, limit: Duration) -> bool {
    let start = Instant::now();
    let (half, end) = (start + limit / 2, start + limit);
    spans.wait(half);
    log_records.wait(half);
    let mut metrics = metrics();
    let ended = [metrics.wait(end), spans.wait(end), log_records.wait(end)];
    ended.iter().all(|ended| *ended)
}

impl Drop for Telemetry {
    fn drop(&mut self) {
        self.end(self.limit);
    }
}
