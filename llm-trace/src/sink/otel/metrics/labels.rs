//! Builders of instruments and their labels.

use opentelemetry::metrics::{Counter, Histogram, Meter};
use opentelemetry::{Array, KeyValue, Value};

use crate::model::Outcome;
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

/// Records the duration of a call, with its error and, unless it completed, its outcome.
pub(super) fn record_duration(
    histogram: &Histogram<f64>,
    call: &Measured<'_>,
    error: Option<&KeyValue>,
    labels: &mut Vec<KeyValue>,
) {
    let Some(duration) = call.duration else { return };
    let known = labels.len();
    labels.extend(error.cloned());
    // A cancelled call is neither an error nor a success.
    let has_outcome = labels.iter().any(|label| label.key.as_str() == Fact::Outcome.key());
    if call.outcome != Outcome::Completed && !has_outcome {
        labels.push(text(Fact::Outcome.key(), call.outcome.as_str()));
    }
    histogram.record(duration.as_secs_f64(), labels);
    labels.truncate(known);
}

/// Whether a value is short enough for a metric attribute.
pub(super) fn is_label(value: &Value) -> bool {
    match value {
        Value::String(text) => text.as_str().len() <= MAX_LABEL,
        Value::Array(Array::String(all)) => all.iter().map(|text| text.as_str().len()).sum::<usize>() <= MAX_LABEL,
        _ => true,
    }
}
