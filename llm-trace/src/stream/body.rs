//! An HTTP body that is a call's answer.

use std::error::Error;
use std::fmt;
use std::io::IoSlice;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Buf;
use http_body::{Body, Frame, SizeHint};

use crate::call::captured::{CapturedError, What};
use crate::call::{Captured, LlmCall, StreamCall};
use crate::capture::{type_name, with_error};

/// How many pieces of one frame are read. More is not seen in practice, and would need a copy.
const MAX_SLICES: usize = 16;

pin_project_lite::pin_project! {
    /// A body whose frames are recorded on their way, and whose end ends the call.
    ///
    /// Made by [`LlmCall::body`]. Frames pass untouched.
    pub struct TracedBody<B, Errors = ByName> {
        #[pin]
        body: B,
        call: StreamCall,
        errors: PhantomData<Errors>,
    }
}

/// How the errors of a body are read.
#[doc(hidden)]
pub trait ReadError<E> {
    fn read(call: &mut StreamCall, error: &E);
}

/// Errors tell the name of their type.
#[doc(hidden)]
#[derive(Debug)]
pub struct ByName;

impl<E> ReadError<E> for ByName {
    fn read(call: &mut StreamCall, _: &E) {
        let error = CapturedError { type_name: type_name::<E>(), ..CapturedError::default() };
        call.item_error(Captured(What::Error(error)));
    }
}

/// Errors tell all that they know.
#[doc(hidden)]
#[derive(Debug)]
pub struct ByError;

impl<E: Error + 'static> ReadError<E> for ByError {
    fn read(call: &mut StreamCall, error: &E) {
        with_error(error, |error| call.item_error(error));
    }
}

impl<B: Body> TracedBody<B> {
    /// Reads all that the body's errors tell, where they are errors: known causes, and the text if the
    /// policy lets it out. Otherwise `error.type` is the name of their type.
    ///
    /// ```
    /// use http_body::Body;
    /// use llm_trace::LlmCall;
    ///
    /// fn traced<B: Body<Error = std::io::Error>>(body: B) -> impl Body {
    ///     LlmCall::current().body(body).reading_errors()
    /// }
    /// ```
    #[must_use]
    pub fn reading_errors(self) -> TracedBody<B, ByError>
    where
        B::Error: Error + 'static,
    {
        TracedBody { body: self.body, call: self.call, errors: PhantomData }
    }
}

impl LlmCall {
    /// Records a body frame by frame and lets its end end the call.
    ///
    /// ```
    /// use http_body::Body;
    /// use llm_trace::{LlmCall, TracedBody, llm_call};
    ///
    /// #[llm_call(provider = "openai", request = request.body())]
    /// fn forward<B: Body>(request: http::Request<String>, body: B) -> http::Response<TracedBody<B>> {
    ///     let response = http::Response::new(body);
    ///     # let _ = request;
    ///     response.map(|body| LlmCall::current().body(body))
    /// }
    /// # drop(forward(http::Request::default(), String::new()));
    /// ```
    pub fn body<B: Body>(&self, body: B) -> TracedBody<B> {
        let mut call = StreamCall::new(self.clone());
        if body.is_end_stream() {
            call.end();
        }
        TracedBody { body, call, errors: PhantomData }
    }
}

impl<B: Body, R: ReadError<B::Error>> Body for TracedBody<B, R> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let this = self.project();
        let (mut body, call) = (this.body, this.call);
        if !call.is_enabled() {
            return body.poll_frame(cx);
        }
        let polled = call.poll(|| body.as_mut().poll_frame(cx));
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(data) = frame.data_ref() {
                    each_slice(data, |slice| call.item(Captured(What::Bytes(slice))));
                }
                // Whoever knows that this was the last frame does not poll again.
                if body.is_end_stream() {
                    call.end();
                }
            }
            Poll::Ready(Some(Err(error))) => R::read(call, error),
            Poll::Ready(None) => call.end(),
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

/// The bytes of a frame, without a copy.
pub(crate) fn each_slice(data: &impl Buf, mut read: impl FnMut(&[u8])) {
    let mut slices = [IoSlice::new(&[]); MAX_SLICES];
    let len = data.chunks_vectored(&mut slices);
    slices.iter().take(len).for_each(|slice| read(slice));
}

impl<B, R> fmt::Debug for TracedBody<B, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TracedBody").field("call", &self.call).finish_non_exhaustive()
    }
}
