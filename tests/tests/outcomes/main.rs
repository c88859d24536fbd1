//! Every way a call can end, in every shape a call can have: one span each, and the right one.

mod unseen;

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{FutureExt as _, Stream, StreamExt as _, stream};
use llm_trace::{Capture, LlmCall, Operation, Policy, llm_call};
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

/// Runs `f` under a subscriber of its own and gives the LLM spans that came of it.
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

#[test]
fn values_and_errors_of_every_shape_of_function() {
    completed(&one(|_| assert!(block_on(async_call(false)).is_ok())));
    failed(&one(|_| assert!(block_on(async_call(true)).is_err())));
    completed(&one(|_| assert!(sync_call(false).is_ok())));
    failed(&one(|_| assert!(sync_call(true).is_err())));
    completed(&one(|_| assert!(block_on(boxed_call(false)).is_ok())));
    failed(&one(|_| assert!(block_on(boxed_call(true)).is_err())));
    completed(&one(|_| assert!(block_on(impl_call(false)).is_ok())));
    failed(&one(|_| assert!(block_on(impl_call(true)).is_err())));
}

#[test]
fn the_builder_has_the_same_lifecycle() {
    let builder = || LlmCall::builder(Operation::Chat).provider("openai").model("m");
    completed(&one(|_| {
        builder().run(|call| {
            call.response(&answer());
        });
    }));
    failed(&one(|_| assert!(builder().try_run(|_| Err::<(), _>(Overloaded)).is_err())));
    completed(&one(|_| {
        let future = async { LlmCall::current().response(&answer()).is_enabled() };
        assert!(block_on(builder().instrument(future)));
    }));
    failed(&one(|_| assert!(block_on(builder().try_instrument(async { Err::<(), _>(Overloaded) })).is_err())));
    completed(&one(|_| {
        let call = builder().start();
        call.response(&answer());
        call.finish();
        call.fail(&Overloaded);
    }));
}

#[test]
fn a_future_that_is_dropped_is_cancelled_and_not_red() {
    let span = one(|_| {
        block_on(async {
            let limit = Duration::from_millis(1);
            assert!(tokio::time::timeout(limit, slow()).await.is_err());
        });
    });
    assert_eq!(outcome(&span), "cancelled");
    assert_eq!(span.status_code(), 0);
    assert_eq!(span.attribute("error.type"), None);
    assert_eq!(span.attribute("gen_ai.usage.input_tokens"), Some(json!(5)), "what was known is kept");
}

#[llm_call(provider = "openai", model = "m")]
async fn slow() {
    LlmCall::current().usage(llm_trace::Usage::new().input_tokens(5));
    tokio::time::sleep(Duration::from_secs(60)).await;
}

#[test]
fn a_future_that_is_never_polled_makes_no_span() {
    assert_eq!(spans(|_| drop(slow())).len(), 0);
    assert_eq!(spans(|_| drop(boxed_call(false))).len(), 0);
    assert_eq!(spans(|_| drop(impl_call(false))).len(), 0);
}

#[llm_call(provider = "openai", model = "m")]
async fn panics_async() {
    tokio::task::yield_now().await;
    panic!("SENTINEL in a panic");
}

#[llm_call(provider = "openai", model = "m")]
fn panics_sync() {
    panic!("SENTINEL in a panic");
}

