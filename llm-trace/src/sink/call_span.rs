//! The end of a call's span: OpenTelemetry attributes, or fields of the `tracing` span.

use tracing::Span;

use super::attributes::strings;
use super::compat::Compat;
use super::ended_call::{EndedCall, Sink};
use super::fields::{self, Failure};
use super::openinference;
use crate::ambient::mask_context::{SharedMasks, WrittenContent};
use crate::otel::{Context, KeyValue, Status, TraceContextExt, current_context};
use crate::semconv::Fact;

/// The span of a call.
pub(crate) struct CallSpan<'c> {
    pub(crate) span: &'c Span,
    /// Its OpenTelemetry context, if a layer of our version sees it.
    pub(crate) context: Option<&'c Context>,
    /// The masks that its processors read.
    pub(crate) masks: &'c SharedMasks,
    /// Where its end is written. Exactly one place, since nothing removes duplicate attributes.
    pub(crate) target: SpanTarget,
    pub(crate) compat: &'c [Compat],
    /// Content is written.
    pub(crate) content: bool,
    /// The error's text may be written, if the policy permits it.
    pub(crate) error_text: bool,
    /// The input and output of its trace, written unless a key is known.
    pub(crate) trace: Vec<(&'static str, String)>,
}

/// Where the data of a call's span is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum SpanTarget {
    /// Attributes of the OpenTelemetry span.
    Attributes,
    /// Fields of the `tracing` span.
    Fields,
}

impl Sink for CallSpan<'_> {
    fn write(&self, call: &mut EndedCall<'_>) {
        let attributes = self.attributes(call);
        let error_type = call.end.error_type.as_deref();
        let description = call.record.failure_text(error_type, call.policy, call.masks).filter(|_| self.error_text);
        let failure = error_type.map(|_| Failure { description });
        let time = call.end.time();
        match (self.target, self.context) {
            (SpanTarget::Fields, context) => {
                // An OpenTelemetry layer ends a span where it was exited last, which for a stream is before its end.
                let _entered = (context.is_none() && current_context::exists()).then(|| self.span.enter());
                fields::record(self.span, &attributes, failure.as_ref());
                if let Some(context) = context {
                    context.span().end_with_timestamp(time);
                }
            }
            (SpanTarget::Attributes, Some(context)) => {
                let known = attributes.iter().position(|attribute| attribute.key.as_str() == Fact::Outcome.key());
                if let Some(before) = known {
                    let written = WrittenContent { key: Fact::Outcome.key(), before, count: attributes.len() };
                    self.masks.own_span().written = Some(written);
                }
                let span = context.span();
                span.set_attributes(attributes);
                if let Some(failure) = failure {
                    span.set_status(Status::error(failure.description.unwrap_or_default().to_owned()));
                }
                span.end_with_timestamp(time);
            }
            (SpanTarget::Attributes, None) => {}
        }
    }
}

impl CallSpan<'_> {
    /// All attributes of the end, each key once. A span limits their number, so the important ones come first.
    fn attributes(&self, call: &mut EndedCall<'_>) -> Vec<KeyValue> {
        let (list, report) = call.content.on(self.content);
        let report = Some(report).filter(|report| !report.is_empty()).and_then(|report| strings(report.values()));
        let report = report.map(|report| KeyValue::new(Fact::Redaction.key(), report));
        let compat = if self.compat.contains(&Compat::OpenInference) {
            let has_model = call.record.request.has(Fact::RequestModel);
            openinference::attributes(&call.record.operation, has_model, &call.record.response.usage, list)
        } else {
            Vec::new()
        };
        let texts = call.content.take(self.content).into_iter().map(|(key, json)| KeyValue::new(key, json));
        let mut attributes = std::mem::take(&mut call.attributes);
        if texts.len() > 0 || report.is_some() || !compat.is_empty() {
            attributes.splice(call.facts..call.facts, texts.chain(report).chain(compat));
        }
        for (key, value) in &self.trace {
            if !attributes.iter().any(|known| known.key.as_str() == *key) {
                attributes.push(KeyValue::new(*key, value.clone()));
            }
        }
        attributes
    }
}
