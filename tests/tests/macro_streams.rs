//! `#[llm_call]` on functions that return streams.

mod macros;

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::stream::{self, BoxStream, FusedStream, LocalBoxStream, Stream};
use futures_util::{FutureExt, StreamExt};
use llm_trace::llm_call;
use macros::{Exported, block_on, trace};
use serde_json::{Value, json};

fn chunks() -> Vec<Value> {
    let chunk = |delta: Value, finish: Value| {
        json!({
            "id": "chatcmpl-1",
            "object": "chat.completion.chunk",
            "model": "gpt-4o-2024-08-06",
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
        })
    };
    vec![
        chunk(json!({"role": "assistant", "content": ""}), Value::Null),
        chunk(json!({"content": "hel"}), Value::Null),
        chunk(json!({"content": "lo"}), Value::Null),
        chunk(json!({}), "stop".into()),
        json!({
            "id": "chatcmpl-1", "object": "chat.completion.chunk", "model": "gpt-4o-2024-08-06", "choices": [],
            "usage": {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12},
        }),
    ]
}

fn sse() -> String {
    chunks().iter().map(|chunk| format!("data: {chunk}\n\n")).chain(["data: [DONE]\n\n".to_owned()]).collect()
}

fn is_whole(span: &Exported) {
    assert_eq!(span.name, "chat gpt-4o");
    assert_eq!(span.get("gen_ai.request.stream"), "", "nobody asked for a stream: {span:?}");
    assert_eq!(span.get("gen_ai.response.model"), "gpt-4o-2024-08-06");
    assert_eq!(span.get("gen_ai.usage.input_tokens"), "9");
    assert_eq!(span.get("gen_ai.response.finish_reasons"), "[\"stop\"]");
    assert_eq!(span.get("llm_trace.outcome"), "completed");
    assert_eq!(span.get("error.type"), "");
    assert_eq!(span.status, "unset");
}

#[derive(Debug)]
struct Broken;

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("broken")
    }
}

impl std::error::Error for Broken {}

#[llm_call(provider = "openai", model = "gpt-4o")]
fn values() -> impl FusedStream<Item = Value> + Send + Unpin + use<> {
    stream::iter(chunks()).fuse()
}

#[llm_call(provider = "openai", model = "gpt-4o")]
async fn results() -> Result<impl Stream<Item = Result<Bytes, Broken>>, Broken> {
    let text = sse().into_bytes();
    Ok(stream::iter(text.chunks(7).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect::<Vec<_>>()))
}

#[llm_call(provider = "openai", model = "gpt-4o")]
fn optional() -> Option<impl Stream<Item = String>> {
    Some(stream::iter(sse().split_inclusive("\r\n").map(str::to_owned).collect::<Vec<_>>()))
}

type ClientStream<T> = Pin<Box<dyn Stream<Item = Result<T, Broken>> + Send>>;

#[derive(serde::Serialize)]
struct Chunk(Value);

#[llm_call(provider = "openai", model = "gpt-4o")]
async fn aliased() -> Result<ClientStream<Chunk>, Broken> {
    Ok(Box::pin(stream::iter(chunks().into_iter().map(Chunk).map(Ok))))
}

#[llm_call(provider = "openai", model = "gpt-4o")]
fn boxed<'a>(chunks: &'a [Value]) -> BoxStream<'a, &'a Value> {
    stream::iter(chunks).boxed()
}

#[llm_call(provider = "openai", model = "gpt-4o")]
async fn local() -> Option<Result<LocalBoxStream<'static, Value>, Broken>> {
    let shared = std::rc::Rc::new(chunks());
    Some(Ok(stream::iter(shared.as_ref().clone()).boxed_local()))
}

#[llm_call(provider = "openai", model = "gpt-4o")]
fn future_of_stream() -> Pin<Box<dyn Future<Output = Result<BoxStream<'static, Value>, Broken>> + Send>> {
    async { Ok(stream::iter(chunks()).boxed()) }.boxed()
}

async fn drain(stream: impl Stream) -> usize {
    std::pin::pin!(stream).count().await
}

#[test]
fn a_stream_of_any_kind_is_one_span() {
    let spans = trace(|| {
        block_on(async {
            assert_eq!(drain(values()).await, 5);
            drain(results().await.unwrap()).await;
            drain(optional().unwrap()).await;
            assert_eq!(drain(aliased().await.unwrap()).await, 5);
            assert_eq!(drain(boxed(&chunks())).await, 5);
            assert_eq!(drain(local().await.unwrap().unwrap()).await, 5);
            assert_eq!(drain(future_of_stream().await.unwrap()).await, 5);
        });
    });
    assert_eq!(spans.len(), 7);
    spans.iter().for_each(is_whole);
}

