//! How good an answer was: an event of the call it judges.

use std::borrow::Cow;
use std::time::SystemTime;

use opentelemetry::Key;
use opentelemetry::logs::AnyValue;
use opentelemetry::trace::{SpanContext, TraceId};

use super::active_call::ActiveCall;
use super::call_ref::CallRef;
use super::record_response::scrubbed;
use crate::ambient::mask_context;
use crate::ambient::mask_context::SharedMasks;
use crate::policy::{Masks, Permit};
use crate::semconv::identifier::{is_name, is_word};
use crate::semconv::{ContentField, Fact};
use crate::sink::events::{Fields, text};

/// Begins to tell how good an answer was: the event `gen_ai.evaluation.result`.
///
/// It is an event of the call that runs now, or of [`CallRef`]'s, of the active span where there is
/// neither. It goes where the layer's `with_logger_provider` says.
///
/// ```
/// llm_trace::evaluation("relevance").score(0.92).label("relevant").emit();
/// ```
pub fn evaluation(name: impl Into<String>) -> Evaluation {
    Evaluation { name: name.into(), of: None, score: None, label: None, explanation: None, error_type: None }
}

/// See [`evaluation`].
///
/// ```
/// use llm_trace::{CallRef, evaluation};
///
/// # let call = CallRef::default();
/// let judged = evaluation("faithfulness").of(&call).score(0.4).label("fail");
/// judged.explanation("names a city that was never asked for").emit();
/// // A judge that failed is told as well.
/// call.evaluation("toxicity").error_type("timeout").emit();
/// assert!(call.response_id().is_none() && call.span_context().is_none(), "this call was never made");
/// ```
#[must_use = "nothing is told before `emit`"]
#[derive(Clone, Debug)]
pub struct Evaluation {
    name: String,
    of: Option<CallRef>,
    score: Option<f64>,
    label: Option<String>,
    explanation: Option<String>,
    error_type: Option<Cow<'static, str>>,
}

impl Evaluation {
    /// Which call is judged. Default: the one that runs now.
    pub fn of(mut self, call: &CallRef) -> Self {
        self.of = Some(call.clone());
        self
    }

    /// `gen_ai.evaluation.score.value`.
    pub fn score(mut self, score: f64) -> Self {
        self.score = Some(score);
        self
    }

    /// `gen_ai.evaluation.score.label`: one of few words, such as `pass`.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// `gen_ai.evaluation.explanation`. It can quote the prompt and the answer, so it counts as
    /// content of both: left out while capture is off and where either is masked.
    pub fn explanation(mut self, explanation: impl Into<String>) -> Self {
        self.explanation = Some(explanation.into());
        self
    }

    /// `error.type`, where the evaluation itself has failed.
    pub fn error_type(mut self, error_type: impl Into<Cow<'static, str>>) -> Self {
        self.error_type = Some(error_type.into());
        self
    }

    /// Tells it.
    pub fn emit(self) {
        let of = self.of.clone().unwrap_or_else(|| match ActiveCall::current() {
            Some(live) => CallRef::of(&live),
            None => CallRef::active(),
        });
        let Some(pipeline) = of.pipeline().filter(|pipeline| pipeline.events.wanted()) else { return };
        let explanation = self.explanation.as_deref().and_then(|explanation| {
            let here = mask_context::current().unwrap_or_default();
            let masks = of.masks().map_or(here, |masks| masks.get().union(here));
            let trace = of.span_context().map_or(TraceId::INVALID, SpanContext::trace_id);
            let policy = pipeline.policy.state().for_trace(trace);
            match (policy.input(masks), policy.output(masks)) {
                (Permit::Open(_), Permit::Open(filter)) if policy.event_content() => scrubbed(filter, explanation),
                _ => None,
            }
        });
        let fields = self.fields(explanation, of.response_id());
        // The last guard asks where the record is emitted.
        let masks = of.masks().map_or_else(Masks::new, |masks| masks.get());
        let _entered = mask_context::enter(SharedMasks::here(masks));
        pipeline.events.evaluation(pipeline.profile, of.span_context(), SystemTime::now(), fields);
    }

    fn fields(self, explanation: Option<String>, response_id: Option<&str>) -> Fields {
        let mut fields: Fields = vec![(Key::from(Fact::EvaluationName.key()), AnyValue::from(self.name))];
        let mut add = |key: &'static str, value: Option<AnyValue>| {
            fields.extend(value.map(|value| (Key::from(key), value)));
        };
        add(Fact::EvaluationScore.key(), self.score.map(AnyValue::from));
        // A judge may have written it.
        add(Fact::EvaluationLabel.key(), self.label.filter(|label| is_word(label)).map(AnyValue::from));
        add(ContentField::EvaluationExplanation.key(), explanation.map(AnyValue::from));
        add(Fact::ResponseId.key(), response_id.map(text));
        add(Fact::ErrorType.key(), self.error_type.filter(|error_type| is_name(error_type)).map(AnyValue::from));
        fields
    }
}
