//! Metrics and logs that are passed to the collector as encoded OTLP, without a network.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderValue};
use opentelemetry_proto::tonic::collector::{
    logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest,
};
use opentelemetry_proto::tonic::common::v1::{InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::metrics::v1::{Metric, metric::Data, number_data_point};
use opentelemetry_proto::transform::common::tonic::ResourceAttributesWithSchema;
use opentelemetry_proto::transform::logs::tonic::group_logs_by_resource_and_scope;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::logs::{LogBatch, LogExporter, SdkLoggerProvider};
use opentelemetry_sdk::metrics::data::ResourceMetrics;
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;
use opentelemetry_sdk::metrics::{PeriodicReader, SdkMeterProvider, Temporality};
use prost::Message;
use serde_json::{Map, Value};

use super::Collector;
use super::received::{attribute, attributes_json};
use super::store::{Request, Store};

struct Straight {
    store: Arc<Store>,
    resource: ResourceAttributesWithSchema,
}

impl fmt::Debug for Straight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Straight")
    }
}

impl Straight {
    fn send(&self, path: &str, body: Vec<u8>) {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_static("application/x-protobuf"));
        self.store.receive(Request {
            method: "POST".into(),
            path: path.into(),
            query: None,
            headers,
            wire_size: body.len(),
            body,
            accepted: false,
            rejected: 0,
        });
    }
}

impl PushMetricExporter for Straight {
    async fn export(&self, metrics: &ResourceMetrics) -> OTelSdkResult {
        self.send("/v1/metrics", ExportMetricsServiceRequest::from(metrics).encode_to_vec());
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

impl LogExporter for Straight {
    async fn export(&self, batch: LogBatch<'_>) -> OTelSdkResult {
        let resource_logs = group_logs_by_resource_and_scope(&batch, &self.resource);
        self.send("/v1/logs", ExportLogsServiceRequest { resource_logs }.encode_to_vec());
        Ok(())
    }
}

/// One series of a metric, with its scope.
#[derive(Clone, Debug)]
pub struct Series {
    /// The metric's name.
    pub metric: String,
    /// Its unit.
    pub unit: String,
    /// Its labels.
    pub labels: Map<String, Value>,
    /// Bucket boundaries of a histogram.
    pub bounds: Vec<f64>,
    /// The number of values in each bucket.
    pub buckets: Vec<u64>,
    /// The number of values; 0 for a counter.
    pub count: u64,
    /// The sum of the values, or the value of a counter.
    pub sum: f64,
    /// The schema URL of its scope.
    pub schema_url: String,
}

/// A log record with its scope.
#[derive(Clone, Debug)]
pub struct ReceivedLog {
    /// The record itself.
    pub record: LogRecord,
    /// Its instrumentation scope.
    pub scope: InstrumentationScope,
    /// The schema URL of its scope.
    pub schema_url: String,
}

impl ReceivedLog {
    /// An attribute's value as JSON.
    pub fn attribute(&self, key: &str) -> Option<Value> {
        attribute(&self.record.attributes, key)
    }

    /// All attributes as JSON.
    pub fn attributes(&self) -> Map<String, Value> {
        attributes_json(&self.record.attributes)
    }
}

impl Collector {
    fn straight(&self) -> Straight {
        Straight { store: Arc::clone(&self.store), resource: ResourceAttributesWithSchema::default() }
    }

    /// A provider whose metrics arrive here after a `force_flush`.
    pub fn meter_provider(&self) -> SdkMeterProvider {
        let reader = PeriodicReader::builder(self.straight()).with_interval(Duration::from_secs(3600)).build();
        SdkMeterProvider::builder().with_reader(reader).build()
    }

    /// A provider whose log records arrive here as soon as they are emitted.
    pub fn logger_provider(&self) -> SdkLoggerProvider {
        SdkLoggerProvider::builder().with_simple_exporter(self.straight()).build()
    }

    /// An exporter that passes encoded log records to this collector without a network.
    pub fn log_exporter(&self) -> impl LogExporter + use<> {
        self.straight()
    }

    /// The latest state of every series, by metric.
    pub fn series(&self) -> BTreeMap<String, Vec<Series>> {
        let mut all: BTreeMap<String, Vec<Series>> = BTreeMap::new();
        let Some(newest) = self.metric_requests().pop() else { return all };
        for scoped in newest.resource_metrics.into_iter().flat_map(|resource| resource.scope_metrics) {
            for metric in &scoped.metrics {
                all.entry(metric.name.clone()).or_default().extend(series(metric, &scoped.schema_url));
            }
        }
        all
    }

    /// The accepted log records so far, in order of arrival.
    pub fn logs(&self) -> Vec<ReceivedLog> {
        let resources = self.log_requests().into_iter().flat_map(|request| request.resource_logs);
        let scopes = resources.flat_map(|resource| resource.scope_logs);
        scopes
            .flat_map(|scoped| {
                let scope = scoped.scope.unwrap_or_default();
                let schema_url = scoped.schema_url;
                scoped.log_records.into_iter().map(move |record| ReceivedLog {
                    record,
                    scope: scope.clone(),
                    schema_url: schema_url.clone(),
                })
            })
            .collect()
    }
}

fn series(metric: &Metric, schema_url: &str) -> Vec<Series> {
    let plain = |labels: &[KeyValue]| Series {
        metric: metric.name.clone(),
        unit: metric.unit.clone(),
        labels: attributes_json(labels),
        bounds: Vec::new(),
        buckets: Vec::new(),
        count: 0,
        sum: 0.0,
        schema_url: schema_url.to_owned(),
    };
    match &metric.data {
        Some(Data::Histogram(histogram)) => histogram
            .data_points
            .iter()
            .map(|point| Series {
                bounds: point.explicit_bounds.clone(),
                buckets: point.bucket_counts.clone(),
                count: point.count,
                sum: point.sum.unwrap_or_default(),
                ..plain(&point.attributes)
            })
            .collect(),
        Some(Data::Sum(sum)) => sum
            .data_points
            .iter()
            .map(|point| Series {
                sum: match point.value {
                    Some(number_data_point::Value::AsInt(value)) => value as f64,
                    Some(number_data_point::Value::AsDouble(value)) => value,
                    None => 0.0,
                },
                ..plain(&point.attributes)
            })
            .collect(),
        other => panic!("{}: a kind of data no test expects: {other:?}", metric.name),
    }
}
