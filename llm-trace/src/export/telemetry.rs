//! The guard that exports the remaining telemetry when the program ends, within a time limit.

use std::time::{Duration, Instant};

use opentelemetry_sdk::trace::SdkTracerProvider;

use super::active::Active;
use super::exports::Exports;
use super::limits;
use super::shutdown_deadline::deadline;
use super::signals::{Signals, has_ended};
use super::stats::{Stats, StatsHandle};
use super::targets::Targets;
use super::task::Task;
use crate::process::Process;
use crate::{CallHooks, OpenCalls, diag};

/// Keeps telemetry running, and exports the remaining data within a time limit when dropped.
///
/// The limit is 5 seconds, or `OTEL_EXPORTER_OTLP_TIMEOUT` if it is set. Keep the guard in a named variable until the
/// program ends: `let _ = init()` drops it immediately.
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
/// Code that does not use `tracing` can create spans with the same provider:
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
#[must_use = "dropping the guard shuts telemetry down: keep it in a variable such as `_telemetry`"]
#[derive(Debug)]
pub struct Telemetry {
    provider: SdkTracerProvider,
    signals: Signals,
    exports: Exports,
    open: OpenCalls,
    hooks: CallHooks,
    limit: Duration,
    targets: Targets,
    /// Set once `check()` reports on this guard.
    active: Option<Active>,
    done: bool,
    /// The process of the exporting threads.
    process: Process,
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
        let process = Process::current();
        Self { provider, signals, exports, open, hooks, limit, targets, active: None, done: false, process }
    }

    /// Makes `check()` report on this guard.
    pub(super) fn activate(&mut self) {
        self.active = Some(Active::new(self.targets.clone(), self.exports.stats()));
    }

    /// The open calls: the shutdown ends them before it exports the last spans.
    pub(super) fn open_calls(&self) -> &OpenCalls {
        &self.open
    }

    /// The hooks of its layers: the shutdown passes the last calls to them.
    pub(super) fn call_hooks(&self) -> &CallHooks {
        &self.hooks
    }

    pub(super) fn signals(&self) -> &Signals {
        &self.signals
    }

    /// The tracer provider, for your own spans and for other layers.
    pub fn tracer_provider(&self) -> &SdkTracerProvider {
        &self.provider
    }

    /// Exports everything that has ended so far. In a forked child, only the closures of
    /// [`with_call_hook`](crate::LlmLayer::with_call_hook) run.
    ///
    /// Returns whether all spans, log records and metrics were accepted, and all calls were passed to the closures of
    /// [`with_call_hook`](crate::LlmLayer::with_call_hook). Blocks the calling thread for up to about 5 seconds.
    pub fn flush(&self) -> bool {
        let dropped = self.stats().dropped();
        let end = deadline(FLUSH_LIMIT);
        if !self.process.is_current() {
            return self.hooks.flush(FLUSH_LIMIT) && dropped == 0;
        }
        let (provider, signals) = (self.provider.clone(), self.signals.clone());
        let spans = Task::start(move || provider.force_flush().is_ok());
        let log_records = Task::start(move || signals.flush_logs());
        let signals = self.signals.clone();
        let metrics = move || Task::start(move || signals.flush_metrics());
        let sent = wait_for_all(spans, log_records, metrics, FLUSH_LIMIT);
        let handed_over = self.hooks.flush(end.saturating_duration_since(Instant::now()));
        sent && handed_over && self.stats().dropped() == dropped
    }

    /// The counts of spans, log records and data points that are sent to OTLP endpoints.
    ///
    /// They are consistent at any moment: every record is exported, dropped or in flight.
    pub fn stats(&self) -> Stats {
        self.exports.stats().get()
    }

    /// A handle to read [`stats`](Self::stats) later, also after the shutdown.
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

    /// Exports the remaining data within `limit` and shuts telemetry down. Returns whether no data was lost since the
    /// start: every span, log record and data point was accepted or is stored on disk, and the closures of
    /// [`with_call_hook`](crate::LlmLayer::with_call_hook) received every call.
    ///
    /// The signals shut down concurrently, so that an endpoint or a closure that hangs only delays itself. Metrics are
    /// collected after spans and log records were sent, or when half of the time has passed. Blocks the calling thread;
    /// works with and without a runtime.
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
        if !self.process.is_current() {
            self.signals.leave_to_parent();
            return self.hooks.flush(limit) && self.stats().dropped() == 0 && self.hooks.dropped() == 0;
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
        // Their threads ran in the meantime.
        let handed_over = self.hooks.flush(left());
        let stats = self.stats();
        if !ended {
            // Reported after the exporter's own errors: an endpoint that is down causes one line, not two.
            let left = stats.in_flight();
            diag::warn_rarely(
                "export",
                &format!("the shutdown exceeded {limit:?}: {left} records are still in flight"),
            );
        }
        if !handed_over {
            let waiting = self.hooks.waiting();
            diag::warn_rarely(
                "hook",
                &format!("the shutdown exceeded {limit:?}: with_call_hook's closure did not receive {waiting} calls"),
            );
        }
        // Writes all printed output before the program ends.
        crate::diag::output::stderr().flush(left());
        ended && handed_over && stats.dropped() == 0 && self.hooks.dropped() == 0
    }
}

const FLUSH_LIMIT: Duration = Duration::from_secs(5);

/// Waits until spans and log records are done, or half of the time has passed; then starts the metrics, which count
/// them.
fn wait_for_all(mut spans: Task, mut log_records: Task, metrics: impl FnOnce() -> Task, limit: Duration) -> bool {
    let (half, end) = (deadline(limit.checked_div(2).unwrap_or_default()), deadline(limit));
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
