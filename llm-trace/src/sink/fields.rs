//! A call's facts as fields of its `tracing` span: layers of every OpenTelemetry version see them.
//!
//! A callsite takes a limited number of fields, and every empty one costs. So facts that are known late are recorded
//! through one set of fields that belongs to this library, and not to the span's callsite.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

use serde_json::{Map, Value as Json};
use tracing::callsite::{Callsite, Identifier};
use tracing::field::{Field, FieldSet, Value};
use tracing::metadata::Kind;
use tracing::span::Record;
use tracing::subscriber::Interest;
use tracing::{Level, Metadata, Span};

use super::identity;
use crate::ambient::TraceBackend;
use crate::arguments::StartFields;
use crate::otel::{Array, KeyValue, StringValue, Value as OtelValue};
use crate::semconv::{ContentField, Fact, Profile, openinference};

const STATUS_CODE: &str = "otel.status_code";
const STATUS_DESCRIPTION: &str = "otel.status_description";

/// The fields that no attribute has: a user's attribute of such a name must not replace their values.
const OWN: [&str; 3] = [STATUS_CODE, STATUS_DESCRIPTION, Fact::Attributes.key()];

/// The status of a failed call's span.
pub(crate) struct Failure<'f> {
    /// The error's text, if it may be recorded.
    pub(crate) description: Option<&'f str>,
}

/// Records attributes on a call's span, all at once. Of equal keys the first counts, since OpenTelemetry layers would
/// write both. Keys that are in no table are the user's: they share one field as JSON.
pub(crate) fn record(span: &Span, attributes: &[KeyValue], failure: Option<&Failure<'_>>) {
    let mut values = FieldValues::new();
    if let Some(failure) = failure {
        values.put(STATUS_CODE, FieldValue::Str("ERROR".into()));
        if let Some(description) = failure.description {
            values.put(STATUS_DESCRIPTION, FieldValue::Str(description.into()));
        }
    }
    let mut others = Map::new();
    for KeyValue { key, value, .. } in attributes {
        if FIELDS.indices.contains_key(key.as_str()) && !OWN.contains(&key.as_str()) {
            values.put(key.as_str(), FieldValue::from(value));
        } else {
            others.insert(key.as_str().to_owned(), json(value));
        }
    }
    if !others.is_empty() {
        values.put(Fact::Attributes.key(), FieldValue::Str(Json::Object(others).to_string().into()));
    }
    values.record_on(span);
}

/// Whether [`record`] recorded these values: they have passed the policy.
pub(crate) fn is_recorded_here(values: &Record<'_>) -> bool {
    let mut found = false;
    values.record(&mut |field: &Field, _: &dyn std::fmt::Debug| found = is_call_field(field));
    found
}

/// Whether the span is that of a call. The values of its start have passed the policy too.
pub(crate) fn is_call_span(metadata: &Metadata<'_>) -> bool {
    metadata.fields().iter().map(|field| field.name()).eq(StartFields::NAMES)
}

/// The metadata of the fields, as a span at level INFO of the target `llm_trace` has them.
pub(crate) fn metadata() -> &'static Metadata<'static> {
    &FIELDS.metadata
}

/// Whether [`record`] records values under this field.
pub(crate) fn is_call_field(field: &Field) -> bool {
    field.callsite() == Identifier(&CALLSITE)
}

/// The values of all fields, in their order.
struct FieldValues<'v>(Vec<Option<FieldValue<'v>>>);

impl<'v> FieldValues<'v> {
    fn new() -> Self {
        Self(std::iter::repeat_with(|| None).take(FIELDS.indices.len()).collect())
    }

    fn put(&mut self, name: &str, value: FieldValue<'v>) {
        let slot = FIELDS.indices.get(name).and_then(|index| self.0.get_mut(*index));
        if let Some(slot @ None) = slot {
            *slot = Some(value);
        }
    }

    fn record_on(&self, span: &Span) {
        let values: Vec<Option<&dyn Value>> =
            self.0.iter().map(|value| value.as_ref().map(FieldValue::as_value)).collect();
        span.record_all(&FIELDS.metadata.fields().value_set_all(&values));
    }
}

/// A value of a type that every layer takes: old ones make texts of `u64`, and no field holds a list.
enum FieldValue<'v> {
    Str(Cow<'v, str>),
    Int(i64),
    Float(f64),
    Bool(bool),
}

impl FieldValue<'_> {
    fn as_value(&self) -> &dyn Value {
        match self {
            Self::Str(Cow::Borrowed(text)) => text,
            Self::Str(Cow::Owned(text)) => text,
            Self::Int(number) => number,
            Self::Float(number) => number,
            Self::Bool(flag) => flag,
        }
    }
}

impl<'v> From<&'v OtelValue> for FieldValue<'v> {
    fn from(value: &'v OtelValue) -> Self {
        match value {
            OtelValue::Bool(flag) => Self::Bool(*flag),
            OtelValue::I64(number) => Self::Int(*number),
            OtelValue::F64(number) => Self::Float(*number),
            OtelValue::Array(_) => Self::Str(json(value).to_string().into()),
            text => Self::Str(text.as_str()),
        }
    }
}

fn json(value: &OtelValue) -> Json {
    match value {
        OtelValue::Bool(flag) => (*flag).into(),
        OtelValue::I64(number) => (*number).into(),
        OtelValue::F64(number) => (*number).into(),
        OtelValue::Array(Array::String(texts)) => texts.iter().map(StringValue::as_str).collect(),
        other => other.as_str().into(),
    }
}

/// The callsite that the fields belong to. No span and no event has it.
struct FactCallsite {
    // A callsite is known by its address, and two statics without a size can have the same.
    _size: u8,
}

static CALLSITE: FactCallsite = FactCallsite { _size: 0 };

impl Callsite for FactCallsite {
    fn set_interest(&self, _: Interest) {}

    fn metadata(&self) -> &Metadata<'_> {
        &FIELDS.metadata
    }
}

struct FactFields {
    metadata: Metadata<'static>,
    indices: HashMap<&'static str, usize>,
}

static FIELDS: LazyLock<FactFields> = LazyLock::new(|| {
    let names = names().leak();
    let fields = FieldSet::new(names, Identifier(&CALLSITE));
    FactFields {
        metadata: Metadata::new("llm_trace.facts", "llm_trace", Level::INFO, None, None, None, fields, Kind::SPAN),
        indices: names.iter().enumerate().map(|(index, name)| (*name, index)).collect(),
    }
});

/// Every key that a call can write, once, the most important first. The status code stands before its description,
/// as OpenTelemetry layers need it.
fn names() -> Vec<&'static str> {
    let facts = |profile| Fact::ALL.iter().filter_map(move |fact| fact.name(profile));
    let content = |profile| ContentField::ALL.iter().map(move |field| field.name(profile));
    let compat = [
        openinference::SPAN_KIND,
        openinference::INPUT_VALUE,
        openinference::INPUT_MIME_TYPE,
        openinference::OUTPUT_VALUE,
        openinference::OUTPUT_MIME_TYPE,
        openinference::REASONING_TOKENS,
        TraceBackend::Langfuse.input_key(),
        TraceBackend::Langfuse.output_key(),
    ];
    let mut known = std::collections::HashSet::new();
    [STATUS_CODE, STATUS_DESCRIPTION]
        .into_iter()
        .chain(facts(Profile::Core))
        .chain(facts(Profile::Latest))
        .chain(content(Profile::Core))
        .chain(content(Profile::Latest))
        .chain(compat)
        .chain(identity::lite_llm_names())
        .filter(|name| known.insert(*name))
        .collect()
}
