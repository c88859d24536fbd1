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
}
