//! A common interface to OTLP requests: their records can be counted, split and cut.

use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, KeyValue, any_value::Value as Any};
use prost::Message;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::export::exporter::Signal;
use crate::guard::shrink::is_content;
use crate::policy::Report;

/// A request of one signal.
pub(crate) trait OtlpRequest: Message + Default + Serialize + DeserializeOwned {
    const SIGNAL: Signal;
    /// The singular and the plural name of a record in messages.
    const RECORD: [&'static str; 2];
    type Response: Message + Default + DeserializeOwned;

    /// The number of records.
    fn count(&self) -> usize;

    /// Splits off about half of the records; `None` if there is only one.
    fn split(&mut self) -> Option<Self>;

    /// Visits the values of all attributes.
    fn visit_values(&mut self, visit: Visit<'_>);

    /// Drops the content of a request's only record and notes that in the record. Returns its name; `None` if it had no
    /// content.
    fn drop_content(&mut self) -> Option<String>;

    /// The number of records rejected in a successful response, and the reason.
    fn partial_success(response: Self::Response) -> (i64, String);
}

/// Is called with the value of each attribute.
type Visit<'a> = &'a mut dyn FnMut(&mut AnyValue);

/// Encodes a request as JSON. Numbers that are not finite become texts, because JSON has no such numbers: collectors
/// reject a whole request with a `null` in place of a number.
pub(super) fn to_json<Q: OtlpRequest>(request: &mut Q) -> Result<Vec<u8>, String> {
    request.visit_values(&mut spell_out);
    serde_json::to_vec(request).map_err(|error| error.to_string())
}

fn spell_out(value: &mut AnyValue) {
    match &mut value.value {
        Some(Any::DoubleValue(number)) if !number.is_finite() => {
            let text = match *number {
                f64::INFINITY => "Infinity",
                f64::NEG_INFINITY => "-Infinity",
                _ => "NaN",
            };
            value.value = Some(Any::StringValue(text.to_owned()));
        }
        Some(Any::ArrayValue(array)) => array.values.iter_mut().for_each(spell_out),
        Some(Any::KvlistValue(map)) => visit_all(&mut map.values, &mut spell_out),
        _ => {}
    }
}

fn visit_all(attributes: &mut [KeyValue], visit: Visit<'_>) {
    attributes.iter_mut().filter_map(|attribute| attribute.value.as_mut()).for_each(visit);
}

/// Implements the common structure of requests: resources contain scopes, and scopes contain items.
macro_rules! nested {
    ($request:ty, $resources:ident, $scopes:ident, $items:ident: $item:ty) => {
        fn items(request: &$request) -> impl Iterator<Item = &$item> {
            request.$resources.iter().flat_map(|resource| &resource.$scopes).flat_map(|scope| &scope.$items)
        }

        fn items_mut(request: &mut $request) -> impl Iterator<Item = &mut $item> {
            let scopes = request.$resources.iter_mut().flat_map(|resource| &mut resource.$scopes);
            scopes.flat_map(|scope| &mut scope.$items)
        }

        /// Visits the values of the attributes of resources and scopes.
        fn visit_outer(request: &mut $request, visit: super::Visit<'_>) {
            for resource in &mut request.$resources {
                resource.resource.iter_mut().for_each(|resource| super::visit_all(&mut resource.attributes, visit));
                let scopes = resource.$scopes.iter_mut().filter_map(|scope| scope.scope.as_mut());
                scopes.for_each(|scope| super::visit_all(&mut scope.attributes, visit));
            }
        }

        /// Moves `wanted` items of a request, with their resource and scope, into a new request.
        fn take(request: &mut $request, wanted: usize) -> $request {
            let mut left = wanted;
            let mut taken = <$request>::default();
            for resource in &mut request.$resources {
                let mut scopes = Vec::new();
                for scope in &mut resource.$scopes {
                    let rest = scope.$items.split_off(left.min(scope.$items.len()));
                    let items = std::mem::take(&mut scope.$items);
                    left = left.saturating_sub(items.len());
                    if !items.is_empty() {
                        let mut own = scope.clone();
                        own.$items = items;
                        scopes.push(own);
                    }
                    scope.$items = rest;
                }
                if !scopes.is_empty() {
                    let rest = std::mem::take(&mut resource.$scopes);
                    let mut own = resource.clone();
                    own.$scopes = scopes;
                    taken.$resources.push(own);
                    resource.$scopes = rest;
                }
                resource.$scopes.retain(|scope| !scope.$items.is_empty());
            }
            request.$resources.retain(|resource| !resource.$scopes.is_empty());
            taken
        }
    };
}

mod traces {
    use opentelemetry_proto::tonic::collector::trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse};
    use opentelemetry_proto::tonic::trace::v1::Span;

    use super::{OtlpRequest, Visit, note, visit_all, without_content};
    use crate::export::exporter::Signal;

    nested!(ExportTraceServiceRequest, resource_spans, scope_spans, spans: Span);

    impl OtlpRequest for ExportTraceServiceRequest {
        const SIGNAL: Signal = Signal::Traces;
        const RECORD: [&'static str; 2] = ["span", "spans"];
        type Response = ExportTraceServiceResponse;

        fn count(&self) -> usize {
            items(self).count()
        }

        fn split(&mut self) -> Option<Self> {
            let count = self.count();
            (count > 1).then(|| take(self, count / 2))
        }

        fn visit_values(&mut self, visit: Visit<'_>) {
            visit_outer(self, visit);
            for span in items_mut(self) {
                visit_all(&mut span.attributes, visit);
                span.events.iter_mut().for_each(|event| visit_all(&mut event.attributes, visit));
                span.links.iter_mut().for_each(|link| visit_all(&mut link.attributes, visit));
            }
        }

        fn drop_content(&mut self) -> Option<String> {
            let span = items_mut(self).next()?;
            let events = span.events.iter_mut().map(|event| without_content(&mut event.attributes)).sum::<usize>();
            let dropped = without_content(&mut span.attributes).saturating_add(events);
            note(&mut span.attributes, dropped)?;
            Some(span.name.clone())
        }

        fn partial_success(response: Self::Response) -> (i64, String) {
            let partial = response.partial_success.unwrap_or_default();
            (partial.rejected_spans, partial.error_message)
        }
    }
}

fn without_content(attributes: &mut Vec<KeyValue>) -> usize {
    let before = attributes.len();
    attributes.retain(|attribute| !is_content(&attribute.key));
    before.saturating_sub(attributes.len())
}

/// Notes how many values with content were dropped; `None` if there were none.
fn note(attributes: &mut Vec<KeyValue>, dropped: usize) -> Option<()> {
    if dropped == 0 {
        return None;
    }
    let note = AnyValue { value: Some(Any::StringValue(format!("cut:content={dropped}"))) };
    match attributes.iter_mut().find(|attribute| attribute.key == Report::KEY) {
        Some(KeyValue { value: Some(AnyValue { value: Some(Any::ArrayValue(notes)) }), .. }) => notes.values.push(note),
        _ => attributes.push(KeyValue {
            key: Report::KEY.to_owned(),
            value: Some(AnyValue { value: Some(Any::ArrayValue(ArrayValue { values: vec![note] })) }),
            ..KeyValue::default()
        }),
    }
    Some(())
}

#[cfg(feature = "logs")]
mod logs {
    use opentelemetry_proto::tonic::collector::logs::v1::{ExportLogsServiceRequest, ExportLogsServiceResponse};
    use opentelemetry_proto::tonic::logs::v1::LogRecord;

    use super::{OtlpRequest, Visit, note, visit_all, without_content};
    use crate::export::exporter::Signal;

    nested!(ExportLogsServiceRequest, resource_logs, scope_logs, log_records: LogRecord);

    impl OtlpRequest for ExportLogsServiceRequest {
        const SIGNAL: Signal = Signal::Logs;
        const RECORD: [&'static str; 2] = ["log record", "log records"];
        type Response = ExportLogsServiceResponse;

        fn count(&self) -> usize {
            items(self).count()
        }

        fn split(&mut self) -> Option<Self> {
            let count = self.count();
            (count > 1).then(|| take(self, count / 2))
        }

        fn visit_values(&mut self, visit: Visit<'_>) {
            visit_outer(self, visit);
            for record in items_mut(self) {
                visit_all(&mut record.attributes, visit);
                record.body.iter_mut().for_each(&mut *visit);
            }
        }

        fn drop_content(&mut self) -> Option<String> {
            let record = items_mut(self).next()?;
            let body = usize::from(record.body.take().is_some());
            let dropped = without_content(&mut record.attributes).saturating_add(body);
            note(&mut record.attributes, dropped)?;
            Some(record.event_name.clone())
        }

        fn partial_success(response: Self::Response) -> (i64, String) {
            let partial = response.partial_success.unwrap_or_default();
            (partial.rejected_log_records, partial.error_message)
        }
    }
}

#[cfg(feature = "metrics")]
mod metrics {
    use opentelemetry_proto::tonic::collector::metrics::v1::{
        ExportMetricsServiceRequest, ExportMetricsServiceResponse,
    };
    use opentelemetry_proto::tonic::metrics::v1::{Metric, metric::Data};

    use super::{OtlpRequest, Visit, visit_all};
    use crate::export::exporter::Signal;

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
            let metrics = items(self).count();
            if metrics > 1 {
                return Some(take(self, metrics / 2));
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
}

#[cfg(test)]
#[path = "request_tests.rs"]
mod tests;
