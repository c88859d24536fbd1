//! A reference that outlives its call.

use std::sync::{Arc, OnceLock};

use super::pipeline::Pipeline;
use crate::ambient::mask_context::SharedMasks;
use crate::otel::SpanContext;

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
    pub(crate) fn new(
        pipeline: Arc<Pipeline>,
        span: Option<SpanContext>,
        masks: SharedMasks,
        response_id: Option<String>,
    ) -> CallRef {
        CallRef(Some(Arc::new(Kept {
            pipeline,
            span,
            masks,
            response_id: response_id.map(OnceLock::from).unwrap_or_default(),
        })))
    }

    /// A reference to the active span, for evaluations outside of a call.
    pub(crate) fn active() -> CallRef {
        CallRef(Pipeline::current().map(|pipeline| {
            let masks = SharedMasks::here(crate::policy::Masks::new());
            Arc::new(Kept { pipeline, span: None, masks, response_id: OnceLock::new() })
        }))
    }

    /// The call's span, if it has one.
    pub fn span_context(&self) -> Option<&SpanContext> {
        self.0.as_ref()?.span.as_ref()
    }

    /// `gen_ai.response.id`, if there was one. It is available after the call ended.
    pub fn response_id(&self) -> Option<&str> {
        self.0.as_ref()?.response_id.get().map(String::as_str)
    }

    pub(crate) fn set_response_id(&self, id: &str) {
        if let Some(kept) = &self.0 {
            kept.response_id.get_or_init(|| id.to_owned());
        }
    }

    pub(crate) fn pipeline(&self) -> Option<&Pipeline> {
        self.0.as_ref().map(|kept| &*kept.pipeline)
    }

    pub(crate) fn masks(&self) -> Option<&SharedMasks> {
        self.0.as_ref().map(|kept| &kept.masks)
    }
}
