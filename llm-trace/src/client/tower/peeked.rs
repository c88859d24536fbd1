//! A request body whose first frame has been read.

use std::borrow::Cow;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use bytes::Buf;
use http_body::{Body, Frame, SizeHint};

use crate::stream::body::each_slice;

pin_project_lite::pin_project! {
    /// The request body that is passed to the inner service, with all original frames.
    ///
    /// A body with a known length and all its data in one frame was read. If your code names the client's body type,
    /// name this one: `Client<HttpConnector, PeekedBody<Full<Bytes>>>`; otherwise it is inferred.
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
        first: Option<First<B>>,
        is_whole: bool,
    }
}

/// The result of the first poll, not yet returned to the inner service, and the state of the body before it.
struct First<B: Body> {
    result: Option<Result<Frame<B::Data>, B::Error>>,
    hint: SizeHint,
    is_end: bool,
}

impl<B: Body + Unpin> PeekedBody<B> {
    /// Does not read the body.
    pub(super) fn unread(body: B) -> Self {
        Self { body, first: None, is_whole: false }
    }

    /// Reads the first frame if the body is in memory.
    pub(super) fn peek(mut body: B) -> Self {
        let (hint, is_end) = (body.size_hint(), body.is_end_stream());
        let Some(length) = hint.exact().filter(|length| *length > 0) else { return Self::unread(body) };
        // The next poll registers its own waker.
        let mut nobody = Context::from_waker(Waker::noop());
        let Poll::Ready(result) = Pin::new(&mut body).poll_frame(&mut nobody) else { return Self::unread(body) };
        let data = result.as_ref().and_then(|result| result.as_ref().ok()?.data_ref());
        let is_whole = data.is_some_and(|data| data.remaining() as u64 == length);
        Self { body, first: Some(First { result, hint, is_end }), is_whole }
    }

    /// The whole body, if it was read.
    pub(super) fn bytes(&self) -> Option<Cow<'_, [u8]>> {
        let first = self.first.as_ref().filter(|_| self.is_whole)?;
        let data = first.result.as_ref()?.as_ref().ok()?.data_ref()?;
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
            Some(first) => Poll::Ready(first.result),
            None => this.body.poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.first.as_ref().map_or_else(|| self.body.is_end_stream(), |first| first.is_end)
    }

    fn size_hint(&self) -> SizeHint {
        self.first.as_ref().map_or_else(|| self.body.size_hint(), |first| first.hint)
    }
}

impl<B: Body> fmt::Debug for PeekedBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PeekedBody").field("is_whole", &self.is_whole).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;

    type Polled = Poll<Option<Result<Frame<&'static [u8]>, &'static str>>>;

    /// Has a size hint of two bytes, and takes the result of each poll from a list.
    struct Scripted(VecDeque<Polled>);

    impl Body for Scripted {
        type Data = &'static [u8];
        type Error = &'static str;

        fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Polled {
            self.0.pop_front().unwrap_or(Poll::Ready(None))
        }

        fn size_hint(&self) -> SizeHint {
            SizeHint::with_exact(2)
        }
    }

    fn outcome(script: Vec<Polled>) -> Vec<String> {
        let mut body = PeekedBody::peek(Scripted(script.into()));
        let mut cx = Context::from_waker(Waker::noop());
        let mut seen = Vec::new();
        assert!(!body.is_end_stream());
        assert_eq!(body.size_hint().exact(), Some(2));
        for _ in 0..4 {
            seen.push(match Pin::new(&mut body).poll_frame(&mut cx) {
                Poll::Ready(Some(Ok(frame))) => format!("{:?}", frame.into_data().unwrap_or_default()),
                Poll::Ready(Some(Err(error))) => error.to_owned(),
                Poll::Ready(None) => "end".to_owned(),
                Poll::Pending => "pending".to_owned(),
            });
        }
        seen
    }

    #[test]
    fn the_inner_service_receives_the_result_of_the_first_poll() {
        let data = || Poll::Ready(Some(Ok(Frame::data(&b"ab"[..]))));
        let error = || Poll::Ready(Some(Err("broken")));
        assert_eq!(outcome(vec![data()]), ["[97, 98]", "end", "end", "end"]);
        assert_eq!(outcome(vec![error()]), ["broken", "end", "end", "end"]);
        assert_eq!(outcome(vec![error(), data()]), ["broken", "[97, 98]", "end", "end"]);
        assert_eq!(outcome(vec![data(), error()]), ["[97, 98]", "broken", "end", "end"]);
        assert_eq!(outcome(vec![Poll::Ready(None), data()]), ["end", "[97, 98]", "end", "end"]);
        assert_eq!(outcome(vec![Poll::Pending, data(), error()]), ["[97, 98]", "broken", "end", "end"]);
    }
}
