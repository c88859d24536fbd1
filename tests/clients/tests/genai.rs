//! Calls through `genai`, which writes content to its own spans and events. Checks the encoded OTLP of spans and log
//! records, and a log.

use futures_util::StreamExt as _;
use genai::adapter::AdapterKind;
use genai::chat::{ChatMessage, ChatOptions, ChatRequest, ContentPart, MessageContent, Tool, ToolCall, ToolResponse};
use genai::resolver::{AuthData, Endpoint};
use genai::{Client, ModelIden, ServiceTarget};
use llm_trace::{Capture, Policy, PolicyHandle, RedactLogProcessor, RedactProcessor, redact, scope};
use llm_trace_client_tests::{response, serve};
use opentelemetry::trace::{SpanKind, Status, TracerProvider as _};
use opentelemetry::{Array, Value};
use opentelemetry_appender_tracing::layer::OpenTelemetryTracingBridge;
use opentelemetry_proto::tonic::collector::{logs::v1::ExportLogsServiceRequest, trace::v1::ExportTraceServiceRequest};
use opentelemetry_proto::transform::common::tonic::ResourceAttributesWithSchema;
use opentelemetry_proto::transform::logs::tonic::group_logs_by_resource_and_scope;
use opentelemetry_proto::transform::trace::tonic::group_spans_by_resource_and_scope;
use opentelemetry_sdk::logs::{InMemoryLogExporter, LogBatch, SdkLoggerProvider, SimpleLogProcessor};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SimpleSpanProcessor, SpanData};
use prost::Message as _;
use serde_json::json;
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::prelude::*;

use lines::Lines;

#[path = "../../src/lines.rs"]
mod lines;

const INPUT: [&str; 5] =
    ["SENTINEL-system", "SENTINEL-user", "SENTINEL-description", "SENTINEL-schema", "SENTINEL-toolresult"];
const OUTPUT: [&str; 3] = ["SENTINEL-answer", "SENTINEL-arguments", "SENTINEL-chunk"];
const NONE: Vec<&str> = Vec::new();

/// A provider's answer. The model's name selects it.
fn answer(request: &str) -> String {
    if request.contains("\"broken\"") {
        let error = json!({"error": {"message": "SENTINEL-user"}}).to_string();
        response("400 Bad Request", "application/json", &error)
    } else if request.contains("\"stream\":true") {
        let chunk = |delta: serde_json::Value, end: serde_json::Value| {
            let chunk =
                json!({"id": "c1", "model": "m", "choices": [{"index": 0, "delta": delta, "finish_reason": end}]});
            format!("data: {chunk}\n\n")
        };
        let text = chunk(json!({"content": "SENTINEL-chunk"}), json!(null)) + &chunk(json!({}), json!("stop"));
        response("200 OK", "text/event-stream", &(text + "data: [DONE]\n\n"))
    } else {
        let call = json!({"id": "call_1", "type": "function",
            "function": {"name": "weather", "arguments": "{\"city\":\"SENTINEL-arguments\"}"}});
        let answer = json!({"id": "c1", "model": "m", "choices": [{"index": 0, "finish_reason": "stop",
            "message": {"role": "assistant", "content": "SENTINEL-answer", "tool_calls": [call]}}],
            "usage": {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}});
        response("200 OK", "application/json", &answer.to_string())
    }
}