#[test]
fn a_panic_is_told_apart_also_where_the_caller_catches_it() {
    for run in [
        (|| drop(catch_unwind(panics_sync))) as fn(),
        || drop(catch_unwind(AssertUnwindSafe(|| block_on(panics_async())))),
        || block_on(async { drop(AssertUnwindSafe(panics_async()).catch_unwind().await) }),
    ] {
        let span = one(|_| run());
        assert_eq!(outcome(&span), "panicked");
        assert_eq!(span.status_code(), 2);
        assert_eq!(span.attribute("error.type"), Some(json!("panic")));
        assert!(!format!("{span:?}").contains("SENTINEL"));
    }
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

#[llm_call(provider = "openai", model = "m")]
async fn boxed_streams(
    items: Vec<Bytes>,
) -> Result<Pin<Box<dyn Stream<Item = Result<Bytes, Overloaded>> + Send>>, Overloaded> {
    Ok(Box::pin(stream::iter(items).map(Ok)))
}

fn streamed(span: &ReceivedSpan, text: &str) {
    assert_eq!(span.attribute("gen_ai.request.stream"), Some(json!(true)));
    assert_eq!(span.attribute("gen_ai.response.id"), Some(json!("c1")));
    assert!(span.attribute("gen_ai.response.time_to_first_chunk").is_some_and(|v| v.is_f64()));
    let output = span.attribute("gen_ai.output.messages").expect("partial output");
    assert!(output.as_str().is_some_and(|json| json.contains(text)), "{output}");
}

#[test]
fn streams_end_complete_truncated_dropped_and_by_panic() {
    let whole = one(|_| block_on(streams(events(true)).for_each(|_| std::future::ready(()))));
    completed(&whole);
    streamed(&whole, "Hello");
    let whole = one(|_| {
        block_on(async {
            let stream = boxed_streams(events(true)).await.expect("a stream");
            stream.for_each(|_| std::future::ready(())).await;
        });
    });
    completed(&whole);

    let cut = one(|_| block_on(streams(events(false)).for_each(|_| std::future::ready(()))));
    assert_eq!((outcome(&cut).as_str(), cut.status_code()), ("truncated", 2));
    assert_eq!(cut.attribute("gen_ai.response.finish_reasons"), None, "no invented reason");
    streamed(&cut, "Hello");

    let dropped = one(|_| {
        block_on(async {
            let mut stream = Box::pin(streams(events(true)));
            assert!(stream.next().await.is_some());
        });
    });
    assert_eq!((outcome(&dropped).as_str(), dropped.status_code()), ("dropped", 0));
    streamed(&dropped, "Hel");

    let unpolled = one(|_| drop(streams(events(true))));
    assert_eq!((outcome(&unpolled).as_str(), unpolled.status_code()), ("dropped", 0));

    let panicked = one(|_| {
        let run = || block_on(panicking_stream().for_each(|_| std::future::ready(())));
        assert!(catch_unwind(AssertUnwindSafe(run)).is_err());
    });
    assert_eq!((outcome(&panicked).as_str(), panicked.status_code()), ("panicked", 2));
    streamed(&panicked, "Hello");
}

#[llm_call(provider = "openai", model = "m")]
fn panicking_stream() -> impl Stream<Item = Bytes> {
    stream::iter(events(false)).chain(stream::once(async { panic!("SENTINEL") }))
}

#[llm_call(provider = "openai", model = "m")]
fn failing_stream() -> impl Stream<Item = Result<Bytes, Overloaded>> {
    stream::iter(events(false)).map(Ok).chain(stream::once(async { Err(Overloaded) }))
}

#[llm_call(provider = "openai", model = "m")]
fn error_event() -> impl Stream<Item = String> {
    let error = json!({"error": {"message": "SENTINEL", "type": "server_error", "code": null}});
    stream::iter([format!("data: {error}\n\n")])
}

#[test]
fn errors_inside_a_stream_are_the_calls() {
    let span = one(|_| block_on(failing_stream().for_each(|_| std::future::ready(()))));
    assert_eq!((outcome(&span).as_str(), span.status_code()), ("error", 2));
    assert_eq!(span.attribute("error.type"), Some(json!("outcomes::Overloaded")));
    streamed(&span, "Hello");
    let span = one(|_| block_on(error_event().for_each(|_| std::future::ready(()))));
    assert_eq!((outcome(&span).as_str(), span.status_code()), ("error", 2));
    assert_eq!(span.attribute("error.type"), Some(json!("server_error")));
}

#[test]
fn iterators_and_callbacks_go_through_the_handle() {
    let span = one(|_| {
        let call = LlmCall::builder(Operation::Chat).provider("openai").model("m").start();
        for bytes in events(true) {
            call.chunk_bytes(bytes);
        }
        call.finish();
    });
    completed(&span);
    streamed(&span, "Hello");
    let span = one(|_| {
        let call = LlmCall::builder(Operation::Chat).provider("openai").model("m").start();
        call.chunk("Hel").chunk("lo");
        call.finish();
    });
    assert_eq!(outcome(&span), "completed");
    let output = span.attribute("gen_ai.output.messages").expect("output");
    assert!(output.as_str().is_some_and(|json| json.contains("\"Hello\"")), "{output}");
}

#[test]
fn a_shutdown_ends_what_still_runs() {
    let span = one(|open| {
        block_on(async {
            let mut stream = Box::pin(streams(events(true)));
            assert!(stream.next().await.is_some());
            assert_eq!(open.finish(), 1);
            assert!(stream.next().await.is_some(), "the stream goes on");
        });
    });
    assert_eq!((outcome(&span).as_str(), span.status_code()), ("unfinished", 0));
    streamed(&span, "Hel");
}

#[test]
fn attempts_are_events_of_one_span() {
    let span = one(|_| {
        LlmCall::builder(Operation::Chat).provider("openai").run(|call| {
            call.attempt("429").attempt("503");
            call.response(&answer());
        });
    });
    completed(&span);
    let names: Vec<_> = span.span.events.iter().map(|event| event.name.as_str()).collect();
    assert_eq!(names, ["llm_trace.attempt", "llm_trace.attempt"]);
}

#[test]
fn what_runs_inside_is_a_child_and_the_end_is_on_time() {
    let collector = Collector::start();
    let provider = collector.provider();
    let subscriber = tracing_subscriber::registry().with(llm_trace::layer().with_tracer_provider(&provider));
    tracing::subscriber::with_default(subscriber, || {
        block_on(async {
            let stream = streams_with_children();
            futures_util::pin_mut!(stream);
            while stream.next().await.is_some() {}
            tokio::time::sleep(Duration::from_millis(80)).await;
        });
    });
    let spans = collector.spans();
    let call = spans.iter().find(|span| span.attribute("gen_ai.operation.name").is_some()).expect("the call").clone();
    let children: Vec<_> = spans.iter().filter(|span| span.span.name == "http").collect();
    assert_eq!(children.len(), 3);
    assert!(children.iter().all(|child| child.span.parent_span_id == call.span.span_id));
    let millis = (call.span.end_time_unix_nano - call.span.start_time_unix_nano) / 1_000_000;
    assert!((30..80).contains(&millis), "it took {millis} ms, of which 30 in the stream");
}

#[llm_call(provider = "openai", model = "m")]
fn streams_with_children() -> impl Stream<Item = Bytes> {
    stream::iter(0..3).then(|_| async {
        tracing::info_span!("http").in_scope(|| {});
        tokio::time::sleep(Duration::from_millis(10)).await;
        Bytes::new()
    })
}

#[test]
fn ten_thousand_calls_leave_nothing_behind() {
    let exporter = opentelemetry_sdk::trace::SdkTracerProvider::builder().build();
    let layer = llm_trace::layer().with_tracer_provider(&exporter);
    let open = layer.open_calls();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let _entered = runtime.enter();
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        for i in 0..2_500 {
            drop(sync_call(i % 2 == 0));
            drop(async_call(false).now_or_never());
            drop(Box::pin(streams(events(true))).next().now_or_never());
            drop(boxed_call(i % 2 == 0).now_or_never());
        }
    });
    assert_eq!(open.len(), 0);
}

