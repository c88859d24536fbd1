//! Sentinels, a call with one in every content field, and pipelines that show which ones are exported.

use std::future::Future;
use std::io;
use std::pin::Pin;

use bytes::Bytes;
use futures_util::{FutureExt as _, Stream, StreamExt as _, stream};
use llm_trace::{
    LlmCall, LlmLayer, Policy, PolicyHandle, RedactLogProcessor, RedactProcessor, llm_call, redact, scope,
};
use llm_trace_tests::collector::Collector;
use llm_trace_tests::lines::Lines;
use opentelemetry::KeyValue;
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState};
use opentelemetry_appender_tracing::layer::OpenTelemetryTracingBridge;
use opentelemetry_sdk::logs::{SdkLoggerProvider, SimpleLogProcessor};
use opentelemetry_sdk::trace::{SdkTracerProvider, SimpleSpanProcessor};
use serde_json::{Value, json};
use tracing_subscriber::Registry;
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::prelude::*;

/// Sent to the model.
pub(crate) const INPUT: [&str; 8] = [
    "SENTINEL-user",
    "SENTINEL-system",
    "SENTINEL-schema",
    "SENTINEL-description",
    "SENTINEL-toolresult",
    "SENTINEL-image",
    "SENTINEL-file",
    "SENTINEL-history",
];

/// Received from the model.
pub(crate) const OUTPUT: [&str; 4] =
    ["SENTINEL-answer", "SENTINEL-arguments", "SENTINEL-reasoning", "SENTINEL-refusal"];

/// Errors that can repeat texts of both sides.
pub(crate) const ERROR: [&str; 4] =
    ["SENTINEL-errorbody", "SENTINEL-errortext", "SENTINEL-refused", "SENTINEL-streamerror"];

/// Written by another crate or the application inside the call.
pub(crate) const FREE: [&str; 6] = [
    "SENTINEL-eventtext",
    "SENTINEL-spanfield",
    "SENTINEL-debugged",
    "SENTINEL-opaque",
    "SENTINEL-otelevent",
    "SENTINEL-link",
];

/// Caller, session and metadata, for `hash_identity` and `mask_metadata`.
pub(crate) const NAMED: [&str; 8] = [
    "SENTINEL-identity",
    "SENTINEL-team",
    "SENTINEL-session",
    "SENTINEL-metadata",
    "SENTINEL-tag",
    "SENTINEL-attribute",
    "SENTINEL-ownname",
    "SENTINEL-spanname",
];

/// Content without an attribute in any convention, never exported under any policy.
pub(crate) const NEVER: [&str; 4] = ["SENTINEL-header", "SENTINEL-panic", "SENTINEL-embedded", "SENTINEL-unread"];

