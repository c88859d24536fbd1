//! A body that is read along as it is read.

use std::pin::Pin;
use std::task::{Context, Poll};

use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use crate::call::captured::{CapturedError, What};
use crate::call::{Captured, StreamCall};

/// Passes `inner` on as it is, and tells the call what it holds.
pub(super) fn watched(inner: SdkBody, call: StreamCall) -> SdkBody {
    SdkBody::from_body_1_x(Watched { inner, call })
}

struct Watched {
    inner: SdkBody,
    call: StreamCall,
}

impl Body for Watched {
    type Data = Bytes;
    type Error = <SdkBody as Body>::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let Watched { inner, call } = self.get_mut();
        let frame = call.poll(|| Pin::new(inner).poll_frame(cx));
        match &frame {
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(data) = frame.data_ref() {
                    call.item(Captured(What::Bytes(data)));
                }
            }
            Poll::Ready(Some(Err(error))) => {
                let captured = CapturedError { message: Some(error), ..CapturedError::default() };
                call.item_error(Captured(What::Error(captured)));
            }
            Poll::Ready(None) => call.end(),
            Poll::Pending => {}
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