#[llm_call(provider = "openai", model = "gpt-4o")]
async fn fails() -> Result<impl Stream<Item = Value>, Broken> {
    if true {
        return Err(Broken);
    }
    Ok(stream::iter(chunks()))
}

#[test]
fn an_error_in_place_of_a_stream_ends_the_call() {
    let spans = trace(|| {
        assert!(block_on(fails()).is_err());
    });
    assert_eq!(spans.len(), 1);
    assert_eq!(spans[0].status, "error");
    assert!(spans[0].get("error.type").ends_with("::Broken"));
}

#[llm_call(provider = "openai", model = "gpt-4o")]
fn breaks() -> impl Stream<Item = Result<Value, Broken>> {
    stream::iter(chunks().into_iter().take(2).map(Ok).chain([Err(Broken)]))
}

#[test]
fn an_error_among_the_items_is_an_error_of_the_call() {
    let spans = trace(|| {
        block_on(drain(breaks()));
    });
    assert_eq!(spans.len(), 1);
    assert_eq!(spans[0].status, "error");
    assert_eq!(spans[0].get("gen_ai.response.id"), "chatcmpl-1");
    assert!(spans[0].get("error.type").ends_with("::Broken"), "{:?}", spans[0]);
}

#[test]
fn a_dropped_stream_has_its_own_outcome() {
    let spans = trace(|| {
        block_on(async {
            let mut stream = values();
            stream.next().await;
            drop(stream);
            drop(values());
        });
    });
    assert_eq!(spans.len(), 2);
    for span in &spans {
        assert_eq!(span.get("llm_trace.outcome"), "dropped");
        assert_eq!(span.status, "unset");
    }
    assert_eq!(spans[0].get("gen_ai.response.id"), "chatcmpl-1");
}

#[llm_call(provider = "openai", model = "gpt-4o")]
fn panics() -> impl Stream<Item = Value> {
    stream::iter(0..2).map(|i| if i == 0 { chunks().swap_remove(0) } else { panic!("inside the stream") })
}

#[test]
fn a_panic_inside_a_stream_is_seen_under_catch_unwind() {
    let spans = trace(|| {
        let caught = std::panic::catch_unwind(|| block_on(drain(panics())));
        assert!(caught.is_err());
    });
    assert_eq!(spans.len(), 1);
    assert_eq!(spans[0].get("llm_trace.outcome"), "panicked");
    assert_eq!(spans[0].status, "error");
}

/// A named stream type.
struct Named(std::vec::IntoIter<Value>);

impl Stream for Named {
    type Item = Value;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Value>> {
        let _inner = tracing::info_span!("inner").entered();
        Poll::Ready(self.0.next())
    }
}

#[llm_call(provider = "openai", model = "gpt-4o")]
fn named() -> Named {
    Named(chunks().into_iter())
}

#[llm_call(provider = "openai", model = "gpt-4o")]
fn nested() -> impl Stream<Item = Value> {
    Named(chunks().into_iter())
}

#[test]
fn a_named_stream_keeps_its_type() {
    let spans = trace(|| {
        let stream: Named = named();
        assert_eq!(block_on(drain(stream)), 5);
    });
    assert_eq!(spans.iter().filter(|span| span.name == "chat gpt-4o").count(), 1);
}

#[test]
fn spans_made_while_a_stream_is_polled_are_children_of_the_call() {
    let spans = trace(|| {
        block_on(drain(nested()));
    });
    let (call, inner) = spans.split_last().unwrap();
    is_whole(call);
    assert_eq!(inner.len(), 6);
    assert!(inner.iter().all(|span| span.parent == call.id));
}

fn is_send_and_unpin<T: Send + Sync + Unpin + 'static>(_: &T) {}

#[test]
fn the_wrapper_has_the_traits_and_size_of_the_inner_stream() {
    let stream = values();
    is_send_and_unpin(&nested_unpin());
    assert_eq!(stream.size_hint(), (5, Some(5)));
    assert!(!stream.is_terminated());
}

#[llm_call(provider = "openai", model = "gpt-4o")]
fn nested_unpin() -> impl Stream<Item = Value> + Send + Sync + Unpin + 'static {
    Named(chunks().into_iter())
}
