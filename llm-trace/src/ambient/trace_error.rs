//! The reason why a call cannot join a trace.

/// The reason why a trace cannot be continued.
///
/// ```
/// use llm_trace::{ExistingTrace, TraceError};
///
/// assert_eq!(ExistingTrace::new("17"), Err(TraceError::TraceId("17".to_owned())));
/// ```
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TraceError {
    /// The text is not a trace id.
    #[error("`{}` is not a trace id: give 32 hex digits, a UUID or a `traceparent`, not all zero", printable(.0))]
    TraceId(String),
    /// The text is not a span id.
    #[error("`{}` is not a span id: give 16 hex digits, not all zero", printable(.0))]
    SpanId(String),
    /// The call already has a span.
    #[error("the call has already started in its trace: set the trace on a scope around the call")]
    Started,
}

/// The start of a text that may come from another process, without control characters.
fn printable(text: &str) -> String {
    const LONGEST: usize = 80;
    let mut start: String = text.chars().take(LONGEST).flat_map(char::escape_debug).collect();
    if text.chars().nth(LONGEST).is_some() {
        start.push('…');
    }
    start
}

impl From<std::convert::Infallible> for TraceError {
    fn from(never: std::convert::Infallible) -> Self {
        match never {}
    }
}