/// A chat, a stream and an error response.
async fn ask() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let endpoint = Endpoint::from_owned(format!("http://{}/v1/", listener.local_addr().expect("an address")));
    let server = tokio::spawn(serve(listener, answer));
    let target = move |target: ServiceTarget| -> Result<ServiceTarget, genai::resolver::Error> {
        let model = ModelIden::new(AdapterKind::OpenAI, target.model.model_name);
        Ok(ServiceTarget { endpoint: endpoint.clone(), auth: AuthData::from_single("none"), model })
    };
    let client = Client::builder().with_service_target_resolver_fn(target).build().expect("a client");
    let call = ToolCall {
        call_id: "call_0".into(),
        fn_name: "weather".into(),
        fn_arguments: json!({}),
        thought_signatures: None,
    };
    let request = || {
        ChatRequest::from_system("SENTINEL-system")
            .append_message(ChatMessage::user("SENTINEL-user"))
            .append_message(ChatMessage::assistant(MessageContent::from_parts(vec![ContentPart::ToolCall(
                call.clone(),
            )])))
            .append_message(ToolResponse::new("call_0", "SENTINEL-toolresult"))
            .with_tools([Tool::new("weather")
                .with_description("SENTINEL-description")
                .with_schema(json!({"type": "object", "properties": {"SENTINEL-schema": {"type": "string"}}}))])
    };
    client.exec_chat("m", request(), None).await.expect("an answer");
    client.exec_chat("broken", request(), None).await.expect_err("a refusal");
    let options = ChatOptions::default().with_capture_content(true);
    let mut stream = client.exec_chat_stream("m", request(), Some(&options)).await.expect("a stream").stream;
    while let Some(event) = stream.next().await {
        event.expect("an event");
    }
    server.abort();
}

/// The bytes of spans, of log records and of a log.
struct Out {
    spans: Vec<u8>,
    records: Vec<u8>,
    log: Vec<u8>,
}

impl Out {
    fn all(&self) -> [(&str, &[u8]); 3] {
        [("spans", &self.spans), ("records", &self.records), ("log", &self.log)]
    }
}

fn seen<'s>(bytes: &[u8], sentinels: impl IntoIterator<Item = &'s &'s str>) -> Vec<&'s str> {
    let holds = |needle: &str| bytes.windows(needle.len()).any(|at| at == needle.as_bytes());
    sentinels.into_iter().filter(|sentinel| holds(sentinel)).copied().collect()
}

fn export(policy: Policy, mask: (bool, bool)) -> Out {
    let handle = PolicyHandle::new(policy);
    let (spans, records, written) = (InMemorySpanExporter::default(), InMemoryLogExporter::default(), Lines::default());
    let processor = RedactProcessor::new(SimpleSpanProcessor::new(spans.clone()), &handle);
    let provider = SdkTracerProvider::builder().with_span_processor(processor).build();
    let processor = RedactLogProcessor::new(SimpleLogProcessor::new(records.clone()), &handle);
    let loggers = SdkLoggerProvider::builder().with_log_processor(processor).build();
    let log = written.clone();
    let fmt = tracing_subscriber::fmt::layer().json().with_span_events(FmtSpan::CLOSE).with_writer(move || log.clone());
    let subscriber = tracing_subscriber::registry()
        .with(redact(fmt).with_policy(&handle))
        .with(OpenTelemetryTracingBridge::new(&loggers))
        .with(tracing_opentelemetry::layer().with_tracer(provider.tracer("app")));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    {
        let _default = tracing::subscriber::set_default(subscriber);
        runtime.block_on(scope().mask_input(mask.0).mask_output(mask.1).instrument(ask()));
    }
    let spans = spans.get_finished_spans().expect("spans");
    assert_eq!(spans.iter().filter(|span| span.name.starts_with("chat ")).count(), 3, "{spans:?}");
    let resource = ResourceAttributesWithSchema::default();
    let resource_spans = group_spans_by_resource_and_scope(spans, &resource);
    let records = records.get_emitted_logs().expect("records");
    let records: Vec<_> = records.iter().map(|log| (&log.record, &log.instrumentation)).collect();
    let resource_logs = group_logs_by_resource_and_scope(&LogBatch::new(&records), &resource);
    let log = written.text().into_bytes();
    Out {
        spans: ExportTraceServiceRequest { resource_spans }.encode_to_vec(),
        records: ExportLogsServiceRequest { resource_logs }.encode_to_vec(),
        log,
    }
}

