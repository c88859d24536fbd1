//! The outcome of a call.

/// The outcome of a call: `llm_trace.outcome`.
///
/// ```
/// use llm_trace::Outcome;
///
/// assert_eq!(Outcome::Cancelled.as_str(), "cancelled");
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Outcome {
    /// The response was complete.
    Completed,
    /// The function returned an error, or the provider sent one: an HTTP status, a body or a stream event.
    Error,
    /// The stream ended without its end mark.
    Truncated,
    /// The stream was dropped before its end.
    Dropped,
    /// The future was dropped before it was ready: a timeout, `select!`, an aborted task.
    Cancelled,
    /// The function or the stream panicked.
    Panicked,
    /// Nothing was sent: the request could not be built, or no connection was made.
    NotSent,
    /// The call was still running when telemetry shut down.
    Unfinished,
    /// llm-trace could not see the end of the call: the function returned a stream or a future of a named type, which
    /// cannot be wrapped. The span ends when the function returns or the last [`LlmCall`](crate::LlmCall) handle is
    /// dropped, and its duration is in no metric.
    Unobserved,
}

impl Outcome {
    /// The value of `llm_trace.outcome`.
    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Completed => "completed",
            Outcome::Error => "error",
            Outcome::Truncated => "truncated",
            Outcome::Dropped => "dropped",
            Outcome::Cancelled => "cancelled",
            Outcome::Panicked => "panicked",
            Outcome::NotSent => "not_sent",
            Outcome::Unfinished => "unfinished",
            Outcome::Unobserved => "unobserved",
        }
    }

    /// Whether this outcome sets the span status to `Error`. A cancelled call has not failed.
    pub(crate) fn is_error(self) -> bool {
        matches!(self, Outcome::Error | Outcome::Truncated | Outcome::Panicked | Outcome::NotSent)
    }
}
