//! Evaluations of a call's response, recorded as events.

use std::borrow::Cow;
use std::time::SystemTime;

use opentelemetry::Key;
use opentelemetry::logs::AnyValue;
use opentelemetry::trace::{SpanContext, TraceId};

use crate::ambient::mask_context;
use crate::ambient::mask_context::SharedMasks;
use crate::call::lifecycle::active_call::ActiveCall;
use crate::call::lifecycle::call_ref::CallRef;
use crate::credentials::REDACTED;
use crate::policy::{Masks, Permit, Side};
use crate::semconv::identifier::{is_name, is_word, without_credentials};
use crate::semconv::{ContentField, Fact};
use crate::sink::otel::events::{Fields, text};
use crate::user_code::{self, UserCode};

/// Creates an evaluation of a response, recorded as the event `gen_ai.evaluation.result`.
///
/// The event belongs to the current call, to the call of a [`CallRef`], or otherwise to the active span. It is emitted
/// to the logger provider of [`LlmLayer::with_logger_provider`](crate::LlmLayer::with_logger_provider).
///
/// ```
/// llm_trace::evaluation("relevance").score(0.92).label("relevant").emit();
/// ```
pub fn evaluation(name: impl Into<String>) -> Evaluation {
    Evaluation { name: name.into(), of: None, score: None, label: None, explanation: None, error_type: None }
}

/// The evaluation of a response. Created by [`evaluation`].
///
/// ```
/// use llm_trace::{CallRef, evaluation};
///
/// # let call = CallRef::default();
/// let judged = evaluation("faithfulness").of(&call).score(0.4).label("fail");
/// judged.explanation("names a city that was never asked for").emit();
/// // A failed evaluation is recorded as well.
/// call.evaluation("toxicity").error_type("timeout").emit();
/// assert!(call.response_id().is_none() && call.span_context().is_none(), "this call was never made");
/// ```
#[must_use = "an evaluation is not recorded until you call `emit`"]
#[derive(Clone, Debug)]
pub struct Evaluation {
    name: String,
    of: Option<CallRef>,
    score: Option<f64>,
    label: Option<String>,
    explanation: Option<String>,
    error_type: Option<Cow<'static, str>>,
}

impl CallRef {
    /// Starts an evaluation of this call. See [`evaluation`](crate::evaluation()).
    pub fn evaluation(&self, name: impl Into<String>) -> Evaluation {
        evaluation(name).of(self)
    }
}

impl Evaluation {
    /// Sets the evaluated call. The default is the current one.
    pub fn of(mut self, call: &CallRef) -> Self {
        self.of = Some(call.clone());
        self
    }

    /// Sets `gen_ai.evaluation.score.value`.
    pub fn score(mut self, score: f64) -> Self {
        self.score = Some(score);
        self
    }

    /// Sets `gen_ai.evaluation.score.label`: a low-cardinality name such as `pass`.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// Sets `gen_ai.evaluation.explanation`. It may quote the prompt and the response, so it counts as content of both:
    /// it is omitted while capture is off or either side is masked.
    pub fn explanation(mut self, explanation: impl Into<String>) -> Self {
        self.explanation = Some(explanation.into());
        self
    }

    /// Sets `error.type`, if the evaluation itself failed.
    pub fn error_type(mut self, error_type: impl Into<Cow<'static, str>>) -> Self {
        self.error_type = Some(error_type.into());
        self
    }

    /// Emits the event.
    pub fn emit(self) {
        let of = self.of.clone().unwrap_or_else(|| match ActiveCall::current() {
            Some(active) => active.reference(),
            None => CallRef::active(),
        });
        let Some(pipeline) = of.pipeline().filter(|pipeline| pipeline.events.wanted()) else { return };
        let explanation = self.explanation.as_deref().and_then(|explanation| {
            let here = mask_context::current().unwrap_or_default();
            let masks = of.masks().map_or(here, |masks| masks.get().union(here));
            let trace = of.span_context().map_or(TraceId::INVALID, SpanContext::trace_id);
            let policy = pipeline.policy.state().for_trace(trace);
            match (policy.permit(Side::Input, masks), policy.permit(Side::Output, masks)) {
                (Permit::Open(_), Permit::Open(filter)) if policy.event_content() => {
                    Some(filter.error_text(explanation))
                }
                _ => None,
            }
        });
        let fields = self.fields(explanation, of.response_id());
        // The log processor reads the masks of the place where the record is emitted.
        let masks = of.masks().map_or_else(Masks::new, |masks| masks.get());
        let _entered = mask_context::enter(SharedMasks::here(masks));
        user_code::run(UserCode::Logger, || {
            pipeline.events.evaluation(pipeline.profile, of.span_context(), SystemTime::now(), fields);
        });
    }

    fn fields(self, explanation: Option<String>, response_id: Option<&str>) -> Fields {
        let name = match is_name(&self.name) {
            true => self.name.to_string(),
            // The event requires a name.
            false => without_credentials(Fact::EvaluationName, &self.name).unwrap_or_else(|| REDACTED.to_owned()),
        };
        let mut fields: Fields = vec![(Key::from(Fact::EvaluationName.key()), AnyValue::from(name))];
        let mut add = |key: &'static str, value: Option<AnyValue>| {
            fields.extend(value.map(|value| (Key::from(key), value)));
        };
        add(Fact::EvaluationScore.key(), self.score.map(AnyValue::from));
        // A model may have written the label, so it must be a word.
        add(Fact::EvaluationLabel.key(), self.label.filter(|label| is_word(label)).map(AnyValue::from));
        add(ContentField::EvaluationExplanation.key(), explanation.map(AnyValue::from));
        add(Fact::ResponseId.key(), response_id.map(text));
        add(Fact::ErrorType.key(), self.error_type.filter(|error_type| is_name(error_type)).map(AnyValue::from));
        fields
    }
}
