//! The start of a call, now or at the first poll.

use crate::arguments::call_arguments::CallArguments;
use crate::call::handle::LlmCall;
use crate::call::lifecycle::{ActiveCall, PendingCall, can_start, has_layer};

impl CallArguments<'_> {
    /// Reads the arguments now for a span that starts later, in a function that returns a future.
    pub fn prepare(self) -> Prepared {
        Prepared(PreparedState::Pending(PendingCall::new(self)))
    }

    /// Starts the span now, then reads the content of the arguments if the span is recorded.
    pub fn begin(self) -> Prepared {
        Prepared(PreparedState::Started(self.start()))
    }

    /// Like [`begin`](Self::begin), for calls that are not futures.
    pub fn start(self) -> LlmCall {
        LlmCall::from_active(ActiveCall::start_now(self))
    }
}

/// A call whose arguments are read. Its span starts at the first poll, if not before.
#[doc(hidden)]
#[derive(Debug)]
pub struct Prepared(PreparedState);

#[derive(Debug)]
enum PreparedState {
    Pending(PendingCall),
    Started(LlmCall),
}

impl Prepared {
    /// A call that has started.
    pub(crate) fn started(call: LlmCall) -> Prepared {
        Prepared(PreparedState::Started(call))
    }

    /// A call that is not recorded.
    #[inline]
    pub fn disabled() -> Prepared {
        Prepared(PreparedState::Started(LlmCall::disabled()))
    }

    /// Whether the call is not recorded.
    #[inline]
    pub(crate) fn is_disabled(&self) -> bool {
        matches!(self.0, PreparedState::Started(LlmCall(None)))
    }

    /// Starts the span, if it has not started.
    pub fn start(self) -> LlmCall {
        match self.0 {
            PreparedState::Pending(pending) => LlmCall::from_active(pending.start()),
            PreparedState::Started(call) => call,
        }
    }
}

/// Whether a subscriber records calls at this level. A call makes no other check if none does.
#[inline]
pub(crate) fn is_enabled(level: tracing::Level) -> bool {
    (level <= tracing::level_filters::LevelFilter::current() || has_layer()) && can_start()
}
