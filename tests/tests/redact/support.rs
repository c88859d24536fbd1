//! Sentinels, a call with one in every place, and pipelines to see what of it gets out.

use llm_trace::{LlmCall, LlmLayer, Policy, PolicyHandle, RedactProcessor, llm_call};
use llm_trace_tests::collector::Collector;
use opentelemetry::KeyValue;
use opentelemetry::trace::{SpanContext, TraceContextExt as _};
use opentelemetry_sdk::trace::{SdkTracerProvider, SimpleSpanProcessor};
use serde_json::{Value, json};
use tracing_subscriber::Registry;
use tracing_subscriber::prelude::*;

/// What is sent.
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

/// What comes back.
pub(crate) const OUTPUT: [&str; 4] =
    ["SENTINEL-answer", "SENTINEL-arguments", "SENTINEL-reasoning", "SENTINEL-refusal"];

/// What can echo both.
pub(crate) const ERROR: [&str; 3] = ["SENTINEL-errorbody", "SENTINEL-errortext", "SENTINEL-panic"];

/// What another crate, or the application itself, writes inside of the call.
pub(crate) const FREE: [&str; 6] = [
    "SENTINEL-eventtext",
    "SENTINEL-spanfield",
    "SENTINEL-debugged",
    "SENTINEL-otelevent",
    "SENTINEL-link",
    "SENTINEL-header",
];

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

/// How a call ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Ending {
    Answer,
    /// The provider answers with an error.
    ErrorBody,
    /// The function returns an error.
    Error,
    Panic,
    /// The future is dropped half way.
    Cancelled,
}

pub(crate) const ENDINGS: [Ending; 5] =
    [Ending::Answer, Ending::ErrorBody, Ending::Error, Ending::Panic, Ending::Cancelled];

#[derive(Debug)]
pub(crate) struct Failed;

impl std::fmt::Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("could not send SENTINEL-errortext")
    }
}

impl std::error::Error for Failed {}

/// An argument that shows everything by `Debug`, and that nobody reads.
#[derive(Debug)]
#[allow(dead_code)] // Read by `Debug` alone.
pub(crate) struct Opaque {
    #[allow(dead_code, reason = "only `Debug` reads it")]
    pub(crate) text: &'static str,
}

#[llm_call(provider = "openai", request = body, mask_input = masks.0, mask_output = masks.1)]
pub(crate) async fn call(body: &Value, opaque: Opaque, masks: (bool, bool), ending: Ending) -> Result<Value, Failed> {
    inside(&opaque);
    match ending {
        Ending::Answer => Ok(answer()),
        Ending::ErrorBody => Ok(json!({"error": {
            "message": "SENTINEL-errorbody", "type": "invalid_request_error", "code": "too_long",
        }})),
        Ending::Error => Err(Failed),
        Ending::Panic => panic!("no answer to SENTINEL-panic"),
        Ending::Cancelled => std::future::pending().await,
    }
}

/// What happens inside of a call, around our own writing.
fn inside(opaque: &Opaque) {
    let span = tracing::info_span!("client", body = "SENTINEL-spanfield", opaque = ?opaque, tries = 3);
    let _entered = span.enter();
    tracing::info!(url = "https://example.com", "failed to parse SENTINEL-eventtext");
    let cx = opentelemetry::Context::current();
    cx.span().add_event("SENTINEL-otelevent", vec![KeyValue::new("text", "SENTINEL-otelevent")]);
    cx.span().add_link(SpanContext::empty_context(), vec![KeyValue::new("why", "SENTINEL-link")]);
    cx.span().set_attribute(KeyValue::new("http.request.header.authorization", "Bearer SENTINEL-header"));
}

/// Makes the call and waits for its ending.
pub(crate) fn run(masks: (bool, bool), ending: Ending) {
    let body = request();
    let future = call(&body, Opaque { text: "SENTINEL-debugged" }, masks, ending);
    let poll = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| futures_util::FutureExt::now_or_never(future)));
    match (ending, poll) {
        (Ending::Panic, Err(_)) | (Ending::Cancelled, Ok(None)) | (_, Ok(Some(_))) => {}
        (ending, _) => panic!("not {ending:?}"),
    }
    // The handle of a call is of use where there is none as well.
    LlmCall::current().attribute("late", "nothing");
}

/// Attributes that hold content, or can echo it.
pub(crate) const CONTENT: [&str; 8] = [
    "gen_ai.input.messages",
    "gen_ai.output.messages",
    "gen_ai.system_instructions",
    "gen_ai.tool.definitions",
    "exception.message",
    "error.message",
    "input.value",
    "output.value",
];

type Layer = LlmLayer<Registry>;

/// The source gate, with or without the last guard behind it: spans.
pub(crate) fn export(gate: Policy, last: Option<PolicyHandle>, run: impl FnOnce()) -> Collector {
    let collector = Collector::start();
    send(&collector, gate, last, |layer| layer, run);
    collector
}

/// As [`export`], with events and metrics besides, which take every label they are offered.
pub(crate) fn export_all(gate: Policy, last: Option<PolicyHandle>, run: impl FnOnce()) -> Collector {
    let collector = Collector::start();
    let (logs, meters) = (collector.logger_provider(), collector.meter_provider());
    let all =
        |layer: Layer| layer.with_logger_provider(&logs).with_meter_provider(&meters).with_metric_attributes(CONTENT);
    send(&collector, gate, last, all, run);
    meters.force_flush().expect("metrics");
    collector
}

fn send(
    collector: &Collector,
    gate: Policy,
    last: Option<PolicyHandle>,
    change: impl FnOnce(Layer) -> Layer,
    run: impl FnOnce(),
) {
    let exporting = SimpleSpanProcessor::new(collector.exporter());
    let builder = SdkTracerProvider::builder();
    let provider = match last {
        Some(policy) => builder.with_span_processor(RedactProcessor::new(exporting, policy)).build(),
        None => builder.with_span_processor(exporting).build(),
    };
    let layer = llm_trace::layer().with_policy(gate).with_tracer_provider(&provider);
    tracing::subscriber::with_default(tracing_subscriber::registry().with(change(layer)), run);
}

/// Which of these the bytes show.
pub(crate) fn seen<'s>(collector: &Collector, sentinels: impl IntoIterator<Item = &'s &'s str>) -> Vec<&'s str> {
    sentinels.into_iter().filter(|sentinel| collector.saw(sentinel)).copied().collect()
}
