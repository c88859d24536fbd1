//! Functions as they occur in programs: the stream is read in place, moved to a task, or hidden in a type.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, stream};
use llm_trace::{Capture, LlmCall, OpenCalls, Policy, Profile, llm_call};
use llm_trace_tests::collector::{Collector, ReceivedSpan};
use serde_json::{Value, json};
use tracing::instrument::WithSubscriber as _;
use tracing_subscriber::prelude::*;

#[derive(Debug)]
struct Broken;

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("broken")
    }
}

impl Error for Broken {}

/// The way a function ends.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Leave {
    Ok,
    Err,
    Panic,
    /// It never returns.
    Wait,
}

async fn leave(how: Leave) -> Result<(), Broken> {
    match how {
        Leave::Ok => Ok(()),
        Leave::Err => Err(Broken),
        Leave::Panic => panic!("on purpose"),
        Leave::Wait => {
            tokio::time::sleep(Duration::from_secs(60)).await;
            Ok(())
        }
    }
}

/// The only call that `run` makes.
fn one(run: impl AsyncFnOnce(&OpenCalls)) -> ReceivedSpan {
    let collector = Collector::start();
    let provider = collector.provider();
    let layer = llm_trace::layer().with_policy(Policy::new().capture(Capture::Span)).with_tracer_provider(&provider);
    let open = layer.open_calls();
    let dispatch = tracing::Dispatch::new(tracing_subscriber::registry().with(layer));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    tracing::dispatcher::with_default(&dispatch, || runtime.block_on(run(&open)));
    drop(runtime);
    assert_eq!(open.len(), 0, "a call is still open");
    let mut spans = collector.spans();
    spans.retain(|span| span.attribute("gen_ai.operation.name").is_some());
    assert_eq!(spans.len(), 1, "{spans:#?}");
    spans.remove(0)
}

/// Runs a future to its end, including a panic or a timeout.
async fn run<T>(future: impl Future<Output = T>) {
    let limit = tokio::time::timeout(Duration::from_millis(20), future);
    drop(futures_util::FutureExt::catch_unwind(AssertUnwindSafe(limit)).await);
}

fn outcome(span: &ReceivedSpan) -> String {
    span.attribute("llm_trace.outcome").and_then(|outcome| outcome.as_str().map(str::to_owned)).expect("an outcome")
}

fn body(stream: bool) -> Value {
    json!({"model": "m", "stream": stream, "messages": [{"role": "user", "content": "hello"}]})
}

/// The values of a stream: complete, or cut after the usage.
fn chunks(whole: bool) -> Vec<Value> {
    let chunk = |delta: Value, reason: Value| {
        json!({"id": "c1", "object": "chat.completion.chunk", "model": "m-1",
            "choices": [{"index": 0, "delta": delta, "finish_reason": reason}],
            "usage": {"prompt_tokens": 3, "completion_tokens": 2}})
    };
    let mut chunks = vec![
        chunk(json!({"role": "assistant", "content": "Hel"}), Value::Null),
        chunk(json!({"content": "lo"}), Value::Null),
    ];
    if whole {
        chunks.push(chunk(json!({}), json!("stop")));
    }
    chunks
}

fn events(whole: bool) -> Vec<Bytes> {
    let events = chunks(whole).into_iter().map(|chunk| Bytes::from(format!("data: {chunk}\n\n")));
    events.chain(whole.then(|| Bytes::from_static(b"data: [DONE]\n\n"))).collect()
}

#[track_caller]
fn told(span: &ReceivedSpan, whole: bool) {
    assert_eq!(span.attribute("gen_ai.response.id"), Some(json!("c1")));
    assert_eq!(span.attribute("gen_ai.usage.input_tokens"), Some(json!(3)));
    assert_eq!(span.attribute("gen_ai.usage.output_tokens"), Some(json!(2)));
    assert_eq!(span.attribute("gen_ai.response.finish_reasons"), whole.then(|| json!(["stop"])));
    assert!(span.attribute("gen_ai.response.time_to_first_chunk").is_some_and(|time| time.is_f64()));
    let output = span.attribute("gen_ai.output.messages").expect("messages").to_string();
    assert!(output.contains("Hello"), "{output}");
}

