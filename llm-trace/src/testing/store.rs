//! Keeps exported spans, log records and metrics in memory.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::transform::common::tonic::ResourceAttributesWithSchema;
use opentelemetry_proto::transform::trace::tonic::group_spans_by_resource_and_scope;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SpanData, SpanExporter};
use prost::Message;

/// All exported data. Clones share it.
#[derive(Clone, Default)]
pub(super) struct Store(Arc<Mutex<Content>>);

#[derive(Default)]
struct Content {
    spans: Vec<SpanData>,
    logs: Vec<opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest>,
    /// The latest metric export, encoded. It contains all earlier data.
    metrics: Vec<u8>,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Store")
    }
}

impl Store {
    fn lock(&self) -> MutexGuard<'_, Content> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn spans(&self) -> Vec<SpanData> {
        self.lock().spans.clone()
    }

    pub(super) fn clear(&self) {
        *self.lock() = Content::default();
    }

    /// The spans as encoded OTLP requests, one span each.
    pub(super) fn encoded_spans(&self) -> Vec<u8> {
        let resource = ResourceAttributesWithSchema::default();
        let resource_spans = group_spans_by_resource_and_scope(self.spans(), &resource);
        ExportTraceServiceRequest { resource_spans }.encode_to_vec()
    }
}

impl SpanExporter for Store {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.lock().spans.extend(batch);
        Ok(())
    }
}

mod logs {
    use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
    use opentelemetry_proto::tonic::logs::v1::LogRecord;
    use opentelemetry_proto::transform::common::tonic::ResourceAttributesWithSchema;
    use opentelemetry_proto::transform::logs::tonic::group_logs_by_resource_and_scope;
    use opentelemetry_sdk::error::OTelSdkResult;
    use opentelemetry_sdk::logs::{LogBatch, LogExporter, SdkLoggerProvider};
    use prost::Message;

    use super::Store;

    impl Store {
        pub(in crate::testing) fn logger_provider(&self) -> SdkLoggerProvider {
            SdkLoggerProvider::builder().with_simple_exporter(self.clone()).build()
        }

        pub(in crate::testing) fn logs(&self) -> Vec<LogRecord> {
            let requests = self.lock().logs.clone();
            let scopes = requests.into_iter().flat_map(|request| request.resource_logs).flat_map(|all| all.scope_logs);
            scopes.flat_map(|scope| scope.log_records).collect()
        }

        pub(in crate::testing) fn encoded_logs(&self) -> Vec<u8> {
            self.lock().logs.iter().flat_map(Message::encode_to_vec).collect()
        }
    }

    impl LogExporter for Store {
        async fn export(&self, batch: LogBatch<'_>) -> OTelSdkResult {
            let resource_logs = group_logs_by_resource_and_scope(&batch, &ResourceAttributesWithSchema::default());
            self.lock().logs.push(ExportLogsServiceRequest { resource_logs });
            Ok(())
        }
    }
}

mod metrics {
    use std::time::Duration;

    use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
    use opentelemetry_sdk::error::OTelSdkResult;
    use opentelemetry_sdk::metrics::data::ResourceMetrics;
    use opentelemetry_sdk::metrics::exporter::PushMetricExporter;
    use opentelemetry_sdk::metrics::{PeriodicReader, SdkMeterProvider, Temporality};
    use prost::Message;

    use super::Store;

    /// Longer than any test: metrics are exported by flushes only.
    const INTERVAL: Duration = Duration::from_secs(24 * 60 * 60);

    impl Store {
        pub(in crate::testing) fn meter_provider(&self) -> SdkMeterProvider {
            let reader = PeriodicReader::builder(self.clone()).with_interval(INTERVAL).build();
            SdkMeterProvider::builder().with_reader(reader).build()
        }

        pub(in crate::testing) fn encoded_metrics(&self) -> Vec<u8> {
            self.lock().metrics.clone()
        }
    }

    impl PushMetricExporter for Store {
        async fn export(&self, metrics: &ResourceMetrics) -> OTelSdkResult {
            self.lock().metrics = ExportMetricsServiceRequest::from(metrics).encode_to_vec();
            Ok(())
        }

        fn force_flush(&self) -> OTelSdkResult {
            Ok(())
        }

        fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
            Ok(())
        }

        fn temporality(&self) -> Temporality {
            Temporality::Cumulative
        }
    }
}
