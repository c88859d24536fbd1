//! The outcomes of records.

/// The outcome of a record that is no longer in flight.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) enum RecordOutcome {
    Exported,
    TooLarge,
    Rejected,
    Unreachable,
    Failed,
    /// Written to disk, to be sent later.
    Spilled,
}

impl RecordOutcome {
    /// The `error.type` of records that are lost.
    pub(crate) fn error_type(self) -> Option<&'static str> {
        match self {
            RecordOutcome::Exported => None,
            RecordOutcome::TooLarge => Some("too_large"),
            RecordOutcome::Rejected => Some("rejected"),
            // A request that is stored on disk was not accepted either.
            RecordOutcome::Unreachable | RecordOutcome::Spilled => Some("unreachable"),
            RecordOutcome::Failed => Some("_OTHER"),
        }
    }
}