#[track_caller]
/// `cut` is the outcome of a stream without its end mark, whose function returns a value.
fn ended(span: &ReceivedSpan, leaves: Leave, whole: bool, cut: &str) {
    let expected = match leaves {
        Leave::Ok if whole => "completed",
        Leave::Ok => cut,
        Leave::Err => "error",
        Leave::Panic => "panicked",
        Leave::Wait if whole => "completed",
        Leave::Wait => "cancelled",
    };
    assert_eq!(outcome(span), expected, "{leaves:?} {whole}");
    if leaves == Leave::Err {
        assert_eq!(span.attribute("error.type"), Some(json!("real_shapes::Broken")));
    }
    told(span, whole);
}

const LEAVES: [(Leave, bool); 8] = [
    (Leave::Ok, true),
    (Leave::Ok, false),
    (Leave::Err, true),
    (Leave::Err, false),
    (Leave::Panic, true),
    (Leave::Panic, false),
    (Leave::Wait, true),
    (Leave::Wait, false),
];

#[llm_call(provider = "openai", request = body)]
async fn by_value(body: &Value, leaves: Leave, whole: bool) -> Result<(), Broken> {
    let call = LlmCall::current();
    for chunk in chunks(whole) {
        call.chunk(&chunk);
    }
    leave(leaves).await
}

#[llm_call(provider = "openai", request = body)]
async fn by_bytes(body: &Value, leaves: Leave, whole: bool) -> Result<(), Broken> {
    for event in events(whole) {
        LlmCall::current().chunk_bytes(event);
    }
    leave(leaves).await
}

#[llm_call(provider = "openai", request = body)]
async fn by_text(body: &Value, leaves: Leave, whole: bool) -> Result<(), Broken> {
    for event in events(whole) {
        LlmCall::current().chunk(&String::from_utf8_lossy(&event));
    }
    leave(leaves).await
}

#[llm_call(provider = "openai", request = body)]
async fn in_place(body: &Value, leaves: Leave, whole: bool) -> Result<(), Broken> {
    let mut stream = LlmCall::current().stream(stream::iter(events(whole)).chain(stream::pending()));
    for _ in 0..events(whole).len() {
        stream.next().await;
    }
    leave(leaves).await
}

#[test]
fn recorded_values_are_kept_for_every_ending() {
    for (leaves, whole) in LEAVES {
        let body = body(true);
        ended(&one(async |_| run(by_value(&body, leaves, whole)).await), leaves, whole, "truncated");
        ended(&one(async |_| run(by_bytes(&body, leaves, whole)).await), leaves, whole, "truncated");
        ended(&one(async |_| run(by_text(&body, leaves, whole)).await), leaves, whole, "truncated");
        ended(&one(async |_| run(in_place(&body, leaves, whole)).await), leaves, whole, "dropped");
    }
}

#[llm_call(provider = "openai", request = body)]
fn in_callback(body: &Value, leaves: Leave, whole: bool, each: &mut dyn FnMut(&Value)) -> Result<(), Broken> {
    for chunk in chunks(whole) {
        LlmCall::current().chunk(&chunk);
        each(&chunk);
    }
    match leaves {
        Leave::Ok | Leave::Wait => Ok(()),
        Leave::Err => Err(Broken),
        Leave::Panic => panic!("on purpose"),
    }
}

#[test]
fn a_function_with_a_callback_is_recorded_like_others() {
    for (leaves, whole) in LEAVES.into_iter().filter(|(leaves, _)| *leaves != Leave::Wait) {
        let span = one(async |_| {
            drop(catch_unwind(|| in_callback(&body(true), leaves, whole, &mut |_| {})));
        });
        ended(&span, leaves, whole, "truncated");
    }
}

