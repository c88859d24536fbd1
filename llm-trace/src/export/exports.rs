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

#[cfg(any(feature = "otlp-http", feature = "otlp-grpc"))]
mod otlp {
    use std::sync::Arc;

    use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
    use opentelemetry_sdk::trace::SpanData;

    use super::Exports;
    use crate::PolicyHandle;
    use crate::export::batch::{BatchProcessor, SpanBatches};
    use crate::export::counters::ExportCounters;
    use crate::export::endpoint;
    use crate::export::error::InitError;
    use crate::export::exporter::Otlp;
    use crate::export::limits::Limits;
    use crate::export::otlp::{OtlpRequest, OtlpSpanExporter, Resend, Uploader};
    use crate::export::stats::Counted;

    impl Exports {
        fn uploader<Q: OtlpRequest>(
            &mut self,
            otlp: &Otlp,
            limits: Limits,
        ) -> Result<(Arc<Uploader>, ExportCounters), InitError> {
            let (signal, counters) = (Q::SIGNAL, ExportCounters::default());
            let uploader = Uploader::new::<Q>(otlp, limits.batch_bytes, self.deadline.clone(), counters.clone())?;
            self.counted.push(Counted {
                signal,
                counters: counters.clone(),
                exporter: otlp.labels(signal),
                capacity: limits.queue_records,
            });
            Ok((Arc::new(uploader), counters))
        }

        /// A batch processor for spans. The [`RedactProcessor`](crate::RedactProcessor) in front of it must keep its
        /// notes.
        pub(crate) fn span_batches(
            &mut self,
            otlp: &Otlp,
            limits: Limits,
            policy: &PolicyHandle,
        ) -> Result<BatchProcessor<SpanData>, InitError> {
            let (uploader, counters) = self.uploader::<ExportTraceServiceRequest>(otlp, limits)?;
            let resend = Resend::<ExportTraceServiceRequest>::new(Arc::clone(&uploader));
            let exporter = crate::guard::RedactExporter::new(OtlpSpanExporter::new(uploader), policy.clone());
            BatchProcessor::start(SpanBatches(exporter), resend, limits, self.deadline.clone(), counters)
                .map_err(|error| no_thread(otlp, &error))
        }
    }

    fn no_thread(otlp: &Otlp, error: &std::io::Error) -> InitError {
        InitError::Transport { endpoint: endpoint::shown(&otlp.url), reason: error.to_string() }
    }

    #[cfg(feature = "logs")]
    mod logs {
        use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;

        use super::*;
        use crate::export::batch::{LogBatches, LogData};
        use crate::export::otlp::logs::OtlpLogExporter;
        use crate::guard::RedactLogExporter;

        impl Exports {
            /// A batch processor for log records. The [`RedactLogProcessor`](crate::RedactLogProcessor) in front of it
            /// must keep its notes.
            pub(crate) fn log_batches(
                &mut self,
                otlp: &Otlp,
                limits: Limits,
                policy: &PolicyHandle,
            ) -> Result<BatchProcessor<LogData>, InitError> {
                let (uploader, counters) = self.uploader::<ExportLogsServiceRequest>(otlp, limits)?;
                let resend = Resend::<ExportLogsServiceRequest>::new(Arc::clone(&uploader));
                let exporter = RedactLogExporter::new(OtlpLogExporter::new(uploader), policy.clone());
                BatchProcessor::start(LogBatches(exporter), resend, limits, self.deadline.clone(), counters)
                    .map_err(|error| no_thread(otlp, &error))
            }
        }
    }

    #[cfg(feature = "metrics")]
    mod metrics {
        use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;

        use super::*;
        use crate::export::otlp::metrics::OtlpMetricExporter;

        impl Exports {
            /// An exporter for metrics.
            pub(crate) fn metrics(&mut self, otlp: &Otlp, limits: Limits) -> Result<OtlpMetricExporter, InitError> {
                Ok(OtlpMetricExporter(self.uploader::<ExportMetricsServiceRequest>(otlp, limits)?.0))
            }
        }
    }
}

#[cfg(not(any(feature = "otlp-http", feature = "otlp-grpc")))]
mod none {
    use super::Exports;
    use crate::PolicyHandle;
    use crate::export::console::ConsoleProcessor;
    use crate::export::error::InitError;
    use crate::export::exporter::Otlp;
    use crate::export::limits::Limits;

    impl Exports {
        pub(crate) fn span_batches(
            &mut self,
            otlp: &Otlp,
            _limits: Limits,
            _policy: &PolicyHandle,
        ) -> Result<ConsoleProcessor, InitError> {
            Err(otlp.not_compiled_in())
        }
    }
}