fn open() -> Policy {
    Policy::new().capture(Capture::SpanAndEvent)
}

/// Shows that this crate writes all of these texts, which the other tests rely on.
#[test]
fn its_texts_are_exported_with_capture_and_without_masks() {
    let out = export(open(), (false, false));
    let all = || INPUT.iter().chain(&OUTPUT);
    let expected: Vec<_> = all().copied().collect();
    assert_eq!(seen(&out.spans, all()), expected);
    assert_eq!(seen(&out.log, all()), expected);
}

#[test]
fn none_of_its_texts_is_exported_without_capture() {
    for (what, bytes) in export(Policy::new(), (false, false)).all() {
        assert_eq!(seen(bytes, INPUT.iter().chain(&OUTPUT)), NONE, "{what}");
    }
}

#[test]
fn no_text_of_a_masked_side_is_exported() {
    for mask in [(true, false), (false, true), (true, true)] {
        let by_policy = export(open().mask_input(mask.0).mask_output(mask.1), (false, false));
        let by_scope = export(open(), mask);
        for (what, bytes) in by_policy.all().into_iter().chain(by_scope.all()) {
            if mask.0 {
                assert_eq!(seen(bytes, &INPUT), NONE, "{what} {mask:?}");
            }
            if mask.1 {
                assert_eq!(seen(bytes, &OUTPUT), NONE, "{what} {mask:?}");
            }
        }
    }
}

/// The spans of a chat, an error and a stream with `with_normalization(true)`.
#[test]
fn its_spans_conform() {
    let spans = InMemorySpanExporter::default();
    let processor = RedactProcessor::new(SimpleSpanProcessor::new(spans.clone()), open());
    let provider = SdkTracerProvider::builder().with_span_processor(processor).build();
    let layer = llm_trace::layer().with_policy(open()).with_tracer_provider(&provider).with_normalization(true);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    {
        let _default = tracing::subscriber::set_default(tracing_subscriber::registry().with(layer));
        runtime.block_on(ask());
    }
    let mut spans = spans.get_finished_spans().expect("spans");
    spans.retain(|span| span.name.starts_with("chat "));
    assert_eq!(spans.len(), 3, "{spans:?}");
    for span in &spans {
        assert_eq!(span.span_kind, SpanKind::Client);
        let mut keys: Vec<_> = span.attributes.iter().map(|kv| kv.key.as_str()).collect();
        keys.sort_unstable();
        let all = keys.len();
        keys.dedup();
        assert_eq!(keys.len(), all, "a key is there twice: {span:?}");
        let input = text(span, "gen_ai.input.messages");
        assert!(input.contains(r#""response":"SENTINEL-toolresult""#) && !input.contains(r#""result""#), "{input}");
    }
    let chat = spans.iter().find(|span| value(span, "gen_ai.usage.input_tokens").is_some()).expect("the chat");
    assert_eq!(value(chat, "gen_ai.usage.input_tokens"), Some(Value::I64(9)));
    let reasons = Value::Array(Array::String(vec!["stop".into()]));
    assert_eq!(value(chat, "gen_ai.response.finish_reasons"), Some(reasons));
    assert_eq!(value(chat, "gen_ai.request.stream"), None);
    assert!(text(chat, "gen_ai.output.messages").contains(r#""finish_reason":"stop""#));
    let refused = spans.iter().find(|span| span.name == "chat broken").expect("the refusal");
    assert!(matches!(refused.status, Status::Error { .. }) && value(refused, "error.type").is_some(), "{refused:?}");
}

fn value(span: &SpanData, key: &str) -> Option<Value> {
    span.attributes.iter().find(|kv| kv.key.as_str() == key).map(|kv| kv.value.clone())
}

fn text(span: &SpanData, key: &str) -> String {
    value(span, key).map(|value| value.as_str().into_owned()).unwrap_or_default()
}