#[llm_call(provider = "openai", request = body)]
async fn channel(body: &Value, leaves: Leave, whole: bool) -> tokio::sync::mpsc::Receiver<Value> {
    let (sender, receiver) = tokio::sync::mpsc::channel(1);
    let call = LlmCall::current();
    let task = async move {
        for chunk in chunks(whole) {
            call.chunk(&chunk);
            drop(sender.send(chunk).await);
        }
        if let Err(error) = leave(leaves).await {
            call.fail(&error);
        }
    };
    tokio::spawn(task.with_current_subscriber());
    receiver
}

#[test]
fn a_channel_is_open_until_the_handle_ends() {
    for (leaves, whole) in LEAVES {
        let span = one(async |open| {
            let mut receiver = channel(&body(true), leaves, whole).await;
            assert_eq!(open.len(), 1, "open after the return");
            for _ in chunks(whole) {
                receiver.recv().await;
            }
            if leaves != Leave::Wait {
                assert!(receiver.recv().await.is_none());
            }
        });
        let leaves = if leaves == Leave::Wait { Leave::Ok } else { leaves };
        ended(&span, leaves, whole, "truncated");
    }
}

enum Answer<S> {
    Live(S),
}

struct Held<S> {
    stream: S,
}

struct Named(std::vec::IntoIter<Bytes>);

impl Stream for Named {
    type Item = Bytes;
    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Bytes>> {
        Poll::Ready(self.0.next())
    }
}

#[llm_call(provider = "openai", request = body)]
async fn in_enum(body: &Value, fails: bool) -> Result<Answer<Named>, Broken> {
    if fails { Err(Broken) } else { Ok(Answer::Live(Named(events(true).into_iter()))) }
}

#[llm_call(provider = "openai", request = body)]
async fn in_struct(body: &Value) -> Held<Named> {
    Held { stream: Named(events(true).into_iter()) }
}

#[llm_call(provider = "openai", request = body)]
async fn in_tuple(body: &Value) -> (u8, Named) {
    (1, Named(events(true).into_iter()))
}

#[llm_call(provider = "openai", request = body)]
async fn named(body: &Value) -> Named {
    Named(events(true).into_iter())
}

#[llm_call(provider = "openai", request = body)]
fn unread(body: &Value, status: u16) -> reqwest::Response {
    let response = http::Response::builder().status(status).body("data: [DONE]\n\n").expect("a response");
    response.into()
}

/// Gives up before it sends its request, and tells nobody.
#[llm_call(provider = "ollama")]
async fn silent(body: &Value) {
    LlmCall::current().request(body);
}

#[llm_call(provider = "ollama")]
async fn counted(body: &Value) -> usize {
    LlmCall::current().request(body);
    0
}

#[track_caller]
fn is_unobserved(span: &ReceivedSpan) {
    assert_eq!((outcome(span).as_str(), span.status_code()), ("unobserved", 0));
    for unknown in ["gen_ai.usage.output_tokens", "gen_ai.response.finish_reasons", "error.type"] {
        assert_eq!(span.attribute(unknown), None, "{unknown}");
    }
}

#[test]
fn an_unwrapped_stream_is_unobserved() {
    let body = body(true);
    is_unobserved(&one(async |_| {
        let Ok(Answer::Live(mut stream)) = in_enum(&body, false).await else { panic!("a stream") };
        while stream.next().await.is_some() {}
    }));
    assert_eq!(outcome(&one(async |_| assert!(in_enum(&body, true).await.is_err()))), "error");
    is_unobserved(&one(async |_| drop(in_struct(&body).await.stream)));
    is_unobserved(&one(async |_| drop(in_tuple(&body).await)));
    is_unobserved(&one(async |_| drop(named(&body).await)));
    is_unobserved(&one(async |_| silent(&body).await));
    is_unobserved(&one(async |_| assert_eq!(counted(&body).await, 0)));
    let span = one(async |_| drop(unread(&body, 200)));
    is_unobserved(&span);
    assert_eq!(span.attribute("http.response.status_code"), Some(json!(200)));
    assert_eq!(outcome(&one(async |_| drop(unread(&body, 500)))), "error");
}

