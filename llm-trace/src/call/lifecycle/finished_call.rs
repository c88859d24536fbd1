//! Finished calls for the user's hooks.

use std::borrow::Cow;
use std::sync::Arc;

use super::active_call::ActiveCall;
use super::finish::Ended;
use crate::call::record::CallRecord;
use crate::model::Outcome;
use crate::otel::{KeyValue, TraceContextExt};
use crate::policy::{Filter, Place, PolicyState, Report, TextKind};
use crate::semconv::{AttributeValue, Fact};
use crate::sink::hook::FinishedCall;

impl ActiveCall {
    /// Passes the call to the layer's hooks. Its facts and content have passed the policy.
    pub(crate) fn hand_over(&self, ended: &Ended<'_>) {
        let &Ended { pipeline, state, end, facts, content, policy, masks } = ended;
        let span = self.context().map(|context| context.span().span_context().clone()).filter(|span| span.is_valid());
        let (texts, report) = content.on(policy.captures());
        let mut attributes = self.start_facts(state);
        attributes.extend_from_slice(facts);
        let mut attributes = distinct(attributes, texts);
        self.add_start_names(state, &mut attributes);
        let mut report = report.clone();
        let name = name(state, policy, &mut report);
        let error_message = state.failure_text(end.error_type.as_deref(), policy, masks).and_then(|text| {
            let text = clean(policy.error_text(masks).filter()?, text, TextKind::Error, &mut report);
            Some(text).filter(|text| !text.is_empty())
        });
        if !report.is_empty() {
            attributes.push((Cow::Borrowed(Report::KEY), AttributeValue::Strs(report.values())));
        }
        let call = Arc::new(FinishedCall {
            name,
            operation: state.operation_name().unwrap_or(state.operation.as_str()).to_owned(),
            profile: pipeline.profile,
            outcome: end.outcome,
            started: self.begun_at(),
            duration: Some(end.duration).filter(|_| end.outcome != Outcome::Unobserved),
            first_chunk: state.first_chunk(),
            usage: state.response.usage,
            error_message,
            sampled: self.recording() && span.as_ref().is_some_and(|span| span.is_sampled()),
            ids: span.map(|span| (span.trace_id().to_string(), span.span_id().to_string())),
            attributes,
            content: texts.into(),
        });
        pipeline.hooks.iter().for_each(|hook| hook.push(Arc::clone(&call)));
    }

    /// Adds the names that were set when the span started and that `facts` do not repeat.
    fn add_start_names(&self, state: &CallRecord, attributes: &mut Vec<(Cow<'static, str>, AttributeValue)>) {
        for fact in [Fact::AgentName, Fact::ToolName, Fact::ToolType] {
            let name = state.fact(fact).filter(|_| self.started().has(fact));
            attributes.extend(name.map(|name| (Cow::Borrowed(fact.key()), AttributeValue::from(name))));
        }
    }
}

/// The name of the call's span.
fn name(state: &CallRecord, policy: &PolicyState, report: &mut Report) -> String {
    let name = if policy.masks_metadata() { state.conventional_name() } else { state.span_name() };
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