pub(crate) fn request() -> Value {
    json!({
        "model": "gpt-4o",
        "temperature": 0.5,
        "messages": [
            {"role": "system", "content": "SENTINEL-system"},
            {"role": "user", "content": "SENTINEL-history"},
            {"role": "assistant", "tool_calls": [
                {"id": "call_0", "type": "function", "function": {"name": "weather", "arguments": "{}"}},
            ]},
            {"role": "tool", "tool_call_id": "call_0", "content": "SENTINEL-toolresult"},
            {"role": "user", "content": [
                {"type": "text", "text": "SENTINEL-user"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,SENTINEL-image"}},
                {"type": "file", "file": {"filename": "SENTINEL-file", "file_data": "SENTINEL-file"}},
            ]},
        ],
        "tools": [{"type": "function", "function": {
            "name": "weather",
            "description": "SENTINEL-description",
            "parameters": {"type": "object", "properties": {"SENTINEL-schema": {"type": "string"}}},
        }}],
    })
}

pub(crate) fn answer() -> Value {
    json!({
        "id": "chatcmpl-1",
        "model": "gpt-4o-2024",
        "choices": [{"index": 0, "finish_reason": "tool_calls", "message": {
            "role": "assistant",
            "content": "SENTINEL-answer",
            "refusal": "SENTINEL-refusal",
            "reasoning_content": "SENTINEL-reasoning",
            "tool_calls": [{"id": "call_1", "type": "function", "function": {
                "name": "weather", "arguments": "{\"city\": \"SENTINEL-arguments\"}",
            }}],
        }}],
        "usage": {"prompt_tokens": 9, "completion_tokens": 3},
    })
}

/// The response as a stream, with each text split in two.
fn chunks(end: bool) -> Vec<Bytes> {
    let chunk = |delta: Value, reason: Value| {
        let choice = json!({"index": 0, "delta": delta, "finish_reason": reason});
        Bytes::from(format!("data: {}\n\n", json!({"id": "c1", "model": "gpt-4o-2024", "choices": [choice]})))
    };
    let call = |arguments: &str, head: Value| {
        let mut call = json!({"index": 0, "function": {"arguments": arguments}});
        if let (Some(call), Value::Object(head)) = (call.as_object_mut(), head) {
            call.extend(head);
        }
        json!({"tool_calls": [call]})
    };
    let mut all = vec![
        chunk(json!({"role": "assistant", "reasoning_content": "SENTINEL-reas"}), Value::Null),
        chunk(json!({"reasoning_content": "oning"}), Value::Null),
        chunk(json!({"content": "SENTINEL-ans"}), Value::Null),
        chunk(json!({"content": "wer"}), Value::Null),
        chunk(json!({"refusal": "SENTINEL-ref"}), Value::Null),
        chunk(json!({"refusal": "usal"}), Value::Null),
        chunk(call("{\"city\": \"SENTINEL-argu", json!({"id": "call_1", "type": "function"})), Value::Null),
        chunk(call("ments\"}", json!({})), Value::Null),
    ];
    if end {
        all.push(chunk(json!({}), json!("stop")));
        all.push(Bytes::from_static(b"data: [DONE]\n\n"));
    }
    all
}

/// The ending of a call.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Ending {
    Answer,
    /// The provider returns an error.
    ErrorBody,
    /// The function returns an error.
    Error,
    /// The connection fails.
    NotSent,
    Panic,
    /// The future is dropped before it completes.
    Cancelled,
    /// A complete stream.
    Stream,
    /// The provider sends an error in the stream.
    StreamErrorBody,
    /// An item of the stream is an error.
    StreamError,
    Truncated,
    /// The consumer drops the stream after a few items.
    Dropped,
    StreamPanic,
    /// Still open at shutdown.
    Unfinished,
}

pub(crate) const ENDINGS: [Ending; 13] = [
    Ending::Answer,
    Ending::ErrorBody,
    Ending::Error,
    Ending::NotSent,
    Ending::Panic,
    Ending::Cancelled,
    Ending::Stream,
    Ending::StreamErrorBody,
    Ending::StreamError,
    Ending::Truncated,
    Ending::Dropped,
    Ending::StreamPanic,
    Ending::Unfinished,
];

#[derive(Debug)]
pub(crate) struct Failed(pub(crate) &'static str);

impl std::fmt::Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "could not go on: {}", self.0)
    }
}

impl std::error::Error for Failed {}

type AnyError = Box<dyn std::error::Error + Send + Sync>;

/// An argument whose `Debug` output contains all of its content.
#[derive(Debug)]
#[allow(dead_code)] // Read by `Debug` alone.
pub(crate) struct Opaque {
    text: &'static str,
    inner: Inner,
}

#[derive(Debug)]
#[allow(dead_code)] // Read by `Debug` alone.
struct Inner {
    text: &'static str,
}

fn opaque() -> Opaque {
    Opaque { text: "SENTINEL-debugged", inner: Inner { text: "SENTINEL-opaque" } }
}

#[llm_call(provider = "openai", request = body, mask_input = masks.0, mask_output = masks.1)]
pub(crate) async fn call(
    body: &Value,
    opaque: Opaque,
    _unread: &str,
    masks: (bool, bool),
    ending: Ending,
) -> Result<Value, AnyError> {
    inside(&opaque);
    match ending {
        Ending::ErrorBody => Ok(json!({"error": {
            "message": "SENTINEL-errorbody", "type": "invalid_request_error", "code": "too_long",
        }})),
        Ending::Error => Err(Failed("SENTINEL-errortext"))?,
        Ending::NotSent => Err(io::Error::new(io::ErrorKind::ConnectionRefused, "SENTINEL-refused"))?,
        Ending::Panic => panic!("no answer to SENTINEL-panic"),
        Ending::Cancelled => std::future::pending().await,
        _ => Ok(answer()),
    }
}

type Items = Pin<Box<dyn Stream<Item = Result<Bytes, Failed>> + Send>>;

