#![allow(clippy::unwrap_used)]

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, InstrumentationScope, KeyValue, KeyValueList, any_value::Value as Any,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, span};

use super::{OtlpRequest, to_json};

fn value(number: f64) -> AnyValue {
    AnyValue { value: Some(Any::DoubleValue(number)) }
}

fn attribute(value: AnyValue) -> KeyValue {
    KeyValue { key: "ratio".into(), value: Some(value), ..KeyValue::default() }
}

fn resource() -> Option<Resource> {
    Some(Resource { attributes: vec![attribute(value(f64::NAN))], ..Resource::default() })
}

fn scope() -> Option<InstrumentationScope> {
    Some(InstrumentationScope { attributes: vec![attribute(value(f64::NAN))], ..InstrumentationScope::default() })
}

/// The number of texts in place of numbers. A reader of JSON accepts the line.
#[track_caller]
fn texts<Q: OtlpRequest + PartialEq + std::fmt::Debug>(mut request: Q) -> [usize; 3] {
    let line = String::from_utf8(to_json(&mut request).unwrap()).unwrap();
    assert!(!line.contains(r#""doubleValue":null"#), "{line}");
    assert_eq!(serde_json::from_str::<Q>(&line).unwrap(), request);
    ["NaN", "Infinity", "-Infinity"].map(|text| line.matches(&format!(r#"{{"stringValue":"{text}"}}"#)).count())
}

#[test]
fn numbers_of_spans_that_are_not_finite_are_texts() {
    let list = Any::ArrayValue(ArrayValue { values: [f64::INFINITY, 0.5, f64::NEG_INFINITY].map(value).into() });
    let map = Any::KvlistValue(KeyValueList { values: vec![attribute(value(f64::NEG_INFINITY))] });
    let attributes = [list, map].map(|value| attribute(AnyValue { value: Some(value) })).into();
    let nan = || vec![attribute(value(f64::NAN))];
    let span = Span {
        attributes,
        events: vec![span::Event { attributes: nan(), ..span::Event::default() }],
        links: vec![span::Link { attributes: nan(), ..span::Link::default() }],
        ..Span::default()
    };
    let scope_spans = vec![ScopeSpans { scope: scope(), spans: vec![span], ..ScopeSpans::default() }];
    let resource_spans = vec![ResourceSpans { resource: resource(), scope_spans, ..ResourceSpans::default() }];
    assert_eq!(texts(ExportTraceServiceRequest { resource_spans }), [4, 1, 2]);
}

#[cfg(feature = "logs")]
#[test]
fn numbers_of_log_records_that_are_not_finite_are_texts() {
    use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
    use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};

    let body = Some(value(f64::INFINITY));
    let record = LogRecord { attributes: vec![attribute(value(f64::NAN))], body, ..LogRecord::default() };
    let scope_logs = vec![ScopeLogs { scope: scope(), log_records: vec![record], ..ScopeLogs::default() }];
    let resource_logs = vec![ResourceLogs { resource: resource(), scope_logs, ..ResourceLogs::default() }];
    assert_eq!(texts(ExportLogsServiceRequest { resource_logs }), [3, 1, 0]);
}

#[cfg(feature = "metrics")]
#[test]
fn labels_of_metrics_that_are_not_finite_are_texts() {
    use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
    use opentelemetry_proto::tonic::metrics::v1::{
        ExponentialHistogram, ExponentialHistogramDataPoint, Gauge, Histogram, HistogramDataPoint, Metric,
        NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum, Summary, SummaryDataPoint, metric::Data,
    };

    let attributes = || vec![attribute(value(f64::NAN))];
    let number = || vec![NumberDataPoint { attributes: attributes(), ..NumberDataPoint::default() }];
    let histogram = HistogramDataPoint { attributes: attributes(), ..HistogramDataPoint::default() };
    let exponential =
        ExponentialHistogramDataPoint { attributes: attributes(), ..ExponentialHistogramDataPoint::default() };
    let summary = SummaryDataPoint { attributes: attributes(), ..SummaryDataPoint::default() };
    let data = [
        Data::Gauge(Gauge { data_points: number() }),
        Data::Sum(Sum { data_points: number(), ..Sum::default() }),
        Data::Histogram(Histogram { data_points: vec![histogram], ..Histogram::default() }),
        Data::ExponentialHistogram(ExponentialHistogram {
            data_points: vec![exponential],
            ..ExponentialHistogram::default()
        }),
        Data::Summary(Summary { data_points: vec![summary] }),
    ];
    let metrics = data.map(|data| Metric { data: Some(data), ..Metric::default() }).into();
    let scope_metrics = vec![ScopeMetrics { scope: scope(), metrics, ..ScopeMetrics::default() }];
    let resource_metrics = vec![ResourceMetrics { resource: resource(), scope_metrics, ..ResourceMetrics::default() }];
    assert_eq!(texts(ExportMetricsServiceRequest { resource_metrics }), [7, 0, 0]);
}
