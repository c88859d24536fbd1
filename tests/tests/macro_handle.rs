//! Streams and bodies wrapped with the call's handle.

mod macros;

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::stream::{self, BoxStream, Stream};
use futures_util::{FutureExt, StreamExt};
use http_body::{Body, Frame};
use llm_trace::{LlmCall, Traced, TracedBody, llm_call};
use macros::{Exported, block_on, trace};

const SSE: &str = concat!(
    "data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"model\":\"gpt-4o-2024-08-06\",\"choices\":",
    "[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"hi\"},\"finish_reason\":null}]}\n\n",
    "data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"model\":\"gpt-4o-2024-08-06\",\"choices\":",
    "[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n",
    "data: [DONE]\n\n",
);

fn pieces() -> Vec<Bytes> {
    SSE.as_bytes().chunks(11).map(Bytes::copy_from_slice).collect()
}

#[track_caller]
fn is_whole(span: &Exported) {
    assert_eq!(span.name, "chat gpt-4o");
    assert_eq!(span.get("gen_ai.response.model"), "gpt-4o-2024-08-06", "{span:?}");
    assert_eq!(span.get("gen_ai.response.finish_reasons"), "[\"stop\"]");
    assert_eq!(span.get("llm_trace.outcome"), "completed");
}

struct Tokens<S: Stream> {
    stream: Pin<Box<Traced<S>>>,
}

impl<S: Stream> Stream for Tokens<S> {
    type Item = S::Item;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        self.stream.as_mut().poll_next(cx)
    }
}

fn tokens<S: Stream>(stream: Traced<S>) -> Tokens<S> {
    Tokens { stream: Box::pin(stream) }
}

#[llm_call(provider = "openai", model = "gpt-4o")]
fn named() -> Tokens<stream::Iter<std::vec::IntoIter<Bytes>>> {
    tokens(LlmCall::current().stream(stream::iter(pieces())))
}

#[llm_call(provider = "openai", model = "gpt-4o")]
async fn no_stream_by_type() -> Result<(u8, BoxStream<'static, Result<String, std::io::Error>>), ()> {
    let items = SSE.split_inclusive('\n').map(|line| Ok(line.to_owned())).collect::<Vec<_>>();
    Ok((1, LlmCall::current().stream(stream::iter(items)).boxed()))
}

/// Both the function and its body create a wrapper: the inner one records the stream.
#[llm_call(provider = "openai", model = "gpt-4o")]
fn twice() -> impl Stream<Item = Bytes> {
    LlmCall::current().stream(stream::iter(pieces()))
}

#[llm_call(provider = "openai", model = "gpt-4o")]
async fn consumed_inside() -> usize {
    LlmCall::current().stream(stream::iter(pieces())).count().await
}

#[llm_call(provider = "openai")]
async fn read_in_a_loop() -> Result<(), std::io::Error> {
    let call = LlmCall::current();
    call.request(&serde_json::json!({"model": "gpt-4o", "stream": true, "messages": []}));
    for piece in pieces() {
        call.chunk_bytes(&piece);
    }
    call.finish();
    Ok(())
}

#[llm_call(provider = "openai", model = "gpt-4o")]
async fn hidden() -> (Tokens<impl Stream<Item = Bytes>>, u8) {
    (tokens(LlmCall::current().stream(stream::iter(pieces()))), 1)
}

#[test]
fn a_stream_wrapped_by_hand_ends_the_call() {
    let spans = trace(|| {
        block_on(async {
            named().count().await;
            no_stream_by_type().await.unwrap().1.count().await;
            twice().count().await;
            consumed_inside().await;
            read_in_a_loop().await.unwrap();
            hidden().await.0.count().await;
        });
    });
    assert_eq!(spans.len(), 6);
    spans.iter().for_each(is_whole);
}

#[test]
fn outside_a_call_a_stream_is_unchanged() {
    assert_eq!(block_on(LlmCall::current().stream(stream::iter(pieces())).collect::<Vec<_>>()), pieces());
}

struct Frames(std::vec::IntoIter<Bytes>);

impl Body for Frames {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Poll::Ready(self.0.next().map(Frame::data).map(Ok))
    }

    fn is_end_stream(&self) -> bool {
        self.0.len() == 0
    }
}

#[llm_call(provider = "openai", model = "gpt-4o")]
fn respond(status: u16) -> Result<http::Response<TracedBody<Frames>>, http::Error> {
    let response = http::Response::builder().status(status).body(Frames(pieces().into_iter()))?;
    Ok(response.map(|body| LlmCall::current().body(body)))
}

/// Reads like an HTTP server, which does not poll again after the last frame.
fn read(body: TracedBody<Frames>) -> Vec<u8> {
    let mut body = Box::pin(body);
    let mut bytes = Vec::new();
    while !body.is_end_stream() {
        let frame = std::future::poll_fn(|cx| body.as_mut().poll_frame(cx)).now_or_never().unwrap();
        bytes.extend_from_slice(frame.unwrap().unwrap().data_ref().unwrap());
    }
    bytes
}

#[test]
fn a_body_ends_the_call_with_its_last_frame() {
    let spans = trace(|| {
        assert_eq!(read(respond(200).unwrap().into_body()), SSE.as_bytes());
    });
    assert_eq!(spans.len(), 1);
    is_whole(&spans[0]);
}

#[test]
fn a_response_status_counts_even_if_its_body_is_read_later() {
    let spans = trace(|| {
        read(respond(500).unwrap().into_body());
    });
    assert_eq!(spans.len(), 1);
    assert_eq!(spans[0].status, "error");
    assert_eq!(spans[0].get("error.type"), "500");
}
