//! Counts of spans, log records and data points that are exported, in flight or dropped, with the reason.

use super::counters::ExportCounters;
use super::exporter::Signal;

/// The counts for one destination, or for all destinations of [`init`](crate::export::init()).
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
    /// The number of dropped spans, log records and data points, for any reason.
    pub fn dropped(&self) -> u64 {
        self.signals().map(|signal| signal.dropped()).into_iter().fold(0, u64::saturating_add)
    }

    /// The number of spans, log records and data points that are queued or being sent.
    pub fn in_flight(&self) -> u64 {
        self.signals().map(|signal| signal.in_flight).into_iter().fold(0, u64::saturating_add)
    }

    fn signals(&self) -> [&SignalStats; 3] {
        [&self.spans, &self.log_records, &self.data_points]
    }
}

/// The counts of one signal. Its records are spans, log records, or data points of metrics.
///
/// At any moment `exported + in_flight + spilled + dropped()` is the number of created records plus the number of
/// `recovered` ones.
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
    /// Records that the destination accepted.
    pub exported: u64,
    /// Records that are queued or being sent.
    pub in_flight: u64,
    /// Records dropped because too many records, or too many bytes, were queued.
    pub queue_full: u64,
    /// Records dropped because they were too large, even without content.
    pub too_large: u64,
    /// Records that the destination rejected permanently, as whole requests or by partial success.
    pub rejected: u64,
    /// Records dropped because the destination did not accept them in time.
    pub unreachable: u64,
    /// Records that ended after the shutdown, or were still queued at its deadline.
    pub shutdown: u64,
    /// Records that ended in a forked child, which has no exporting threads. The counts of a child start at zero.
    pub forked: u64,
    /// Records dropped because the exporting code panicked or could not encode them.
    pub failed: u64,
    /// How often the exporting thread panicked and was started again. It does not drop the queued records.
    pub restarts: u64,
    /// Records dropped from the spill directory because it was full, oldest first.
    pub spill_full: u64,
    /// Records of this process that are in the spill directory.
    pub spilled: u64,
    /// Records of an earlier process that this process took from the spill directory.
    pub recovered: u64,
    /// Records exported to a file that was later removed because the directory was full.
    pub expired: u64,
    /// Records queued without their content because too many bytes were queued.
    pub content_dropped: u64,
    /// Records whose content was cut because they were too large.
    pub content_cut: u64,
    /// Requests that were sent again.
    pub retries: u64,
}

impl SignalStats {
    /// The number of dropped records, for any reason.
    pub fn dropped(&self) -> u64 {
        let at_the_queue = [self.queue_full, self.shutdown, self.forked];
        let after_it = [self.too_large, self.rejected, self.unreachable, self.failed, self.spill_full];
        at_the_queue.into_iter().chain(after_it).fold(0, u64::saturating_add)
    }
}

/// The counters of one signal, and the exporter's labels for metrics.
#[derive(Clone, Debug)]
pub(crate) struct Counted {
    pub(crate) signal: Signal,
    pub(crate) counters: ExportCounters,
    pub(crate) exporter: super::exporter::ExporterLabels,
    /// The maximum number of queued records; 0 without a queue.
    pub(crate) capacity: usize,
}

/// Reads the counts at any time, also after the shutdown.
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
pub struct StatsHandle(pub(super) Vec<Counted>);

impl StatsHandle {
    pub(crate) fn new(counted: Vec<Counted>) -> Self {
        Self(counted)
    }

    /// The current counts.
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
}
