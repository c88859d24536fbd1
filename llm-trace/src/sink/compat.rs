//! Attribute names outside of the conventions.

/// Attribute names that are written in addition to those of the conventions, so that dashboards built on them keep
/// working. See [`LlmLayer::with_compat`](crate::LlmLayer::with_compat).
///
/// ```
/// use llm_trace::Compat;
/// use tracing_subscriber::prelude::*;
///
/// tracing_subscriber::registry().with(llm_trace::layer().with_compat(Compat::LiteLlm)).init();
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Compat {
    /// LiteLLM: `metadata.user_api_key_*` with the caller.
    LiteLlm,
    /// OpenInference: `openinference.span.kind`, `input.value`, `output.value`, their MIME types and
    /// `llm.token_count.completion_details.reasoning`. Phoenix and MLflow show them in their lists and map custom
    /// operations to kinds that they know. They hold no content that the policy does not allow on the span.
    OpenInference,
    /// `gen_ai.usage.cost`: the total cost in US dollars, which Langfuse and other backends read. The name is in the
    /// namespace of the conventions but not defined by them, so it is off by default. `llm_trace.cost.total` holds the
    /// same value.
    UsageCost,
}