#[llm_call(provider = "openai", request = body, mask_input = masks.0, mask_output = masks.1)]
pub(crate) fn streams(body: &Value, opaque: Opaque, masks: (bool, bool), ending: Ending) -> Items {
    inside(&opaque);
    let chunks = stream::iter(chunks(ending == Ending::Stream)).map(Ok);
    match ending {
        Ending::StreamErrorBody => {
            let error = json!({"error": {"message": "SENTINEL-errorbody", "type": "server_error", "code": null}});
            chunks.chain(stream::iter([Ok(Bytes::from(format!("data: {error}\n\n")))])).boxed()
        }
        Ending::StreamError => chunks.chain(stream::iter([Err(Failed("SENTINEL-streamerror"))])).boxed(),
        Ending::StreamPanic => chunks.chain(stream::once(async { panic!("no end of SENTINEL-panic") })).boxed(),
        Ending::Dropped => chunks.chain(stream::pending()).boxed(),
        _ => chunks.boxed(),
    }
}

/// Other code that writes content inside a call.
fn inside(opaque: &Opaque) {
    let span = tracing::info_span!("client", body = "SENTINEL-spanfield", opaque = ?opaque, tries = 3);
    let _entered = span.enter();
    tracing::info!(url = "https://example.com", "failed to parse SENTINEL-eventtext");
    tracing::info_span!("named", otel.name = "ask SENTINEL-spanname").in_scope(|| {});
    let cx = opentelemetry::Context::current();
    cx.span().add_event("SENTINEL-otelevent", vec![KeyValue::new("text", "SENTINEL-otelevent")]);
    let (trace, span) = (TraceId::from(1), SpanId::from(2));
    let linked = SpanContext::new(trace, span, TraceFlags::SAMPLED, true, TraceState::default());
    cx.span().add_link(linked, vec![KeyValue::new("why", "SENTINEL-link")]);
    cx.span().set_attribute(KeyValue::new("http.request.header.authorization", "Bearer SENTINEL-header"));
    LlmCall::current().attribute("plan", "SENTINEL-attribute");
}

/// Makes the call and waits for its ending. Keep the returned value until telemetry has shut down.
#[must_use = "dropping it may end the call"]
pub(crate) fn run(masks: (bool, bool), ending: Ending) -> Option<LlmCall> {
    let caller = llm_trace::Caller::new().user_id("SENTINEL-identity").team_id("SENTINEL-team");
    scope()
        .caller(caller)
        .session("SENTINEL-session")
        .metadata("note", "SENTINEL-metadata")
        .tags(["SENTINEL-tag"])
        .run(|| make(masks, ending))
}

fn make(masks: (bool, bool), ending: Ending) -> Option<LlmCall> {
    let body = request();
    let polled = |future: Pin<Box<dyn Future<Output = ()>>>| {
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| future.now_or_never()))
    };
    match ending {
        Ending::Unfinished => {
            let call = LlmCall::builder("chat").provider("openai").request(&body);
            let call = call.mask_input(masks.0).mask_output(masks.1).start();
            chunks(false).into_iter().for_each(|chunk| {
                call.chunk_bytes(chunk);
            });
            return Some(call);
        }
        Ending::Stream
        | Ending::StreamErrorBody
        | Ending::StreamError
        | Ending::Truncated
        | Ending::Dropped
        | Ending::StreamPanic => {
            let stream = streams(&body, opaque(), masks, ending);
            let end = polled(Box::pin(stream.for_each(|_| std::future::ready(()))));
            assert_eq!(end.is_err(), ending == Ending::StreamPanic, "{ending:?}");
        }
        _ => {
            let end = polled(Box::pin(async move {
                let _ = call(&body, opaque(), "SENTINEL-unread", masks, ending).await;
            }));
            assert_eq!(end.is_err(), ending == Ending::Panic, "{ending:?}");
        }
    }
    crate::operations::run(masks, ending);
    // A named call with texts that have no attribute in any convention.
    let texts = json!({"model": "embed", "input": ["SENTINEL-embedded"]});
    let embed = LlmCall::builder("embeddings").provider("openai").request(&texts).span_name("embed SENTINEL-ownname");
    embed.mask_input(masks.0).mask_output(masks.1).run(|_| ());
    // The handle can also be used outside of a call.
    LlmCall::current().attribute("late", "nothing");
    None
}

/// Attributes that hold content, can repeat it, or hold a credential.
pub(crate) const CONTENT: [&str; 9] = [
    "gen_ai.input.messages",
    "gen_ai.output.messages",
    "gen_ai.system_instructions",
    "gen_ai.tool.definitions",
    "exception.message",
    "error.message",
    "input.value",
    "output.value",
    "api_key",
];

type Layer = LlmLayer<Registry>;

