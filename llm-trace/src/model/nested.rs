//! Handling of a model call inside another model call.

/// How a model call nests inside another one with the same operation and the same provider, for example if an
/// annotated function calls another one. Calls without a provider match any provider.
///
/// Tokens, costs and metrics are counted once in both modes. The setting of the inner call takes precedence over that
/// of the outer call, and both over [`LlmLayer::with_nested`](crate::LlmLayer::with_nested).
///
/// ```
/// use llm_trace::{Nested, llm_call};
///
/// #[llm_call(provider = "openai", model = "gpt-4o", nested = Nested::Separate)]
/// fn ask_twice(prompt: &str) -> String {
///     prompt.repeat(2)
/// }
/// # ask_twice("x");
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Nested {
    /// The inner call is merged into the outer call: it has no span, and its facts are recorded on the outer span.
    #[default]
    Merge,
    /// Both calls have a span. Only the inner one has tokens and costs.
    Separate,
}
