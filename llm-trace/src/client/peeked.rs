//! The body of a request, of which the first frame has been looked at.

use std::borrow::Cow;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use bytes::Buf;
use http_body::{Body, Frame, SizeHint};

use crate::stream::each_slice;

pin_project_lite::pin_project! {
    /// The body of a request as it goes on to the inner service: all of it, in the same frames.
    ///
    /// A body that says its length, and has it all in one frame, was read. Where the client's type names a body, it
    /// names this one: `Client<HttpConnector, PeekedBody<Full<Bytes>>>`; where it does not, it is inferred.
    ///
    /// ```
    /// use http_body::Body;
    /// use llm_trace::client::PeekedBody;
    ///
    /// /// A service below the layer takes any body, and so this one.
    /// fn length<B: Body>(body: &PeekedBody<B>) -> Option<u64> {
    ///     body.size_hint().exact()
    /// }
    /// ```
    pub struct PeekedBody<B: Body> {
        #[pin]
        body: B,
        // The frame that was looked at, and what the body said of its size before.
        first: Option<(Frame<B::Data>, SizeHint)>,
        is_whole: bool,
    }
}

impl<B: Body + Unpin> PeekedBody<B> {
    /// Looks at nothing.
    pub(super) fn unread(body: B) -> Self {
        Self { body, first: None, is_whole: false }
    }

    /// Looks at the first frame, if the body is in memory.
    pub(super) fn peek(mut body: B) -> Self {
        let hint = body.size_hint();
        let Some(length) = hint.exact().filter(|length| *length > 0) else { return Self::unread(body) };
        // Whoever polls next leaves a waker of its own.
        let mut nobody = Context::from_waker(Waker::noop());
        match Pin::new(&mut body).poll_frame(&mut nobody) {
            Poll::Ready(Some(Ok(frame))) => {
                let is_whole = frame.data_ref().is_some_and(|data| data.remaining() as u64 == length);
                Self { body, first: Some((frame, hint)), is_whole }
            }
            // A body in memory does neither fail nor wait nor end early.
            _ => Self::unread(body),
        }
    }

    /// The whole body, if it was in memory.
    pub(super) fn bytes(&self) -> Option<Cow<'_, [u8]>> {
        let data = self.first.as_ref().filter(|_| self.is_whole)?.0.data_ref()?;
        if data.chunk().len() == data.remaining() {
            return Some(Cow::Borrowed(data.chunk()));
        }
        let mut all = Vec::with_capacity(data.remaining());
        each_slice(data, |slice| all.extend_from_slice(slice));
        (all.len() == data.remaining()).then_some(Cow::Owned(all))
    }
}

impl<B: Body> Body for PeekedBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let this = self.project();
        match this.first.take() {
            Some((frame, _)) => Poll::Ready(Some(Ok(frame))),
            None => this.body.poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.first.is_none() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.first.as_ref().map_or_else(|| self.body.size_hint(), |(_, hint)| *hint)
    }
}

impl<B: Body> fmt::Debug for PeekedBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PeekedBody").field("is_whole", &self.is_whole).finish_non_exhaustive()
    }
}
