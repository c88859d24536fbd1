//! Normalizes spans of crates that trace themselves to the conventions.
//!
//! Crates such as `rig` and `genai` create `tracing` spans with `gen_ai.*` fields. With `tracing` and OpenTelemetry
//! alone, their counts are exported as strings, lists as JSON text, the kind is `INTERNAL`, and some names are from
//! older conventions.

mod authors;
mod held;
mod messages;
mod processor;
mod table;
#[cfg(test)]
mod tests;
mod values;

pub(crate) use held::{ForeignSpan, Held};
pub use processor::NormalizeProcessor;

use values::Converted;

use std::borrow::Cow;
use std::sync::{Arc, Weak};

use opentelemetry::trace::{SpanKind, Status};
use opentelemetry::{Context, KeyValue, Value};

use crate::call::ActiveCall;
use crate::model::{Operation, Usage};
use crate::semconv::identifier::is_identifier;
use crate::semconv::{ContentField, Fact, Profile};

/// Whether a span is an LLM span of another crate. Spans of llm-trace have an outcome.
fn is_foreign(attributes: &[KeyValue]) -> bool {
    let has = |key: &str| attributes.iter().any(|kv| kv.key.as_str() == key);
    (has(Fact::OperationName.key()) || has("gen_ai.system")) && !has(Fact::Outcome.key())
}

/// The enclosing annotated model call of a span that starts in `cx`. It counts the tokens.
fn outer_call(cx: &Context) -> Option<Weak<ActiveCall>> {
    let around = ActiveCall::live_of(cx)?;
    let counts = around.lock().operation.is_model_call();
    counts.then(|| Arc::downgrade(&around))
}

/// Moves the token counts from the span to the call that counts them.
fn move_usage(list: &mut Vec<KeyValue>, around: &Weak<ActiveCall>) {
    let mut usage = Usage::new();
    for kv in &*list {
        let Value::I64(count) = kv.value else { continue };
        match Fact::from_name(kv.key.as_str()) {
            Some(Fact::UsageInput) => usage.input = Some(count),
            Some(Fact::UsageOutput) => usage.output = Some(count),
            Some(Fact::UsageCacheRead) => usage.cache_read = Some(count),
            Some(Fact::UsageReasoning) => usage.reasoning = Some(count),
            Some(Fact::UsageCacheWrite) => usage.cache_creation = Some(count),
            _ => {}
        }
    }
    list.retain(|kv| !kv.key.as_str().starts_with("gen_ai.usage."));
    // An agent's tokens are those of its model calls and are counted there.
    let operation = text_of(list, Fact::OperationName.key()).map(|value| Operation::from(value.as_str().into_owned()));
    if let Some(live) = around.upgrade()
        && operation.is_some_and(|operation| operation.is_model_call())
    {
        live.add_usage(usage);
    }
}

/// Converts the attributes to the conventions, with each key once.
fn attributes(list: Vec<KeyValue>, profile: Profile) -> Vec<KeyValue> {
    let mut out: Vec<(KeyValue, bool)> = Vec::with_capacity(list.len());
    let mut streams = false;
    for KeyValue { key, value, .. } in list {
        let (mut new, mut renamed) = match table::renamed(key.as_str(), profile) {
            Some(new) => (new.into(), true),
            None => (key.clone(), false),
        };
        streams |= new.as_str() == Fact::OperationName.key() && value.as_str().ends_with("_streaming");
        let kind = table::kind(new.as_str(), profile);
        let value = match values::convert(kind, &value, profile) {
            Converted::To(value) => value,
            Converted::Nothing => continue,
            Converted::Not => {
                // An input that is no list of messages does not get the key of messages, nor does prose get the key of a
                // provider's name, which may have blanks.
                if matches!(kind, table::Kind::InputMessages | table::Kind::Provider) {
                    (new, renamed) = (key, false);
                }
                value
            }
        };
        // The last value of a key counts, and a current name takes precedence over an old one.
        match out.iter_mut().find(|(known, _)| known.key == new) {
            Some((known, was_renamed)) if *was_renamed || !renamed => {
                known.value = value;
                *was_renamed = renamed;
            }
            Some(_) => {}
            None => out.push((KeyValue::new(new, value), renamed)),
        }
    }
    let mut out: Vec<KeyValue> = out.into_iter().map(|(kv, _)| kv).collect();
    if streams && !out.iter().any(|kv| kv.key.as_str() == Fact::RequestStream.key()) {
        out.push(KeyValue::new(Fact::RequestStream.key(), true));
    }
    reasons(&mut out, profile);
    out
}

/// Adds finish reasons to output messages, which the conventions of version 1.41 require.
fn reasons(list: &mut [KeyValue], profile: Profile) {
    let reasons: Vec<String> = match text_of(list, Fact::FinishReasons.key()) {
        Some(Value::Array(opentelemetry::Array::String(words))) => words.iter().map(ToString::to_string).collect(),
        _ => Vec::new(),
    };
    if let Some(output) = list.iter_mut().find(|kv| kv.key.as_str() == ContentField::OutputMessages.key())
        && let Some(json) = messages::with_reasons(&output.value.as_str(), &reasons, profile)
    {
        output.value = json.into();
    }
}

fn text_of<'a>(list: &'a [KeyValue], key: &str) -> Option<&'a Value> {
    list.iter().find(|kv| kv.key.as_str() == key).map(|kv| &kv.value)
}

/// The span's name by the conventions, derived from its attributes. It holds only values that are facts: the guard
/// withholds other texts in the attributes, but keeps the name of a span.
fn name(list: &[KeyValue]) -> Option<String> {
    let fact = |fact: Fact| match text_of(list, fact.key())? {
        Value::String(text) => Some(text.as_str()).filter(|text| !text.is_empty() && is_identifier(fact, text)),
        _ => None,
    };
    let operation = fact(Fact::OperationName)?;
    let target = match operation {
        "execute_tool" => fact(Fact::ToolName),
        "invoke_agent" | "create_agent" | "plan" => fact(Fact::AgentName),
        "invoke_workflow" => fact(Fact::WorkflowName),
        "retrieval" => fact(Fact::DataSourceId),
        _ => fact(Fact::RequestModel),
    };
    Some(match target {
        Some(target) => format!("{operation} {target}"),
        None => operation.to_owned(),
    })
}

/// The span's kind by the conventions. For an agent the original kind is kept.
fn kind(list: &[KeyValue], span_kind: SpanKind) -> SpanKind {
    let operation = text_of(list, Fact::OperationName.key()).map(|value| value.as_str().into_owned());
    match operation.map(Operation::from) {
        None | Some(Operation::InvokeAgent) => span_kind,
        Some(Operation::Custom(_)) if span_kind != SpanKind::Internal => span_kind,
        Some(operation) if operation.kind(None, true) == "internal" => SpanKind::Internal,
        Some(_) => SpanKind::Client,
    }
}

/// Removes the status of successful spans, and adds an error type to failed ones.
fn settle(list: &mut Vec<KeyValue>, status: &mut Status) {
    match status {
        Status::Ok => *status = Status::Unset,
        Status::Error { .. } if text_of(list, Fact::ErrorType.key()).is_none() => {
            list.push(KeyValue::new(Fact::ErrorType.key(), "_OTHER"));
        }
        _ => {}
    }
}

/// The normalized name, if it differs from the current one.
fn new_name(list: &[KeyValue], now: &str) -> Option<Cow<'static, str>> {
    name(list).filter(|name| name != now).map(Cow::Owned)
}
