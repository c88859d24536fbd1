//! How many spans, log records and data points were exported, are in flight, or were dropped, and why.

use super::counters::ExportCounters;
use super::target::Signal;

/// The counts of everything that goes to one destination, or to all that [`init`](crate::export::init) has set up.
///
/// ```
/// # fn main() -> Result<(), llm_trace::export::InitError> {
/// let parts = llm_trace::export::from_lookup(&|_| None)?;
/// let stats = parts.telemetry.stats();
/// assert_eq!((stats.dropped(), stats.in_flight()), (0, 0));
/// assert_eq!(stats.spans.exported, 0);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Stats {
    /// Spans.
    pub spans: SignalStats,
    /// Log records.
    pub log_records: SignalStats,
    /// Data points of metrics.
    pub data_points: SignalStats,
}

impl Stats {
    /// Spans, log records and data points that were dropped, for whatever reason.
    pub fn dropped(&self) -> u64 {
        self.spans.dropped() + self.log_records.dropped() + self.data_points.dropped()
    }

    /// Spans, log records and data points that are queued or being sent.
    pub fn in_flight(&self) -> u64 {
        self.spans.in_flight + self.log_records.in_flight + self.data_points.in_flight
    }
}

/// The counts of one signal: its records are spans, log records, or data points of metrics.
///
/// At any moment `exported + in_flight + spilled + dropped()` is the number of records that were made, and of those
/// that were `recovered` from disk.
///
/// ```
/// # fn main() -> Result<(), llm_trace::export::InitError> {
/// let spans = llm_trace::export::from_lookup(&|_| None)?.telemetry.stats().spans;
/// assert_eq!(spans.exported + spans.in_flight + spans.dropped(), 0);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub struct SignalStats {
    /// Records that the destination has accepted.
    pub exported: u64,
    /// Records that are queued or being sent at this moment.
    pub in_flight: u64,
    /// Records dropped because too many records, or too many bytes, were queued.
    pub queue_full: u64,
    /// Records dropped because they were too large, even without content.
    pub too_large: u64,
    /// Records that the destination refused for good, as whole requests or by partial success.
    pub rejected: u64,
    /// Records dropped because no destination accepted them in time.
    pub unreachable: u64,
    /// Records that ended after the shutdown, or were still queued when its time was over.
    pub shutdown: u64,
    /// Records dropped because code that exports them panicked or could not encode them.
    pub failed: u64,
    /// Records dropped from the spill directory because it was full. The oldest are dropped first.
    pub spill_full: u64,
    /// Records that wait in the spill directory at this moment, written by this process.
    pub spilled: u64,
    /// Records that an earlier process left in the spill directory, and that this one has taken from there.
    pub recovered: u64,
    /// Records that were exported to files, and whose file was removed since the directory was full.
    pub expired: u64,
    /// Records that were queued without their content, because too many bytes were queued.
    pub content_dropped: u64,
    /// Records whose content was cut because they were too large.
    pub content_cut: u64,
    /// Requests that were sent again.
    pub retries: u64,
}

impl SignalStats {
    /// Records that were dropped, for whatever reason.
    pub fn dropped(&self) -> u64 {
        self.queue_full
            + self.too_large
            + self.rejected
            + self.unreachable
            + self.shutdown
            + self.failed
            + self.spill_full
    }
}

/// The counters of one signal, and the words that its metrics have for the exporter.
#[derive(Clone, Debug)]
pub(crate) struct Counted {
    pub(crate) signal: Signal,
    pub(crate) counters: ExportCounters,
    #[cfg_attr(not(feature = "metrics"), allow(dead_code))]
    pub(crate) exporter: super::target::ExporterLabels,
    /// The most records in the queue, where there is one.
    #[cfg_attr(not(feature = "metrics"), allow(dead_code))]
    pub(crate) capacity: usize,
}

/// Reads the counts at any time, also after the export has ended.
///
/// ```
/// use llm_trace::export::Destination;
/// use opentelemetry::metrics::MeterProvider as _;
/// use opentelemetry_sdk::metrics::SdkMeterProvider;
///
/// # fn main() -> Result<(), llm_trace::export::InitError> {
/// let stats = Destination::http("http://localhost:4318").build()?.stats();
/// # #[cfg(feature = "metrics")]
/// stats.observe(&SdkMeterProvider::default().meter("app"));
/// println!("{} spans were dropped", stats.get().spans.dropped());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct StatsHandle(Vec<Counted>);

impl StatsHandle {
    pub(crate) fn new(counted: Vec<Counted>) -> Self {
        Self(counted)
    }

    /// The counts as they are now.
    pub fn get(&self) -> Stats {
        let mut stats = Stats::default();
        for counted in &self.0 {
            let signal = match counted.signal {
                Signal::Traces => &mut stats.spans,
                Signal::Logs => &mut stats.log_records,
                Signal::Metrics => &mut stats.data_points,
            };
            *signal = counted.counters.stats();
        }
        stats
    }

    /// Adds the counts to this meter's metrics, by the names that the conventions have for SDK metrics:
    /// `otel.sdk.processor.span.processed`, `…queue.size` and `…queue.capacity`,
    /// `otel.sdk.exporter.span.exported` and `…inflight`, the same with `log` and, for the exporter, with
    /// `metric_data_point`; and `llm_trace.export.without_content`, `llm_trace.export.retries`.
    ///
    /// [`init()`](crate::export::init) does so where metrics are on.
    #[cfg(feature = "metrics")]
    pub fn observe(&self, meter: &opentelemetry::metrics::Meter) {
        super::self_metrics::observe(&self.0, meter);
    }
}
