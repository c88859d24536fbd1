//! The exporters of one set of destinations, with their shared shutdown deadline and counts.

use super::counters::ExportCounters;
use super::exporter::{ExporterLabels, Signal};
use super::shutdown_deadline::ShutdownDeadline;
use super::stats::{Counted, StatsHandle};

/// Creates the exporters of a pipeline and keeps their shutdown deadline and their counts.
#[derive(Debug, Default)]
pub(crate) struct Exports {
    /// Shared by spans, log records and metrics.
    deadline: ShutdownDeadline,
    counted: Vec<Counted>,
}

impl Exports {
    /// The shared shutdown deadline.
    pub(crate) fn deadline(&self) -> &ShutdownDeadline {
        &self.deadline
    }

    /// Adds an exporter whose records are counted.
    pub(crate) fn count(&mut self, counted: Counted) {
        self.counted.push(counted);
    }

    /// The counters of printed spans. They only count dropped spans.
    pub(crate) fn console(&mut self) -> ExportCounters {
        let counters = ExportCounters::default();
        let exporter = ExporterLabels { kind: "llm_trace_console_span_exporter", server: Vec::new() };
        self.counted.push(Counted { signal: Signal::Traces, counters: counters.clone(), exporter, capacity: 0 });
        counters
    }

    /// The counts of all exporters created so far.
    pub(crate) fn stats(&self) -> StatsHandle {
        StatsHandle::new(self.counted.clone())
    }
}
