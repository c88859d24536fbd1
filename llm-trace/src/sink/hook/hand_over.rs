//! Passes finished calls to the user's hooks.

use std::borrow::Cow;
use std::sync::Arc;

use super::FinishedCall;
use super::queue::Hook;
use crate::model::Outcome;
use crate::otel::KeyValue;
use crate::policy::{Filter, Place, PolicyState, Report, TextKind};
use crate::record::CallRecord;
use crate::semconv::{AttributeValue, Fact};
use crate::sink::ended_call::{EndedCall, Sink};

impl Sink for [Arc<Hook>] {
    fn write(&self, call: &mut EndedCall<'_>) {
        let finished = Arc::new(FinishedCall::of(call));
        self.iter().for_each(|hook| hook.push(Arc::clone(&finished)));
    }
}

impl FinishedCall {
    fn of(call: &EndedCall<'_>) -> Self {
        let EndedCall { record, end, policy, masks, .. } = call;
        let span = call.span.filter(|span| span.is_valid());
        let (texts, report) = call.content.on(policy.captures());
        let mut attributes = call.start_key_values();
        attributes.extend(start_names(call));
        attributes.extend_from_slice(&call.attributes);
        let mut attributes = distinct(attributes, texts);
        let mut report = report.clone();
        let name = name(record, policy, &mut report);
        let text = record.failure_text(end.error_type.as_deref(), policy, *masks);
        let error_message = text.and_then(|text| {
            let text = clean(policy.error_text(*masks).filter()?, text, TextKind::Error, &mut report);
            Some(text).filter(|text| !text.is_empty())
        });
        if !report.is_empty() {
            attributes.push((Cow::Borrowed(Report::KEY), AttributeValue::Strs(report.values())));
        }
        Self {
            name,
            operation: record.operation_name().unwrap_or(record.operation.as_str()).to_owned(),
            profile: call.profile,
            outcome: end.outcome,
            start_time: end.start_time,
            duration: Some(end.duration).filter(|_| end.outcome != Outcome::Unobserved),
            first_chunk: record.first_chunk(),
            usage: record.response.usage,
            error_message,
            sampled: call.recorded && span.is_some_and(|span| span.is_sampled()),
            ids: span.map(|span| (span.trace_id().to_string(), span.span_id().to_string())),
            attributes,
            content: texts.into(),
        }
    }
}

/// The names that were set when the span started and that its other attributes do not repeat.
fn start_names(call: &EndedCall<'_>) -> impl Iterator<Item = KeyValue> {
    [Fact::AgentName, Fact::ToolName, Fact::ToolType].into_iter().filter_map(|fact| {
        let name = call.record.fact(fact).filter(|_| call.start_attributes.has(fact))?;
        Some(KeyValue::new(fact.key(), name.to_owned()))
    })
}

/// The name of the call's span.
fn name(record: &CallRecord, policy: &PolicyState, report: &mut Report) -> String {
    let name = if policy.masks_metadata() { record.conventional_name() } else { record.span_name() };
    clean(policy.metadata_filter(false), &name, TextKind::Name, report)
}

fn clean(mut filter: Filter, text: &str, kind: TextKind, report: &mut Report) -> String {
    let text = filter.clean(text, Place::of(kind)).into_owned();
    report.absorb(filter.into_report());
    text
}

/// Removes duplicate keys and those of content.
fn distinct(list: Vec<KeyValue>, content: &[(&'static str, String)]) -> Vec<(Cow<'static, str>, AttributeValue)> {
    let mut distinct: Vec<(Cow<'static, str>, AttributeValue)> = Vec::with_capacity(list.len());
    for KeyValue { key, value, .. } in list {
        let is_known = distinct.iter().any(|(known, _)| known == key.as_str())
            || content.iter().any(|(known, _)| *known == key.as_str());
        if !is_known {
            distinct.push((Cow::Owned(String::from(key)), value.into()));
        }
    }
    distinct
}