/// All exported data: the encoded bytes, and the output of a wrapped log.
pub(crate) struct Got {
    collector: Collector,
    log: Lines,
}

impl std::ops::Deref for Got {
    type Target = Collector;
    fn deref(&self) -> &Collector {
        &self.collector
    }
}

impl Got {
    /// The output of the wrapped `fmt` layer.
    pub(crate) fn log(&self) -> String {
        self.log.text()
    }
}

/// Exports spans with the source gate, and with or without the export guard behind it.
pub(crate) fn export<R>(gate: Policy, last: Option<PolicyHandle>, run: impl FnOnce() -> R) -> Got {
    let got = Got { collector: Collector::start(), log: Lines::default() };
    let layer = layer(&got, &gate, last);
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || drop(run()));
    got
}

/// Like [`export`], with a policy that can change and a subscriber that several threads can use.
pub(crate) fn export_with(policy: &PolicyHandle, run: impl FnOnce(&tracing::Dispatch)) -> Got {
    let got = Got { collector: Collector::start(), log: Lines::default() };
    let exporting = SimpleSpanProcessor::new(got.exporter());
    let provider = SdkTracerProvider::builder().with_span_processor(exporting).build();
    let layer = llm_trace::layer().with_policy(policy).with_tracer_provider(&provider);
    run(&tracing::Dispatch::new(tracing_subscriber::registry().with(layer)));
    got
}

/// Like [`export`], with one policy for the gate and the processor.
pub(crate) fn export_guarded<R>(policy: Policy, run: impl FnOnce() -> R) -> Got {
    let policy = PolicyHandle::new(policy);
    let got = Got { collector: Collector::start(), log: Lines::default() };
    let guarded = RedactProcessor::new(SimpleSpanProcessor::new(got.exporter()), &policy);
    let provider = SdkTracerProvider::builder().with_span_processor(guarded).build();
    let layer = llm_trace::layer().with_policy(policy).with_tracer_provider(&provider);
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || drop(run()));
    got
}

/// Like [`export`], and also exports events, and metrics with every available label. With export guards, other crates'
/// events also become log records, and all events go to a wrapped `fmt` layer.
pub(crate) fn export_all<R>(gate: Policy, last: Option<PolicyHandle>, run: impl FnOnce() -> R) -> Got {
    let got = Got { collector: Collector::start(), log: Lines::default() };
    let loggers = match &last {
        Some(policy) => {
            let exporting = SimpleLogProcessor::new(got.log_exporter());
            SdkLoggerProvider::builder().with_log_processor(RedactLogProcessor::new(exporting, policy)).build()
        }
        None => got.logger_provider(),
    };
    let meters = got.meter_provider();
    let guarded = last.clone().map(|policy| {
        let log = got.log.clone();
        let fmt = tracing_subscriber::fmt::layer().json().with_span_events(FmtSpan::CLOSE);
        let fmt = redact(fmt.with_writer(move || log.clone())).with_policy(policy);
        fmt.and_then(OpenTelemetryTracingBridge::new(&loggers))
    });
    let layer = layer(&got, &gate, last)
        .with_logger_provider(&loggers)
        .with_meter_provider(&meters)
        .with_metric_attributes(CONTENT);
    let open = layer.open_calls();
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer).with(guarded), || {
        let kept = run();
        open.finish();
        drop(kept);
    });
    meters.force_flush().expect("metrics");
    got
}

fn layer(got: &Got, gate: &Policy, last: Option<PolicyHandle>) -> Layer {
    let exporting = SimpleSpanProcessor::new(got.exporter());
    let builder = SdkTracerProvider::builder();
    let provider = match last {
        Some(policy) => builder.with_span_processor(RedactProcessor::new(exporting, policy)).build(),
        None => builder.with_span_processor(exporting).build(),
    };
    llm_trace::layer().with_policy(gate.clone()).with_tracer_provider(&provider)
}

/// Data that can be searched for a text.
pub(crate) trait Shows {
    fn shows(&self, needle: &str) -> bool;
}

impl Shows for Collector {
    fn shows(&self, needle: &str) -> bool {
        self.saw(needle)
    }
}

impl Shows for Got {
    fn shows(&self, needle: &str) -> bool {
        self.saw(needle) || self.log().contains(needle)
    }
}

/// The sentinels that the data contains.
pub(crate) fn seen<'s>(by: &impl Shows, sentinels: impl IntoIterator<Item = &'s &'s str>) -> Vec<&'s str> {
    sentinels.into_iter().filter(|sentinel| by.shows(sentinel)).copied().collect()
}
