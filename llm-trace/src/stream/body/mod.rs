//! HTTP bodies as responses of a call.

mod errors;

use std::error::Error;
use std::fmt;
use std::io::IoSlice;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Buf;
use http_body::{Body, Frame, SizeHint};

use crate::arguments::ProbedValue;
use crate::arguments::captured_value::CapturedValue;
use crate::call::{LlmCall, StreamCall};
pub use errors::{BoxedErrors, ErrorTypeNameOnly, ReadError, TypedErrors};

/// The maximum number of slices of a frame that are read. More are not seen in practice and would require a copy.
const MAX_SLICES: usize = 16;

pin_project_lite::pin_project! {
    /// A body whose frames are recorded as they pass, and whose end ends the call.
    ///
    /// Created by [`LlmCall::body`]. Frames are not changed.
    #[must_use]
    pub struct TracedBody<B, Errors = ErrorTypeNameOnly> {
        #[pin]
        body: B,
        call: StreamCall,
        errors: PhantomData<Errors>,
    }
}

impl<B: Body> TracedBody<B> {
    /// Reads the errors of the body, if their type implements `Error`: known sources, and the text if the policy
    /// permits it. By default `error.type` is the name of the error's type.
    ///
    /// ```
    /// use http_body::Body;
    /// use llm_trace::LlmCall;
    ///
    /// fn traced<B: Body<Error = std::io::Error>>(body: B) -> impl Body {
    ///     LlmCall::current().body(body).reading_errors()
    /// }
    /// ```
    pub fn reading_errors(self) -> TracedBody<B, TypedErrors>
    where
        B::Error: Error + 'static,
    {
        TracedBody { body: self.body, call: self.call, errors: PhantomData }
    }
}

impl LlmCall {
    /// Records a body frame by frame. The end of the body ends the call.
    ///
    /// ```
    /// use http_body::Body;
    /// use llm_trace::{LlmCall, TracedBody, llm_call};
    ///
    /// #[llm_call(provider = "openai", request = request.body())]
    /// fn forward<B: Body>(request: http::Request<String>, body: B) -> http::Response<TracedBody<B>> {
    ///     let response = http::Response::new(body);
    ///     response.map(|body| LlmCall::current().body(body))
    /// }
    /// # drop(forward(http::Request::default(), String::new()));
    /// ```
    pub fn body<B: Body>(&self, body: B) -> TracedBody<B> {
        TracedBody { call: self.stream_of(&body), body, errors: PhantomData }
    }

    /// Lets the end of a body end the call.
    pub(crate) fn stream_of<B: Body>(&self, body: &B) -> StreamCall {
        let mut call = StreamCall::new(self.clone());
        if body.is_end_stream() {
            call.end();
        }
        call
    }
}

/// A recorder of a body's frames.
pub(crate) trait Recorder {
    /// Whether the call is recorded.
    fn is_on(&self) -> bool;
    /// Polls inside the call's span.
    fn poll<R>(&mut self, poll: impl FnOnce() -> R) -> R;
    fn piece(&mut self, piece: &[u8]);
    fn fail(&mut self, error: ProbedValue<'_>);
    fn end(&mut self);
}

impl Recorder for StreamCall {
    fn is_on(&self) -> bool {
        self.is_enabled()
    }

    fn poll<R>(&mut self, poll: impl FnOnce() -> R) -> R {
        StreamCall::poll(self, poll)
    }

    fn piece(&mut self, piece: &[u8]) {
        self.item(ProbedValue(CapturedValue::Bytes(piece)));
    }

    fn fail(&mut self, error: ProbedValue<'_>) {
        self.item_error(error);
    }

    fn end(&mut self) {
        StreamCall::end(self);
    }
}

/// The result of polling a body.
pub(crate) type Polled<B> = Poll<Option<Result<Frame<<B as Body>::Data>, <B as Body>::Error>>>;

/// Polls a body and records the result before it is passed on.
pub(crate) fn poll_recorded<E: ReadError<B::Error>, B: Body>(
    mut body: Pin<&mut B>,
    cx: &mut Context<'_>,
    recorder: &mut impl Recorder,
) -> Polled<B> {
    if !recorder.is_on() {
        return body.poll_frame(cx);
    }
    let polled = recorder.poll(|| body.as_mut().poll_frame(cx));
    match &polled {
        Poll::Ready(Some(Ok(frame))) => {
            if let Some(data) = frame.data_ref() {
                each_slice(data, |slice| recorder.piece(slice));
            }
            // A caller that knows that this was the last frame does not poll again.
            if body.is_end_stream() {
                recorder.end();
            }
        }
        Poll::Ready(Some(Err(error))) => E::read(error, |error| recorder.fail(error)),
        Poll::Ready(None) => recorder.end(),
        Poll::Pending => {}
    }
    polled
}

impl<B: Body, E: ReadError<B::Error>> Body for TracedBody<B, E> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Polled<B> {
        let this = self.project();
        poll_recorded::<E, B>(this.body, cx, this.call)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Reads the bytes of a frame without a copy.
pub(crate) fn each_slice(data: &impl Buf, mut read: impl FnMut(&[u8])) {
    let mut slices = [IoSlice::new(&[]); MAX_SLICES];
    let len = data.chunks_vectored(&mut slices);
    slices.iter().take(len).for_each(|slice| read(slice));
}

impl<B, E> fmt::Debug for TracedBody<B, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TracedBody").field("call", &self.call).finish_non_exhaustive()
    }
}
