//! A reference that outlives its call.

use std::sync::{Arc, OnceLock};

use opentelemetry::trace::{SpanContext, TraceContextExt};

use super::active_call::ActiveCall;
use super::evaluation::{Evaluation, evaluation};
use super::pipeline::Pipeline;
use crate::ambient::mask_context::SharedMasks;

/// A reference to a call that can be kept after it ends, for example to evaluate its response. Cheap to clone and keep.
///
/// ```
/// use llm_trace::{CallRef, LlmCall, llm_call};
///
/// #[llm_call(provider = "openai", model = "gpt-4o")]
/// fn answer(question: &str) -> (String, CallRef) {
///     (question.to_uppercase(), LlmCall::current().reference())
/// }
///
/// let (_text, call) = answer("why?");
/// call.evaluation("helpfulness").score(0.8).label("good").emit();
/// ```
#[derive(Clone, Debug, Default)]
pub struct CallRef(Option<Arc<Kept>>);

#[derive(Debug)]
struct Kept {
    pipeline: Arc<Pipeline>,
    span: Option<SpanContext>,
    masks: SharedMasks,
    response_id: OnceLock<String>,
}

impl CallRef {
    pub(super) fn of(live: &ActiveCall) -> CallRef {
        live.reference()
            .get_or_init(|| {
                CallRef(live.pipeline().map(|pipeline| {
                    Arc::new(Kept {
                        pipeline: Arc::clone(pipeline),
                        span: live.context().map(|context| context.span().span_context().clone()),
                        masks: live.masks().clone(),
                        response_id: live.lock().response.id.clone().map(OnceLock::from).unwrap_or_default(),
                    })
                }))
            })
            .clone()
    }

    /// A reference to the active span, for evaluations outside of a call.
    pub(super) fn active() -> CallRef {
        CallRef(Pipeline::current().map(|pipeline| {
            let masks = SharedMasks::here(crate::policy::Masks::new());
            Arc::new(Kept { pipeline, span: None, masks, response_id: OnceLock::new() })
        }))
    }

    /// Starts an evaluation of this call. See [`evaluation`](crate::evaluation()).
    pub fn evaluation(&self, name: impl Into<String>) -> Evaluation {
        evaluation(name).of(self)
    }

    /// The call's span, if it has one.
    pub fn span_context(&self) -> Option<&SpanContext> {
        self.0.as_ref()?.span.as_ref()
    }

    /// `gen_ai.response.id`, if there was one. It is available after the call ended.
    pub fn response_id(&self) -> Option<&str> {
        self.0.as_ref()?.response_id.get().map(String::as_str)
    }

    pub(super) fn set_response_id(&self, id: &str) {
        if let Some(kept) = &self.0 {
            kept.response_id.get_or_init(|| id.to_owned());
        }
    }

    pub(super) fn pipeline(&self) -> Option<&Pipeline> {
        self.0.as_ref().map(|kept| &*kept.pipeline)
    }

    pub(super) fn masks(&self) -> Option<&SharedMasks> {
        self.0.as_ref().map(|kept| &kept.masks)
    }
}
