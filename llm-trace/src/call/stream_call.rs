//! A call with a streamed response.

use std::borrow::Cow;

use crate::arguments::captured_value::ProbedValue;
use crate::call::handle::LlmCall;
use crate::model::Outcome;

/// A call with a streamed response, open until the stream ends or is dropped.
#[doc(hidden)]
#[derive(Debug)]
pub struct StreamCall {
    call: LlmCall,
}

impl StreamCall {
    /// Makes the end of this stream the end of the call. Only the first wrapper of a call does so.
    pub fn new(call: LlmCall) -> Self {
        let taken = call.active().is_some_and(|active| active.take_over());
        StreamCall { call: if taken { call } else { LlmCall::disabled() } }
    }

    /// Polls the inner stream, inside the call's span.
    pub fn poll<R>(&mut self, poll: impl FnOnce() -> R) -> R {
        if let Some(active) = self.call.active() {
            active.adopt_scopes();
        }
        self.call.poll(poll)
    }

    /// Records an item before it is passed on.
    pub fn item(&mut self, item: ProbedValue<'_>) {
        if let Some(active) = self.call.active() {
            active.chunk(item.0);
        }
    }

    /// Records an error in place of an item. The stream may continue after it.
    pub fn item_error(&mut self, error: ProbedValue<'_>) {
        if let Some(active) = self.call.active() {
            active.chunk_error(error.0);
        }
    }

    /// Sets `error.type`, if the call fails.
    pub fn error_type(&self, error_type: impl Into<Cow<'static, str>>) {
        if let Some(active) = self.call.active() {
            active.error_type(error_type.into());
        }
    }

    /// Ends the call with the stream.
    pub fn end(&mut self) {
        let call = std::mem::replace(&mut self.call, LlmCall::disabled());
        if let Some(active) = call.active() {
            active.release_stream(None);
        }
    }

    /// Whether the call is recorded.
    pub fn is_enabled(&self) -> bool {
        self.call.is_enabled()
    }
}

impl Drop for StreamCall {
    fn drop(&mut self) {
        if let Some(active) = self.call.active() {
            active.release_stream(Some(Outcome::Dropped));
        }
    }
}
