//! The body of an answer, on its way to whoever asked.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use http_body::{Body, Frame, SizeHint};

use crate::call::captured::{CapturedError, What};
use crate::call::{Captured, LlmCall, Outcome};
use crate::capture::type_name;
use crate::stream::{TracedBody, each_slice};

/// The most that is kept of an answer that is no stream.
const MAX_KEPT: usize = 16 * 1024 * 1024;

pin_project_lite::pin_project! {
    /// The body of an answer, whose end ends the call. Frames pass untouched.
    ///
    /// ```
    /// use http_body::Body;
    /// use llm_trace::client::CallBody;
    ///
    /// fn content_length<B: Body>(answer: &http::Response<CallBody<B>>) -> Option<u64> {
    ///     answer.body().size_hint().exact()
    /// }
    /// ```
    pub struct CallBody<B> {
        // Records the frames of a stream, and nothing of all else.
        #[pin]
        body: TracedBody<B>,
        whole: Option<Whole>,
    }
}

/// An answer that tells what it is when it is whole.
struct Whole {
    /// Taken when it ends.
    call: Option<LlmCall>,
    status: u16,
    kept: Option<Vec<u8>>,
    /// Still set in `Drop`, the body panicked.
    polling: bool,
}

impl<B: Body> CallBody<B> {
    /// No call's.
    pub(super) fn aside(body: B) -> Self {
        Self { body: LlmCall::disabled().body(body), whole: None }
    }

    pub(super) fn stream(call: &LlmCall, body: B) -> Self {
        Self { body: call.body(body), whole: None }
    }

    pub(super) fn whole(call: LlmCall, status: u16, read: bool, body: B) -> Self {
        let kept = read.then(Vec::new);
        let mut whole = Whole { call: Some(call), status, kept, polling: false };
        if body.is_end_stream() {
            whole.end();
        }
        Self { body: LlmCall::disabled().body(body), whole: Some(whole) }
    }
}

impl Whole {
    fn keep(&mut self, slice: &[u8]) {
        if let Some(kept) = self.kept.take_if(|kept| kept.len().saturating_add(slice.len()) > MAX_KEPT) {
            drop(kept);
        }
        if let Some(kept) = &mut self.kept {
            kept.extend_from_slice(slice);
        }
    }

    fn end(&mut self) {
        let Some(call) = self.call.take() else { return };
        let kept = self.kept.take().filter(|kept| !kept.is_empty());
        let body = Box::new(kept.as_deref().map_or(What::Nothing, What::Bytes));
        call.finish_ok(Captured(What::Http { status: self.status, host: None, body }));
    }

    fn fail(&mut self, error_type: Option<&'static str>) {
        let Some(call) = self.call.take() else { return };
        call.observe(Captured(What::Http { status: self.status, host: None, body: Box::default() }));
        call.finish_err(Captured(What::Error(CapturedError { type_name: error_type, ..CapturedError::default() })));
    }
}

impl Drop for Whole {
    fn drop(&mut self) {
        match self.call.take() {
            // Refused: whoever asked need not read why.
            Some(call) if self.status >= 400 && !self.polling => {
                self.call = Some(call);
                self.kept = None;
                self.end();
            }
            Some(call) => call.give_up(if self.polling { Outcome::Panicked } else { Outcome::Dropped }),
            None => {}
        }
    }
}

impl<B: Body> Body for CallBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let this = self.project();
        let mut body = this.body;
        let Some(whole) = this.whole.as_mut().filter(|whole| whole.call.is_some()) else {
            return body.poll_frame(cx);
        };
        whole.polling = true;
        let polled = {
            let _entered = whole.call.as_ref().and_then(LlmCall::enter);
            body.as_mut().poll_frame(cx)
        };
        whole.polling = false;
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(data) = frame.data_ref() {
                    each_slice(data, |slice| whole.keep(slice));
                }
                // Whoever knows that this was the last frame does not poll again.
                if body.is_end_stream() {
                    whole.end();
                }
            }
            Poll::Ready(Some(Err(_))) => whole.fail(type_name::<B::Error>()),
            Poll::Ready(None) => whole.end(),
            Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl<B> fmt::Debug for CallBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallBody").field("whole", &self.whole.is_some()).finish_non_exhaustive()
    }
}
