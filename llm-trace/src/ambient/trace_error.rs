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
    #[error("`{0}` is no trace id: give 32 hex digits, a UUID or a `traceparent`, not all zero")]
    TraceId(String),
    /// The text is not a span id.
    #[error("`{0}` is no span id: give 16 hex digits, not all zero")]
    SpanId(String),
    /// The call already has a span.
    #[error("the call has already started in its trace: set the trace on a scope around the call")]
    Started,
}

impl From<std::convert::Infallible> for TraceError {
    fn from(never: std::convert::Infallible) -> Self {
        match never {}
    }
}
