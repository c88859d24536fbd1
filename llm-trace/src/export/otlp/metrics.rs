//! The export of metrics.

use std::sync::Arc;
use std::time::Duration;

use opentelemetry_proto::tonic::collector::metrics::v1::{ExportMetricsServiceRequest, ExportMetricsServiceResponse};
use opentelemetry_proto::tonic::metrics::v1::{Metric, metric::Data};
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::metrics::data::ResourceMetrics;
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;
use opentelemetry_sdk::metrics::{MeterProviderBuilder, PeriodicReader, Temporality};

use super::recovery::survive;
use super::request::{OtlpRequest, Visit, nested, visit_all};
use super::uploader::Uploader;
use crate::export::error::InitError;
use crate::export::exporter::{Otlp, Signal};
use crate::export::exports::Exports;
use crate::export::limits::Limits;

impl Exports {
    /// Adds an exporter of metrics to a provider.
    pub(crate) fn with_metrics(
        &mut self,
        builder: MeterProviderBuilder,
        otlp: &Otlp,
        limits: Limits,
    ) -> Result<MeterProviderBuilder, InitError> {
        let exporter = OtlpMetricExporter(self.uploader::<ExportMetricsServiceRequest>(otlp, limits)?.0);
        Ok(builder.with_reader(PeriodicReader::builder(exporter).build()))
    }
}

/// Exports metrics to one destination.
#[derive(Debug)]
struct OtlpMetricExporter(Arc<Uploader>);

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

macro_rules! visit_points {
    ($data:ident, $visit:ident) => {
        $data.data_points.iter_mut().for_each(|point| visit_all(&mut point.attributes, $visit))
    };
}

nested!(ExportMetricsServiceRequest, resource_metrics, scope_metrics, metrics: Metric);

impl OtlpRequest for ExportMetricsServiceRequest {
    const SIGNAL: Signal = Signal::Metrics;
    const RECORD: [&'static str; 2] = ["data point", "data points"];
    type Response = ExportMetricsServiceResponse;

    fn count(&self) -> usize {
        items(self).map(points).sum()
    }

    fn split(&mut self) -> Option<Self> {
        if let Some(half) = half(self) {
            return Some(half);
        }
        // A single metric with several series: its points are split.
        let rest = rest_of_points(items_mut(self).next()?)?;
        let mut half = self.clone();
        items_mut(&mut half).next()?.data = Some(rest);
        Some(half)
    }

    fn visit_values(&mut self, visit: Visit<'_>) {
        visit_outer(self, visit);
        for metric in items_mut(self) {
            match &mut metric.data {
                None => {}
                Some(Data::Gauge(data)) => visit_points!(data, visit),
                Some(Data::Sum(data)) => visit_points!(data, visit),
                Some(Data::Histogram(data)) => visit_points!(data, visit),
                Some(Data::ExponentialHistogram(data)) => visit_points!(data, visit),
                Some(Data::Summary(data)) => visit_points!(data, visit),
            }
        }
    }

    fn drop_content(&mut self) -> Option<String> {
        None
    }

    fn partial_success(response: Self::Response) -> (i64, String) {
        let partial = response.partial_success.unwrap_or_default();
        (partial.rejected_data_points, partial.error_message)
    }
}

fn points(metric: &Metric) -> usize {
    match &metric.data {
        None => 0,
        Some(Data::Gauge(data)) => data.data_points.len(),
        Some(Data::Sum(data)) => data.data_points.len(),
        Some(Data::Histogram(data)) => data.data_points.len(),
        Some(Data::ExponentialHistogram(data)) => data.data_points.len(),
        Some(Data::Summary(data)) => data.data_points.len(),
    }
}

/// Splits off half of a metric's points; `None` if there is only one.
fn rest_of_points(metric: &mut Metric) -> Option<Data> {
    let half = points(metric) / 2;
    if half == 0 {
        return None;
    }
    let mut rest = metric.data.take()?;
    let mut kept = rest.clone();
    match (&mut kept, &mut rest) {
        (Data::Gauge(kept), Data::Gauge(rest)) => divide(&mut kept.data_points, &mut rest.data_points, half),
        (Data::Sum(kept), Data::Sum(rest)) => divide(&mut kept.data_points, &mut rest.data_points, half),
        (Data::Histogram(kept), Data::Histogram(rest)) => {
            divide(&mut kept.data_points, &mut rest.data_points, half);
        }
        (Data::ExponentialHistogram(kept), Data::ExponentialHistogram(rest)) => {
            divide(&mut kept.data_points, &mut rest.data_points, half);
        }
        (Data::Summary(kept), Data::Summary(rest)) => divide(&mut kept.data_points, &mut rest.data_points, half),
        _ => {}
    }
    metric.data = Some(kept);
    Some(rest)
}

fn divide<P>(kept: &mut Vec<P>, rest: &mut Vec<P>, half: usize) {
    kept.truncate(half);
    rest.drain(..half);
}