#[test]
fn an_error_event_inside_a_call_that_goes_well_does_not_turn_it_red() {
    let collector = Collector::start();
    let exporting = opentelemetry_sdk::trace::SimpleSpanProcessor::new(collector.exporter());
    let provider = opentelemetry_sdk::trace::SdkTracerProvider::builder()
        .with_span_processor(llm_trace::RedactProcessor::new(exporting, Policy::new()))
        .build();
    let layer = llm_trace::layer().with_tracer_provider(&provider);
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        LlmCall::builder(Operation::Chat).provider("openai").run(|call| {
            tracing::error!("a retry was needed");
            call.response(&answer());
        });
    });
    completed(&collector.span("chat"));
}

#[derive(serde::Serialize)]
struct SseEvent {
    event: &'static str,
    data: String,
}

#[test]
fn parsed_events_tell_their_facts_also_with_content_off() {
    let collector = Collector::start();
    let layer = llm_trace::layer().with_policy(Policy::new()).with_tracer_provider(&collector.provider());
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        let call = LlmCall::builder(Operation::Chat).provider("openai").start();
        for bytes in events(true) {
            let text = String::from_utf8_lossy(&bytes).trim().trim_start_matches("data: ").to_owned();
            call.chunk(&SseEvent { event: "message", data: text });
        }
        call.finish();
    });
    let span = collector.span("chat");
    completed(&span);
    assert_eq!(span.attribute("gen_ai.output.messages"), None);
}

