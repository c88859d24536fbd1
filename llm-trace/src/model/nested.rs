//! A model call inside of a model call: the same one twice, or two.

/// What becomes of a model call that is made inside of another with the same operation and the same
/// provider, or where one of them names no provider: an annotated function that calls another.
///
/// Either way tokens, costs and metrics are counted once. Said on the inner call it outranks what
/// the outer one says, and that outranks [`LlmLayer::with_nested`](crate::LlmLayer::with_nested).
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
    /// The two are one call: the inner one makes no span, and what it learns is told on the outer one.
    #[default]
    Merge,
    /// Both have a span; the outer one leaves tokens and costs to the inner one.
    Separate,
}

impl From<&'static str> for Nested {
    /// `"separate"`; anything else merges.
    fn from(word: &'static str) -> Self {
        if word == "separate" { Nested::Separate } else { Nested::Merge }
    }
}
