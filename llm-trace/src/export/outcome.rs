//! The outcomes of records.

/// The outcome of a record that is no longer in flight.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) enum Outcome {
    Exported,
    TooLarge,
    Rejected,
    Unreachable,
    Failed,
    /// Written to disk, to be sent later.
    Spilled,
}

impl Outcome {
    /// The `error.type` of records that are lost.
    #[cfg(any(feature = "otlp-http", feature = "otlp-grpc"))]
    pub(crate) fn error_type(self) -> Option<&'static str> {
        match self {
            Outcome::Exported => None,
            Outcome::TooLarge => Some("too_large"),
            Outcome::Rejected => Some("rejected"),
            // A request that is stored on disk was not accepted either.
            Outcome::Unreachable | Outcome::Spilled => Some("unreachable"),
            Outcome::Failed => Some("_OTHER"),
        }
    }
}