#[test]
fn one_warning_contains_the_location_and_the_remedies() {
    const INSIDE: &str = "REAL_SHAPES_WARNS";
    if std::env::var_os(INSIDE).is_some() {
        one(async |_| drop(in_enum(&body(true), false).await));
        one(async |_| drop(in_enum(&body(true), false).await));
        one(async |_| drop(named(&body(true)).await));
        return;
    }
    let output = std::process::Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "one_warning_contains_the_location_and_the_remedies", "--nocapture"])
        .env(INSIDE, "1")
        .output()
        .expect("it runs");
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
    assert_eq!(text.matches("nothing of the answer was seen").count(), 1, "{text}");
    assert_eq!(text.matches("a stream of a named type").count(), 1, "{text}");
    for part in ["real_shapes.rs", "LlmCall::current().stream(..)", "impl Stream", "`chunk`"] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[llm_call(provider = "openai", request = body)]
async fn piped(body: &Value) -> Result<(), Broken> {
    let mut stream = LlmCall::current().stream(stream::iter(events(true)));
    while stream.next().await.is_some() {}
    Ok(())
}

#[test]
fn only_a_streaming_request_has_the_stream_attribute() {
    for asked in [true, false] {
        let span = one(async |_| assert!(piped(&body(asked)).await.is_ok()));
        assert_eq!(outcome(&span), "completed");
        assert_eq!(span.attribute("gen_ai.request.stream"), asked.then(|| json!(true)));
        assert_eq!(span.attribute("gen_ai.response.time_to_first_chunk").is_some(), asked);
    }
}

#[llm_call(provider = "openai", model = "m", input = prompt)]
fn json_deltas(prompt: &str) -> impl Stream<Item = String> + use<> {
    stream::iter(["{\"city\": ", "\"Oslo\"}"].map(|delta| format!("{}{delta}", &prompt[..0])))
}

#[test]
fn a_response_in_json_that_comes_in_texts_is_no_stream_of_events() {
    let span = one(async |_| assert_eq!(json_deltas("where?").collect::<String>().await, r#"{"city": "Oslo"}"#));
    assert_eq!(outcome(&span), "completed");
    let messages = span.attribute("gen_ai.output.messages").expect("the answer").to_string();
    assert!(messages.contains("Oslo"), "{messages}");
}

#[test]
fn a_stream_that_the_client_asks_for_later_has_a_first_chunk() {
    let mut late = body(true);
    late.as_object_mut().expect("an object").remove("stream");
    let span = one(async |_| assert!(piped(&late).await.is_ok()));
    assert_eq!(span.attribute("gen_ai.request.stream"), None);
    assert!(span.attribute("gen_ai.response.time_to_first_chunk").is_some());
}

#[llm_call(operation = "embeddings", provider = "openai", request = body)]
async fn embeds(body: &Value) -> Value {
    json!({"object": "list", "model": "e-1", "usage": {"prompt_tokens": 2, "total_tokens": 2},
        "data": [{"object": "embedding", "index": 0, "embedding": [0.5, 0.25]}]})
}

#[test]
fn the_api_type_follows_the_detected_format() {
    let span = one(async |_| drop(embeds(&json!({"model": "e", "input": "text"})).await));
    assert_eq!(span.attribute("openai.api.type"), None);
    let span = one(async |_| assert!(by_value(&body(true), Leave::Ok, true).await.is_ok()));
    assert_eq!(span.attribute("openai.api.type"), Some(json!("chat_completions")));
}

#[llm_call(provider = "openai", model = "m", input = prompt)]
fn text(prompt: &str) -> String {
    prompt.to_uppercase()
}

#[test]
fn a_finish_reason_that_nobody_gave_is_empty_only_where_the_schema_requires_one() {
    for (profile, expected) in [(Profile::Core, true), (Profile::Latest, false)] {
        let collector = Collector::start();
        let layer = llm_trace::layer()
            .with_policy(Policy::new().capture(Capture::Span))
            .with_profile(profile)
            .with_tracer_provider(&collector.provider());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || drop(text("hello")));
        let output = collector.span("chat m").attribute("gen_ai.output.messages").expect("output").to_string();
        assert!(output.contains("HELLO"), "{output}");
        assert_eq!(output.contains("finish_reason"), expected, "{profile:?}: {output}");
    }
}
