//! Names of other tools, added beside the conventions'.

/// Names of another tool that are added beside the conventions', so that dashboards made for it
/// go on working: see [`LlmLayer::with_compat`](crate::LlmLayer::with_compat).
///
/// ```
/// use llm_trace::Compat;
/// use tracing_subscriber::Registry;
///
/// let layer = llm_trace::layer::<Registry>().with_compat(Compat::LiteLlm);
/// # let _ = layer;
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Compat {
    /// LiteLLM's `metadata.user_api_key_*`: whose call it was.
    LiteLlm,
    /// OpenInference's `openinference.span.kind`, `input.value`, `output.value`, their MIME types
    /// and `llm.token_count.completion_details.reasoning`: what fills the lists of Phoenix and
    /// MLflow, and turns a custom operation into a kind that they know. Content in it is what the
    /// policy lets onto the span under the conventions' names, at most.
    OpenInference,
    /// `gen_ai.usage.cost`, which Langfuse and others read: the total cost in US dollars. It stands in the conventions'
    /// namespace and in none of their registries, so that it is off by default; `llm_trace.cost.total` holds the same.
    UsageCost,
}
