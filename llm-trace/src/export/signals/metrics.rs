//! The provider of metrics.

use std::fmt::Display;
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, Metric, MetricData, ResourceMetrics};
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;
use opentelemetry_sdk::metrics::{PeriodicReader, SdkMeterProvider, Temporality};

use crate::diag::outside;
use crate::export::config::Config;
use crate::export::error::InitError;
use crate::export::exporter::Exporter;
use crate::export::exports::Exports;
use crate::export::resource;

pub(super) use opentelemetry_sdk::metrics::SdkMeterProvider as Provider;

/// The provider, if the environment enables it.
pub(super) fn provider(config: &Config, exports: &mut Exports) -> Result<Option<SdkMeterProvider>, InitError> {
    let builder = SdkMeterProvider::builder().with_resource(resource::resource(&config.resource));
    let builder = match &config.metrics {
        Exporter::Disabled | Exporter::None => return Ok(None),
        Exporter::Console { .. } => builder.with_reader(PeriodicReader::builder(Console).build()),
        Exporter::Otlp(otlp) => exports.with_metrics(builder, otlp, config.batch)?,
    };
    Ok(Some(builder.build()))
}

/// Prints each series as a line on stderr.
#[derive(Debug)]
struct Console;

impl PushMetricExporter for Console {
    async fn export(&self, metrics: &ResourceMetrics) -> OTelSdkResult {
        let mut text = String::new();
        for metric in metrics.scope_metrics().flat_map(|scope| scope.metrics()) {
            lines(&mut text, metric);
        }
        crate::diag::output::stderr().push(text);
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

fn lines(text: &mut String, metric: &Metric) {
    match metric.data() {
        AggregatedMetrics::F64(data) => series(text, metric, data),
        AggregatedMetrics::U64(data) => series(text, metric, data),
        AggregatedMetrics::I64(data) => series(text, metric, data),
    }
}

fn series<T: Display + Copy>(text: &mut String, metric: &Metric, data: &MetricData<T>) {
    match data {
        MetricData::Histogram(histogram) => {
            for point in histogram.data_points() {
                let value = format!("count {} sum {}", point.count(), point.sum());
                line(text, metric, point.attributes(), &value);
            }
        }
        MetricData::Sum(sum) => {
            for point in sum.data_points() {
                line(text, metric, point.attributes(), &point.value().to_string());
            }
        }
        MetricData::Gauge(gauge) => {
            for point in gauge.data_points() {
                line(text, metric, point.attributes(), &point.value().to_string());
            }
        }
        MetricData::ExponentialHistogram(_) => {}
    }
}

fn line<'a>(text: &mut String, metric: &Metric, labels: impl Iterator<Item = &'a KeyValue>, value: &str) {
    // Model names are untrusted.
    let label = |label: &KeyValue| format!("{}={}", outside(label.key.as_str()), outside(&label.value.to_string()));
    let mut labels: Vec<_> = labels.map(label).collect();
    labels.sort();
    let (name, unit) = (outside(metric.name()), outside(metric.unit()));
    text.push_str(&format!("metric {name} {{{}}} {value} {unit}\n", labels.join(", ")));
}
