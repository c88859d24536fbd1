//! Builders of instruments and their labels.

use opentelemetry::metrics::{Counter, Histogram, Meter};
use opentelemetry::{Array, KeyValue, Value};

use crate::semconv::identifier::MAX_LABEL;
use crate::semconv::{Fact, Metric, Profile};
use crate::sink::measured::Measured;

/// A histogram of seconds or dollars.
pub(super) fn floats(meter: &Meter, metric: Metric, profile: Profile) -> Histogram<f64> {
    let builder = meter.f64_histogram(metric.name_or_other(profile));
    builder.with_unit(metric.unit()).with_description(metric.doc()).with_boundaries(metric.bounds().to_vec()).build()
}

/// A histogram of counts.
pub(super) fn counts(meter: &Meter, metric: Metric, profile: Profile) -> Histogram<u64> {
    let builder = meter.u64_histogram(metric.name_or_other(profile));
    builder.with_unit(metric.unit()).with_description(metric.doc()).with_boundaries(metric.bounds().to_vec()).build()
}

/// A sum of counts.
pub(super) fn sum(meter: &Meter, metric: Metric, profile: Profile) -> Counter<u64> {
    let builder = meter.u64_counter(metric.name_or_other(profile));
    builder.with_unit(metric.unit()).with_description(metric.doc()).build()
}

pub(super) fn text(key: &'static str, value: &str) -> KeyValue {
    KeyValue::new(key, value.to_owned())
}

/// The labels of those facts of a call that are known texts.
pub(super) fn known_labels<'c>(call: &Measured<'c>, facts: &'c [Fact]) -> impl Iterator<Item = KeyValue> + use<'c> {
    let known = call.facts;
    facts.iter().filter_map(move |fact| Some(text(fact.name(Profile::Latest)?, known?.text(*fact)?)))
}

/// Records with one additional attribute.
pub(super) fn with(labels: &mut Vec<KeyValue>, label: KeyValue, record: impl FnOnce(&[KeyValue])) {
    labels.push(label);
    record(labels);
    labels.pop();
}

/// Whether a value is short enough for a metric attribute.
pub(super) fn is_label(value: &Value) -> bool {
    match value {
        Value::String(text) => text.as_str().len() <= MAX_LABEL,
        Value::Array(Array::String(all)) => all.iter().map(|text| text.as_str().len()).sum::<usize>() <= MAX_LABEL,
        _ => true,
    }
}
