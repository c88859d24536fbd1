//! OTLP exporters of spans, log records and metrics. All three use one [`Uploader`].

mod request;
mod uploader;

use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::transform::common::tonic::ResourceAttributesWithSchema;
use opentelemetry_proto::transform::trace::tonic::group_spans_by_resource_and_scope;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::{SpanData, SpanExporter};

use crate::export::batch::{Upkeep, span_size};
use crate::guard::shrink::shrink;
pub(crate) use request::OtlpRequest;
pub(crate) use uploader::Uploader;

/// Resends the requests of one signal that are stored on disk.
pub(crate) struct Resend<Q> {
    uploader: Arc<Uploader>,
    request: PhantomData<fn(Q)>,
}

impl<Q: OtlpRequest> Resend<Q> {
    pub(crate) fn new(uploader: Arc<Uploader>) -> Self {
        Self { uploader, request: PhantomData }
    }
}

impl<Q: OtlpRequest + 'static> Upkeep for Resend<Q> {
    fn wake_in(&self) -> Option<Duration> {
        self.uploader.resend_in()
    }

    fn run(&self) {
        self.uploader.resend::<Q>();
    }

    fn writes_to_disk(&self) -> bool {
        self.uploader.writes_to_disk()
    }

    fn close(&self) {
        self.uploader.sync();
    }
}

/// Exports spans to one destination.
#[derive(Debug)]
pub(crate) struct OtlpSpanExporter {
    uploader: Arc<Uploader>,
    resource: ResourceAttributesWithSchema,
}

impl OtlpSpanExporter {
    pub(crate) fn new(uploader: Arc<Uploader>) -> Self {
        Self { uploader, resource: ResourceAttributesWithSchema::default() }
    }
}

impl SpanExporter for OtlpSpanExporter {
    async fn export(&self, mut batch: Vec<SpanData>) -> OTelSdkResult {
        let most = self.uploader.max_bytes();
        // Cuts spans that exceed the request limit on their own.
        for span in &mut batch {
            let size = span_size(span);
            if size > most {
                // Half of the limit, because JSON and framing add to the size.
                shrink(span, most / 2);
                self.uploader.note_cut::<ExportTraceServiceRequest>(&span.name, size, span_size(span));
            }
        }
        let resource_spans = group_spans_by_resource_and_scope(batch, &self.resource);
        self.uploader.send(ExportTraceServiceRequest { resource_spans }).map_err(OTelSdkError::InternalFailure)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.resource = resource.into();
    }
}

#[cfg(feature = "logs")]
pub(crate) mod logs {
    use std::sync::Arc;

    use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
    use opentelemetry_proto::transform::common::tonic::ResourceAttributesWithSchema;
    use opentelemetry_proto::transform::logs::tonic::group_logs_by_resource_and_scope;
    use opentelemetry_sdk::Resource;
    use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
    use opentelemetry_sdk::logs::{LogBatch, LogExporter};

    use super::Uploader;
    use crate::export::batch::log_size;
    use crate::guard::log_record;

    /// Exports log records to one destination.
    #[derive(Debug)]
    pub(crate) struct OtlpLogExporter {
        uploader: Arc<Uploader>,
        resource: ResourceAttributesWithSchema,
    }

    impl OtlpLogExporter {
        pub(crate) fn new(uploader: Arc<Uploader>) -> Self {
            Self { uploader, resource: ResourceAttributesWithSchema::default() }
        }
    }

    impl LogExporter for OtlpLogExporter {
        async fn export(&self, batch: LogBatch<'_>) -> OTelSdkResult {
            let most = self.uploader.max_bytes();
            let cut: Vec<_> = batch
                .iter()
                .map(|(record, _)| {
                    let size = log_size(record);
                    (size > most).then(|| {
                        let cut = log_record::shrink(record, most / 2);
                        let name = record.event_name().unwrap_or_default();
                        self.uploader.note_cut::<ExportLogsServiceRequest>(name, size, log_size(&cut));
                        cut
                    })
                })
                .collect();
            let records: Vec<_> =
                batch.iter().zip(&cut).map(|((record, scope), cut)| (cut.as_ref().unwrap_or(record), scope)).collect();
            let resource_logs = group_logs_by_resource_and_scope(&LogBatch::new(&records), &self.resource);
            self.uploader.send(ExportLogsServiceRequest { resource_logs }).map_err(OTelSdkError::InternalFailure)
        }

        fn set_resource(&mut self, resource: &Resource) {
            self.resource = resource.into();
        }
    }
}

#[cfg(feature = "metrics")]
pub(crate) mod metrics {
    use std::sync::Arc;
    use std::time::Duration;

    use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
    use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
    use opentelemetry_sdk::metrics::Temporality;
    use opentelemetry_sdk::metrics::data::ResourceMetrics;
    use opentelemetry_sdk::metrics::exporter::PushMetricExporter;

    use super::Uploader;
    use super::request::OtlpRequest as _;
    use crate::export::recovery::survive;

    /// Exports metrics to one destination.
    #[derive(Debug)]
    pub(crate) struct OtlpMetricExporter(pub(crate) Arc<Uploader>);

    impl PushMetricExporter for OtlpMetricExporter {
        async fn export(&self, metrics: &ResourceMetrics) -> OTelSdkResult {
            let counters = self.0.counters();
            let sent = survive("the thread that exports metrics", || {
                let request = ExportMetricsServiceRequest::from(metrics);
                counters.lock().begin_unqueued(request.count());
                let sent = self.0.send(request);
                counters.lock().end_export();
                self.0.resend::<ExportMetricsServiceRequest>();
                sent
            });
            let sent = sent.unwrap_or_else(|| {
                counters.lock().restart();
                Err("the export panicked".to_owned())
            });
            sent.map_err(OTelSdkError::InternalFailure)
        }

        fn force_flush(&self) -> OTelSdkResult {
            Ok(())
        }

        fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
            self.0.sync();
            Ok(())
        }

        fn temporality(&self) -> Temporality {
            Temporality::Cumulative
        }
    }
}