#[derive(serde::Serialize)]
struct Chunk<'a> {
    id: &'a str,
    object: &'a str,
    created: usize,
    choices: [Choice<'a>; 1],
}

#[derive(serde::Serialize)]
struct Choice<'a> {
    index: usize,
    delta: Delta<'a>,
    logprobs: Option<f32>,
    finish_reason: Option<&'a str>,
}

#[derive(serde::Serialize)]
struct Delta<'a> {
    content: Option<&'a str>,
    refusal: Option<&'a str>,
    reasoning_content: &'a str,
}

#[test]
fn a_stream_tells_the_same_as_bytes_as_values_and_as_structs() {
    let texts = ["one", "", "two\n", "three \"é\"", "four", "five", "", "six", "seven", "eight", "nine"];
    let chunks = texts.iter().enumerate().map(|(at, text)| Chunk {
        id: "c1",
        object: "chat.completion.chunk",
        created: at,
        choices: [Choice {
            index: usize::from(at % 4 == 3),
            delta: match at % 5 {
                4 => Delta { content: None, refusal: None, reasoning_content: text },
                _ => Delta { content: Some(text), refusal: None, reasoning_content: "" },
            },
            logprobs: None,
            finish_reason: (at == 7).then_some("length"),
        }],
    });
    let chunks: Vec<_> = chunks.collect();
    for masks in [None, Some(0), Some(3), Some(9)] {
        let spans = ["bytes", "values", "structs"].map(|kind| {
            let collector = Collector::start();
            let policy = Policy::new().capture(Capture::Span);
            let layer = llm_trace::layer().with_policy(policy).with_tracer_provider(&collector.provider());
            tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
                let call = LlmCall::builder(Operation::Chat).provider("openai").start();
                for (at, chunk) in chunks.iter().enumerate() {
                    call.mask_output(masks == Some(at));
                    let value = serde_json::to_value(chunk).expect("a value");
                    match kind {
                        "bytes" => call.chunk_bytes(format!("data: {value}\n\n")),
                        "values" => call.chunk(&value),
                        _ => call.chunk(chunk),
                    };
                }
                call.finish();
            });
            let span = collector.span("chat");
            ["gen_ai.output.messages", "gen_ai.response.id", "gen_ai.response.finish_reasons", "llm_trace.outcome"]
                .map(|key| span.attribute(key))
        });
        let text = spans[0][0].as_ref().map(ToString::to_string).unwrap_or_default();
        assert_eq!(text.contains("three"), masks.is_none(), "{masks:?} {text}");
        assert!(masks.is_some() || text.contains("nine"), "{text}");
        assert_eq!(spans[0], spans[1], "{masks:?}");
        assert_eq!(spans[0], spans[2], "{masks:?}");
    }
}

#[test]
fn streams_may_be_polled_from_several_threads_and_runtimes() {
    let collector = Collector::start();
    let provider = collector.provider();
    let layer = llm_trace::layer().with_tracer_provider(&provider);
    let dispatch = tracing::Dispatch::new(tracing_subscriber::registry().with(layer));
    let multi = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().expect("a runtime");
    let mut stream: Pin<Box<dyn Stream<Item = Bytes> + Send>> =
        tracing::dispatcher::with_default(&dispatch, || Box::pin(streams(events(true))) as _);
    // Each item on a thread of its own, without and with a runtime.
    for round in 0.. {
        let dispatch = dispatch.clone();
        let handle = multi.handle().clone();
        let (back, item) = std::thread::spawn(move || {
            tracing::dispatcher::with_default(&dispatch, || {
                let item = if round % 2 == 0 { block_on(stream.next()) } else { handle.block_on(stream.next()) };
                (stream, item)
            })
        })
        .join()
        .expect("a thread");
        stream = back;
        if item.is_none() {
            break;
        }
    }
    let calls: Vec<_> = (0..8)
        .map(|fail| {
            use tracing::instrument::WithSubscriber as _;
            multi.spawn(async_call(fail % 2 == 1).with_subscriber(dispatch.clone()))
        })
        .collect();
    for (at, call) in calls.into_iter().enumerate() {
        assert_eq!(multi.block_on(call).expect("joined").is_err(), at % 2 == 1);
    }
    drop(stream);
    let spans = collector.spans();
    assert_eq!(spans.len(), 9);
    completed(&spans[0]);
    assert_eq!(spans.iter().filter(|span| outcome(span) == "error").count(), 4);
}
