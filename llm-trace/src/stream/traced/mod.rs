//! A stream as a call.

#[allow(missing_docs)]
mod boxed;
mod handle;

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::{FusedStream, Stream};

use crate::call::{LlmCall, StreamCall};
#[doc(hidden)]
pub use boxed::Streamed;
pub use handle::StreamItem;

pin_project_lite::pin_project! {
    /// A stream whose items are recorded as they pass, and whose end ends the call.
    ///
    /// It implements [`Stream`], [`FusedStream`], `Send`, `Sync` and `Unpin` if the inner stream does. `#[llm_call]`
    /// creates it for a returned `impl Stream`. Items are not changed. The call's span is entered on each poll, and
    /// ends when the stream ends or is dropped.
    pub struct Traced<S: Stream> {
        #[pin]
        stream: S,
        call: StreamCall,
        read: Read<S::Item>,
    }
}

/// Records an item of the stream.
pub(crate) type Read<I> = fn(&mut StreamCall, &I);

impl<S: Stream> Traced<S> {
    pub(crate) fn new(stream: S, call: LlmCall, read: Read<S::Item>) -> Self {
        Traced { stream, call: StreamCall::new(call), read }
    }
}

/// Wraps a stream, which takes over the call.
#[doc(hidden)]
pub fn wrap<I, S: Stream<Item = I>>(stream: S, open: &mut Option<LlmCall>, read: Read<I>) -> Traced<S> {
    Traced::new(stream, open.take().unwrap_or_else(LlmCall::disabled), read)
}

impl<S: Stream> Stream for Traced<S> {
    type Item = S::Item;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        let this = self.project();
        let (stream, call) = (this.stream, this.call);
        if !call.is_enabled() {
            return stream.poll_next(cx);
        }
        let polled = call.poll(|| stream.poll_next(cx));
        match &polled {
            Poll::Ready(Some(item)) => (this.read)(call, item),
            Poll::Ready(None) => call.end(),
            Poll::Pending => {}
        }
        polled
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.stream.size_hint()
    }
}

impl<S: FusedStream> FusedStream for Traced<S> {
    fn is_terminated(&self) -> bool {
        self.stream.is_terminated()
    }
}

impl<S: Stream> fmt::Debug for Traced<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Traced").field("call", &self.call).finish_non_exhaustive()
    }
}
