//! A response body that records the response as it passes.

use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::Context;

use http_body::{Body, SizeHint};

use crate::arguments::ProbedValue;
use crate::arguments::captured_value::{CapturedError, CapturedValue};
use crate::call::{LlmCall, StreamCall};
use crate::model::Outcome;
use crate::stream::body::{ErrorTypeNameOnly, Polled, ReadError, Recorder, poll_recorded};

/// The maximum number of bytes kept of a response that is not a stream.
const MAX_KEPT: usize = 16 * 1024 * 1024;

pin_project_lite::pin_project! {
    /// A response body. Its end ends the call. Frames pass through unchanged.
    ///
    /// ```
    /// use http_body::Body;
    /// use llm_trace::client::CallBody;
    ///
    /// fn content_length<B: Body<Error: 'static>>(answer: &http::Response<CallBody<B>>) -> Option<u64> {
    ///     answer.body().size_hint().exact()
    /// }
    /// ```
    #[must_use]
    pub struct CallBody<B, E = ErrorTypeNameOnly> {
        #[pin]
        body: B,
        answer: Answer,
        errors: PhantomData<fn() -> E>,
    }
}

/// How a response ends its call.
enum Answer {
    /// The response does not belong to a call.
    Aside,
    /// Recorded event by event.
    Stream(StreamCall),
    /// Recorded when the body is complete.
    Whole(Whole),
}

/// A response that is recorded when its body is complete.
struct Whole {
    /// Taken when the call ends.
    call: Option<LlmCall>,
    status: u16,
    kept: Option<Vec<u8>>,
}

impl<B: Body, E> CallBody<B, E> {
    fn new(body: B, answer: Answer) -> Self {
        Self { body, answer, errors: PhantomData }
    }

    /// A body that does not belong to a call.
    pub(super) fn aside(body: B) -> Self {
        Self::new(body, Answer::Aside)
    }

    pub(super) fn stream(call: &LlmCall, body: B) -> Self {
        let call = call.stream_of(&body);
        Self::new(body, Answer::Stream(call))
    }

    pub(super) fn whole(call: LlmCall, status: u16, read: bool, body: B) -> Self {
        let kept = read.then(Vec::new);
        let mut whole = Whole { call: Some(call), status, kept };
        if body.is_end_stream() {
            whole.end();
        }
        Self::new(body, Answer::Whole(whole))
    }
}

impl Recorder for Whole {
    fn is_on(&self) -> bool {
        self.call.is_some()
    }

    fn poll<R>(&mut self, poll: impl FnOnce() -> R) -> R {
        match &self.call {
            Some(call) => call.poll(poll),
            None => poll(),
        }
    }

    fn piece(&mut self, piece: &[u8]) {
        if let Some(kept) = self.kept.take_if(|kept| kept.len().saturating_add(piece.len()) > MAX_KEPT) {
            drop(kept);
        }
        if let Some(kept) = &mut self.kept {
            kept.extend_from_slice(piece);
        }
    }

    fn fail(&mut self, error: ProbedValue<'_>) {
        let Some(call) = self.call.take() else { return };
        call.observe(ProbedValue(CapturedValue::Http { status: self.status, url: None, body: Box::default() }));
        call.finish_err(error);
    }

    fn end(&mut self) {
        let Some(call) = self.call.take() else { return };
        let kept = self.kept.take();
        if self.status < 400 && kept.as_deref().is_some_and(|kept| !is_answer(kept)) {
            call.observe(ProbedValue(CapturedValue::Http { status: self.status, url: None, body: Box::default() }));
            let error = CapturedError { transport: Some("invalid_response"), ..CapturedError::default() };
            return call.finish_err(ProbedValue(CapturedValue::Error(error)));
        }
        let body = Box::new(
            kept.as_deref().filter(|kept| !kept.is_empty()).map_or(CapturedValue::Nothing, CapturedValue::Bytes),
        );
        call.observe(ProbedValue(CapturedValue::Http { status: self.status, url: None, body }));
        call.finish();
    }
}

/// Whether a body can be a model's response, JSON or events, unlike an empty body or a proxy's error page.
fn is_answer(body: &[u8]) -> bool {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body).trim_ascii_start();
    let is_json = body.first().is_some_and(|first| matches!(first, b'{' | b'[' | b'"'));
    // An AWS event stream starts with its length.
    let is_binary = body.first().is_some_and(|first| *first < 0x20);
    is_json
        || is_binary
        || [&b"data:"[..], b"event:", b"id:", b"retry:", b":"].iter().any(|head| body.starts_with(head))
}

impl Drop for Whole {
    fn drop(&mut self) {
        match self.call.take() {
            // A client need not read the body of an error response, so the call still ends as an error.
            Some(call) if self.status >= 400 => {
                self.call = Some(call);
                self.kept = None;
                self.end();
            }
            Some(call) => call.give_up(Outcome::Dropped),
            None => {}
        }
    }
}

impl<B: Body, E: ReadError<B::Error>> Body for CallBody<B, E> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Polled<B> {
        let this = self.project();
        match this.answer {
            Answer::Aside => this.body.poll_frame(cx),
            Answer::Stream(call) => poll_recorded::<E, B>(this.body, cx, call),
            Answer::Whole(whole) => poll_recorded::<E, B>(this.body, cx, whole),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl<B, E> fmt::Debug for CallBody<B, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match &self.answer {
            Answer::Aside => "aside",
            Answer::Stream(_) => "stream",
            Answer::Whole(_) => "whole",
        };
        f.debug_struct("CallBody").field("answer", &kind).finish_non_exhaustive()
    }
}
