//! OpenInference names that are written in addition to those of the conventions:
//! <https://github.com/Arize-ai/openinference/blob/main/spec/semantic_conventions.md>.

/// The kind of a span.
pub(crate) const SPAN_KIND: &str = "openinference.span.kind";
/// The input of a span.
pub(crate) const INPUT_VALUE: &str = "input.value";
/// The media type of the input.
pub(crate) const INPUT_MIME_TYPE: &str = "input.mime_type";
/// The output of a span.
pub(crate) const OUTPUT_VALUE: &str = "output.value";
/// The media type of the output.
pub(crate) const OUTPUT_MIME_TYPE: &str = "output.mime_type";
/// Output tokens used for reasoning.
pub(crate) const REASONING_TOKENS: &str = "llm.token_count.completion_details.reasoning";
