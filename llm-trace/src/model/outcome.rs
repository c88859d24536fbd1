//! How a call can end.

/// How a call ended: `llm_trace.outcome`.
///
/// ```
/// use llm_trace::Outcome;
///
/// assert_eq!(Outcome::Cancelled.as_str(), "cancelled");
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Outcome {
    /// The answer came whole.
    Completed,
    /// The provider answered with an error, by HTTP status, in the body or inside the stream, or
    /// the function returned an error.
    Error,
    /// The stream ended without its end mark.
    Truncated,
    /// The consumer dropped the stream before its end.
    Dropped,
    /// The future was dropped before it was ready: a timeout, `select!`, an aborted task.
    Cancelled,
    /// The function or the stream panicked.
    Panicked,
    /// Nothing was sent: the request could not be built or no connection was made.
    NotSent,
    /// The call was still running when telemetry shut down.
    Unfinished,
    /// How it ended could not be seen: the function returned a stream or a future of a named type,
    /// in whose place nothing can be returned, and kept no handle of the call. The span ends where
    /// the last thing that is known took place.
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

    /// Whether a span that ended so has status Error. Giving up is no fault of the call's.
    #[cfg(feature = "otel")]
    pub(crate) fn is_error(self) -> bool {
        matches!(self, Outcome::Error | Outcome::Truncated | Outcome::Panicked | Outcome::NotSent)
    }
}
