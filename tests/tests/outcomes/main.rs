//! Every outcome of a call, in every kind of function: one span each, with the right outcome.

mod connections;
mod functions;
mod items;
mod metrics;
mod streams;
mod unseen;

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{FutureExt as _, Stream, StreamExt as _, stream};
use llm_trace::{Capture, Policy, llm_call};
use llm_trace_tests::collector::{Collector, ReceivedSpan};
use serde_json::{Value, json};
use tracing_subscriber::prelude::*;

#[derive(Debug)]
struct Overloaded;

impl fmt::Display for Overloaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SENTINEL overloaded")
    }
}

impl Error for Overloaded {}

/// Runs `f` with its own subscriber and returns the exported LLM spans.
fn spans(f: impl FnOnce(&llm_trace::OpenCalls)) -> Vec<ReceivedSpan> {
    let collector = Collector::start();
    let provider = collector.provider();
    let layer = llm_trace::layer().with_policy(Policy::new().capture(Capture::Span)).with_tracer_provider(&provider);
    let open = layer.open_calls();
    let subscriber = tracing_subscriber::registry().with(layer).with(tracing_subscriber::filter::LevelFilter::INFO);
    tracing::subscriber::with_default(subscriber, || {
        let root = tracing::info_span!("root").entered();
        f(&open);
        drop(root);
    });
    assert_eq!(open.len(), 0, "a call is still registered");
    let all = collector.spans();
    let root = all.iter().find(|span| span.span.name == "root").expect("the caller's span").clone();
    assert_eq!(root.status_code(), 0, "the caller's span is not touched");
    let mut calls: Vec<_> = all.into_iter().filter(|span| span.attribute("gen_ai.operation.name").is_some()).collect();
    for call in &mut calls {
        assert_eq!(call.span.trace_id, root.span.trace_id);
        assert_eq!(call.span.parent_span_id, root.span.span_id);
    }
    calls
}

fn one(f: impl FnOnce(&llm_trace::OpenCalls)) -> ReceivedSpan {
    let mut calls = spans(f);
    assert_eq!(calls.len(), 1, "{calls:#?}");
    calls.remove(0)
}

fn outcome(span: &ReceivedSpan) -> String {
    span.attribute("llm_trace.outcome").and_then(|v| v.as_str().map(str::to_owned)).expect("an outcome")
}

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(future)
}

fn answer() -> Value {
    json!({"id": "c1", "model": "m-1", "choices": [{"index": 0, "finish_reason": "stop",
        "message": {"role": "assistant", "content": "ANSWER"}}], "usage": {"prompt_tokens": 3, "completion_tokens": 2}})
}

#[llm_call(provider = "openai", model = "m")]
async fn async_call(fail: bool) -> Result<Value, Overloaded> {
    tokio::time::sleep(Duration::from_millis(2)).await;
    if fail {
        Err(Overloaded)?;
    }
    Ok(answer())
}

#[llm_call(provider = "openai", model = "m")]
fn sync_call(fail: bool) -> Result<Value, Overloaded> {
    if fail {
        return Err(Overloaded);
    }
    Ok(answer())
}

#[llm_call(provider = "openai", model = "m")]
fn boxed_call(fail: bool) -> Pin<Box<dyn Future<Output = Result<Value, Overloaded>> + Send>> {
    let future = async move { if fail { Err(Overloaded) } else { Ok(answer()) } };
    Box::pin(future)
}

#[llm_call(provider = "openai", model = "m")]
fn impl_call(fail: bool) -> impl Future<Output = Result<Value, Overloaded>> + Send {
    let inner = async move { if fail { Err(Overloaded) } else { Ok(answer()) } };
    inner.boxed()
}

fn completed(span: &ReceivedSpan) {
    assert_eq!(outcome(span), "completed");
    assert_eq!((span.status_code(), span.status_message()), (0, ""));
    assert_eq!(span.attribute("error.type"), None);
    assert_eq!(span.attribute("gen_ai.response.id"), Some(json!("c1")));
    assert_eq!(span.attribute("gen_ai.usage.input_tokens"), Some(json!(3)));
    assert_eq!(span.attribute("gen_ai.response.finish_reasons"), Some(json!(["stop"])));
}

fn failed(span: &ReceivedSpan) {
    assert_eq!(outcome(span), "error");
    assert_eq!(span.status_code(), 2);
    assert_eq!(span.attribute("error.type"), Some(json!("outcomes::Overloaded")));
    assert_eq!(span.status_message(), "SENTINEL overloaded");
    assert_eq!(span.attribute("gen_ai.response.id"), None);
}

fn events(end: bool) -> Vec<Bytes> {
    let chunk = |delta: Value, reason: Value| {
        let chunk = json!({"id": "c1", "object": "chat.completion.chunk", "model": "m-1",
            "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]});
        Bytes::from(format!("data: {chunk}\n\n"))
    };
    let mut events = vec![
        chunk(json!({"role": "assistant", "content": "Hel"}), Value::Null),
        chunk(json!({"content": "lo"}), Value::Null),
    ];
    if end {
        events.push(chunk(json!({}), json!("stop")));
        events.push(Bytes::from_static(
            b"data: {\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2}}\n\n",
        ));
        events.push(Bytes::from_static(b"data: [DONE]\n\n"));
    }
    events
}

#[llm_call(provider = "openai", model = "m")]
fn streams(items: Vec<Bytes>) -> impl Stream<Item = Bytes> {
    stream::iter(items).then(|item| async {
        tokio::task::yield_now().await;
        item
    })
}

fn streamed(span: &ReceivedSpan, text: &str) {
    assert_eq!(span.attribute("gen_ai.request.stream"), None, "nobody asked for a stream");
    assert_eq!(span.attribute("gen_ai.response.id"), Some(json!("c1")));
    assert!(span.attribute("gen_ai.response.time_to_first_chunk").is_some_and(|v| v.is_f64()));
    let output = span.attribute("gen_ai.output.messages").expect("partial output");
    assert!(output.as_str().is_some_and(|json| json.contains(text)), "{output}");
}
