//! Facts as fields of `tracing` spans, as layers of any version see them.

mod receivers;
mod recorder;

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::stream::{self, Stream, StreamExt};
use http::StatusCode;
use llm_trace::{Capture, FmtFields, LlmCall, LlmLayer, Policy, Style, fmt_fields, llm_call, llm_tool};
use opentelemetry::trace::{Status, TracerProvider};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SpanData};
use recorder::{Recorder, Seen};
use serde_json::{Value, json};
use tracing_subscriber::fmt::format::JsonFields;
use tracing_subscriber::prelude::*;
use tracing_subscriber::{Registry, fmt};

const ASKED: &str = "where is the pelican";
const ANSWERED: &str = "in the harbour";

fn request() -> Value {
    json!({"model": "gpt-4o", "temperature": 0.5, "max_tokens": 64, "stop": ["END", "STOP"],
           "messages": [{"role": "user", "content": ASKED}]})
}

fn response() -> Value {
    json!({"id": "chatcmpl-1", "object": "chat.completion", "model": "gpt-4o-2024-08-06",
           "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": ANSWERED}}],
           "usage": {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12,
                     "prompt_tokens_details": {"cached_tokens": 4}}})
}

fn chunks() -> Vec<Value> {
    let chunk = |delta: Value, finish: Value| {
        json!({"id": "chatcmpl-1", "object": "chat.completion.chunk", "model": "gpt-4o-2024-08-06",
               "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})
    };
    let usage = json!({"id": "chatcmpl-1", "object": "chat.completion.chunk", "model": "gpt-4o-2024-08-06",
                       "choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}});
    vec![
        chunk(json!({"role": "assistant", "content": "in the "}), Value::Null),
        chunk(json!({"content": "harbour"}), Value::Null),
        chunk(json!({}), json!("stop")),
        usage,
    ]
}

#[llm_call(provider = "openai", request = body, attributes(app.tenant = "acme", app.tries = 2))]
fn ask(body: &Value) -> Value {
    tracing::info!("inside");
    response()
}

#[llm_call(provider = "openai", request = body)]
fn refused(body: &Value) -> Result<Value, StatusCode> {
    Err(StatusCode::TOO_MANY_REQUESTS)
}

#[llm_call(provider = "openai", request = body)]
fn streamed(body: &Value) -> impl Stream<Item = Value> + use<> {
    stream::iter(chunks())
}

#[llm_call(provider = "openai", request = body)]
async fn slow(body: &Value) -> Value {
    tokio::time::sleep(Duration::from_secs(60)).await;
    response()
}

#[llm_tool(name = "weather", arguments = city)]
fn weather(city: &str) -> String {
    format!("rain in {city}")
}

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// What layers without OpenTelemetry 0.33 see.
fn seen(layer: LlmLayer<Registry>, run: impl FnOnce()) -> Vec<Seen> {
    let recorder = Recorder::default();
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer).with(recorder.clone()), run);
    let spans = recorder.spans();
    assert!(spans.iter().all(|span| span.closed), "{spans:#?}");
    spans
}

fn one(layer: LlmLayer<Registry>, run: impl FnOnce()) -> Seen {
    let mut spans = seen(layer, run);
    assert_eq!(spans.len(), 1, "{spans:#?}");
    spans.remove(0)
}

fn holds(seen: &Seen, text: &str) -> bool {
    seen.fields.iter().any(|(_, value)| value.to_string().contains(text))
}

#[test]
fn an_answer_is_fields_with_their_types() {
    let span = one(llm_trace::layer(), || drop(ask(&request())));
    for (name, value) in [
        ("otel.name", json!("chat gpt-4o")),
        ("otel.kind", json!("client")),
        ("gen_ai.operation.name", json!("chat")),
        ("gen_ai.provider.name", json!("openai")),
        ("gen_ai.request.model", json!("gpt-4o")),
        ("gen_ai.request.temperature", json!(0.5)),
        ("gen_ai.request.max_tokens", json!(64)),
        ("gen_ai.request.stop_sequences", json!(r#"["END","STOP"]"#)),
        ("gen_ai.response.id", json!("chatcmpl-1")),
        ("gen_ai.response.model", json!("gpt-4o-2024-08-06")),
        ("gen_ai.response.finish_reasons", json!(r#"["stop"]"#)),
        ("gen_ai.usage.input_tokens", json!(9)),
        ("gen_ai.usage.output_tokens", json!(3)),
        ("gen_ai.usage.cache_read.input_tokens", json!(4)),
        ("llm_trace.outcome", json!("completed")),
    ] {
        assert_eq!(span.get(name), value, "{name}");
    }
    let own: Value = serde_json::from_str(span.get("llm_trace.attributes").as_str().unwrap()).unwrap();
    assert_eq!(own, json!({"app.tenant": "acme", "app.tries": 2}));
    assert!(!span.has("otel.status_code") && !span.has("error.type") && !span.has("app.tenant"), "{span:#?}");
    assert!(span.entered_last);
}

#[test]
fn metadata_and_tags_of_a_scope_are_fields() {
    let span = one(llm_trace::layer(), || {
        let scope = llm_trace::scope().user("u1").session("s1").tags(["beta"]).metadata("team", "a");
        scope.run(|| drop(ask(&request())));
    });
    assert_eq!((span.get("user.id"), span.get("session.id")), (json!("u1"), json!("s1")));
    assert_eq!(span.get("llm_trace.tags"), json!(r#"["beta"]"#));
    let own: Value = serde_json::from_str(span.get("llm_trace.attributes").as_str().unwrap()).unwrap();
    assert_eq!(own["llm_trace.metadata.team"], json!("a"));
}

#[test]
fn a_stream_is_fields_when_it_ends() {
    let span = one(llm_trace::layer(), || {
        let mut request = request();
        request["stream"] = true.into();
        assert_eq!(block_on(streamed(&request).count()), 4);
    });
    assert_eq!(span.get("gen_ai.usage.output_tokens"), json!(3));
    assert_eq!(span.get("llm_trace.outcome"), json!("completed"));
    assert!(span.get("gen_ai.response.time_to_first_chunk").is_f64(), "{span:#?}");
    assert!(span.entered_last, "the end of the span is the end of the stream");
}

#[test]
fn a_dropped_stream_says_so() {
    let span = one(llm_trace::layer(), || {
        let mut stream = Box::pin(streamed(&request()));
        assert!(block_on(stream.next()).is_some());
    });
    assert_eq!(span.get("llm_trace.outcome"), json!("dropped"));
    assert_eq!(span.get("gen_ai.response.model"), json!("gpt-4o-2024-08-06"));
    assert!(span.entered_last && !span.has("otel.status_code"), "{span:#?}");
}

#[test]
fn a_cancelled_call_says_so_and_can_be_an_error() {
    let cancel = || {
        block_on(async {
            assert!(tokio::time::timeout(Duration::from_millis(5), slow(&request())).await.is_err());
        });
    };
    let span = one(llm_trace::layer(), cancel);
    assert_eq!(span.get("llm_trace.outcome"), json!("cancelled"));
    assert!(!span.has("otel.status_code"), "{span:#?}");
    let span = one(llm_trace::layer().with_cancelled_as_error(true), cancel);
    assert_eq!(span.get("otel.status_code"), json!("ERROR"));
}

#[test]
fn a_refusal_is_an_error_with_its_status() {
    let span = one(llm_trace::layer(), || drop(refused(&request())));
    assert_eq!(span.get("otel.status_code"), json!("ERROR"));
    assert_eq!(span.get("error.type"), json!("429"));
    assert_eq!(span.get("http.response.status_code"), json!(429));
    assert_eq!(span.get("llm_trace.outcome"), json!("error"));
}

#[test]
fn a_tool_is_a_child_with_its_facts() {
    let spans = seen(llm_trace::layer(), || {
        tracing::info_span!("request").in_scope(|| weather("Oslo"));
    });
    assert_eq!(spans.len(), 2);
    let tool = &spans[1];
    assert_eq!(tool.parent.as_deref(), Some("request"));
    assert_eq!(tool.get("gen_ai.tool.name"), json!("weather"));
    assert_eq!(tool.get("llm_trace.outcome"), json!("completed"));
    assert!(!holds(tool, "Oslo"), "{tool:#?}");
}

#[test]
fn a_description_needs_a_permit_for_error_texts() {
    #[llm_call(provider = "openai", model = "gpt-4o")]
    fn fails() -> Result<Value, std::io::Error> {
        Err(std::io::Error::other("no pelican here"))
    }
    let run = || drop(fails());
    let span = one(llm_trace::layer().with_policy(Policy::new()), run);
    assert_eq!(span.get("otel.status_code"), json!("ERROR"));
    assert!(!holds(&span, "pelican"), "{span:#?}");
    let captured = || llm_trace::layer().with_policy(Policy::new().capture(Capture::Span));
    assert!(!holds(&one(captured(), run), "pelican"));
    let span = one(captured().with_content_fields(true), run);
    assert_eq!(span.get("otel.status_description"), json!("no pelican here"));
    let names: Vec<_> = span.fields.iter().map(|(name, _)| name.as_str()).collect();
    let place = |name| names.iter().position(|known| *known == name);
    assert!(place("otel.status_code") < place("otel.status_description"), "{names:?}");
}

#[test]
fn content_is_a_field_only_where_it_is_asked_for() {
    let policy = || Policy::new().capture(Capture::Span);
    let span = one(llm_trace::layer().with_policy(policy()), || {
        drop(ask(&request()));
    });
    assert!(!holds(&span, "pelican") && !holds(&span, "harbour"), "{span:#?}");
    assert_eq!(span.get("gen_ai.usage.input_tokens"), json!(9));

    let span = one(llm_trace::layer().with_policy(policy()).with_content_fields(true), || {
        drop(ask(&request()));
    });
    let input: Value = serde_json::from_str(span.get("gen_ai.input.messages").as_str().unwrap()).unwrap();
    assert_eq!(input[0]["parts"][0]["content"], json!(ASKED));
    let output: Value = serde_json::from_str(span.get("gen_ai.output.messages").as_str().unwrap()).unwrap();
    assert_eq!(output[0]["parts"][0]["content"], json!(ANSWERED));

    let off = llm_trace::layer().with_policy(Policy::new()).with_content_fields(true);
    assert!(!holds(&one(off, || drop(ask(&request()))), "pelican"));
}

#[test]
fn content_that_the_user_sets_by_hand_is_a_field_only_where_it_is_asked_for() {
    let run = || {
        #[llm_call(provider = "openai", model = "gpt-4o")]
        fn by_hand() {
            LlmCall::current().attribute("gen_ai.prompt", "where is the pelican");
        }
        by_hand();
    };
    let layer = || llm_trace::layer().with_policy(Policy::new().capture(Capture::Span));
    assert!(!holds(&one(layer(), run), "pelican"));
    assert!(holds(&one(layer().with_content_fields(true), run), "pelican"));
}

#[test]
fn masks_hold_for_fields() {
    let policy = Policy::new().capture(Capture::Span).mask_input(true);
    let span = one(llm_trace::layer().with_policy(policy).with_content_fields(true), || drop(ask(&request())));
    assert!(!holds(&span, "pelican") && holds(&span, "harbour"), "{span:#?}");
    assert!(span.get("gen_ai.input.messages").to_string().contains("REDACTED"), "{span:#?}");
    assert!(span.get("llm_trace.redaction").as_str().unwrap().contains("masked:text=1"), "{span:#?}");

    let policy = Policy::new().capture(Capture::Span).mask_input(true).mask_output(true).style(Style::Drop);
    let span = one(llm_trace::layer().with_policy(policy).with_content_fields(true), || drop(ask(&request())));
    assert!(!holds(&span, "pelican") && !holds(&span, "harbour"), "{span:#?}");
}

#[test]
fn a_stream_that_is_masked_while_it_runs_stays_masked() {
    let policy = Policy::new().capture(Capture::Span);
    let span = one(llm_trace::layer().with_policy(policy).with_content_fields(true), || {
        let call = std::cell::RefCell::new(LlmCall::current());
        #[llm_call(provider = "openai", request = body)]
        fn with_handle(body: &Value, call: &std::cell::RefCell<LlmCall>) -> impl Stream<Item = Value> + use<> {
            *call.borrow_mut() = LlmCall::current();
            stream::iter(chunks())
        }
        let mut stream = Box::pin(with_handle(&request(), &call));
        block_on(async {
            let _ = stream.next().await;
            call.borrow().mask_input(true).mask_output(true);
            while stream.next().await.is_some() {}
        });
    });
    assert!(!holds(&span, "pelican") && !holds(&span, "harbour"), "{span:#?}");
}

#[test]
fn identity_is_hashed_in_fields() {
    let policy = Policy::new().hash_identity("0123456789abcdef0123456789abcdef");
    let span = one(llm_trace::layer().with_policy(policy), || {
        llm_trace::scope().user("ada").run(|| drop(ask(&request())));
    });
    assert!(span.has("user.id") && !holds(&span, "ada"), "{span:#?}");
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Lines {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

#[test]
fn a_json_log_line_at_the_end_of_a_call_has_its_facts() {
    let lines = Lines::default();
    let writer = lines.clone();
    let json = fmt::layer().json().with_span_events(fmt::format::FmtSpan::CLOSE).with_writer(move || writer.clone());
    let subscriber = tracing_subscriber::registry().with(llm_trace::layer()).with(json);
    tracing::subscriber::with_default(subscriber, || drop(ask(&request())));
    let text = lines.text();
    let line: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    assert_eq!(line["span"]["gen_ai.usage.input_tokens"], json!(9), "{text}");
    assert_eq!(line["span"]["llm_trace.outcome"], json!("completed"), "{text}");
    assert!(!text.contains("pelican"), "{text}");
}

#[test]
fn a_redacted_layer_prints_what_a_call_recorded() {
    let lines = Lines::default();
    let writer = lines.clone();
    let json = fmt::layer().json().with_span_events(fmt::format::FmtSpan::CLOSE).with_writer(move || writer.clone());
    let policy = Policy::new().capture(Capture::Span).mask_input(true);
    let subscriber = tracing_subscriber::registry()
        .with(llm_trace::layer().with_policy(policy).with_content_fields(true))
        .with(llm_trace::redact(json));
    tracing::subscriber::with_default(subscriber, || drop(ask(&request())));
    let text = lines.text();
    assert!(text.contains("acme") && text.contains("harbour") && !text.contains("pelican"), "{text}");
}

/// The spans of a `tracing-opentelemetry` layer of this crate's own version, and what another layer sees.
fn beside(layer: LlmLayer<Registry>, run: impl FnOnce()) -> (Vec<SpanData>, Vec<Seen>) {
    let exporter = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
    let recorder = Recorder::default();
    let subscriber = tracing_subscriber::registry()
        .with(layer)
        .with(tracing_opentelemetry::layer().with_tracer(provider.tracer("app")))
        .with(recorder.clone());
    tracing::subscriber::with_default(subscriber, run);
    (exporter.get_finished_spans().unwrap(), recorder.spans())
}

fn attribute(span: &SpanData, key: &str) -> Vec<opentelemetry::Value> {
    span.attributes.iter().filter(|known| known.key.as_str() == key).map(|known| known.value.clone()).collect()
}

#[test]
fn beside_a_layer_of_the_same_version_attributes_are_written_once() {
    let (spans, seen) = beside(llm_trace::layer(), || drop(ask(&request())));
    assert_eq!(attribute(&spans[0], "gen_ai.usage.input_tokens"), [opentelemetry::Value::I64(9)]);
    assert!(!seen[0].has("gen_ai.usage.input_tokens"), "{seen:#?}");

    let (spans, seen) = beside(llm_trace::layer().with_fields(true), || {
        drop(ask(&request()));
        drop(refused(&request()));
    });
    assert_eq!(seen[0].get("gen_ai.usage.input_tokens"), json!(9));
    for key in ["gen_ai.usage.input_tokens", "llm_trace.outcome", "gen_ai.request.model", "gen_ai.response.model"] {
        assert_eq!(attribute(&spans[0], key).len(), 1, "{key}: {:#?}", spans[0]);
    }
    assert_eq!(attribute(&spans[0], "gen_ai.usage.input_tokens"), [opentelemetry::Value::I64(9)]);
    assert_eq!(spans[0].name, "chat gpt-4o");
    assert_eq!(spans[0].status, Status::Unset);
    assert!(matches!(spans[1].status, Status::Error { .. }), "{:#?}", spans[1]);
}

#[test]
fn fields_can_be_turned_off() {
    let span = one(llm_trace::layer().with_fields(false), || drop(ask(&request())));
    assert_eq!(span.get("gen_ai.request.model"), json!("gpt-4o"));
    assert!(!span.has("llm_trace.outcome"), "{span:#?}");
}

#[test]
fn a_layer_with_a_provider_writes_no_fields() {
    let provider = SdkTracerProvider::builder().build();
    let span = one(llm_trace::layer().with_tracer_provider(&provider), || drop(ask(&request())));
    assert!(!span.has("llm_trace.outcome"), "{span:#?}");
}

#[test]
fn a_name_that_is_learnt_late_stays_the_operation() {
    #[llm_call(provider = "openai")]
    fn late() {
        LlmCall::current().model("gpt-4o");
    }
    let span = one(llm_trace::layer(), late);
    assert_eq!(span.get("otel.name"), json!("chat"));
    assert_eq!(span.get("gen_ai.request.model"), json!("gpt-4o"));
}

#[test]
fn our_formatter_prints_no_fields_of_calls_and_keeps_the_others() {
    fn printed<L: tracing_subscriber::Layer<Subscriber> + Send + Sync>(layer: impl FnOnce(Lines) -> L) -> String {
        let lines = Lines::default();
        let policy = Policy::new().capture(Capture::Span);
        let subscriber = tracing_subscriber::registry()
            .with(llm_trace::layer().with_policy(policy).with_content_fields(true))
            .with(layer(lines.clone()));
        tracing::subscriber::with_default(subscriber, || {
            let _request = tracing::info_span!("request", path = "/chat", gen_ai.other = "hidden").entered();
            drop(ask(&request()));
            tracing::info!(gen_ai.mine = 7, "after");
        });
        lines.text()
    }
    type Subscriber = tracing_subscriber::layer::Layered<LlmLayer<Registry>, Registry>;
    let hidden = |text: &str| {
        for word in
            ["pelican", "harbour", "gpt-4o-2024", "gen_ai.provider.name", "gen_ai.usage", "hidden", "acme", "otel.kind"]
        {
            assert!(!text.contains(word), "{word}: {text}");
        }
        assert!(text.contains("/chat") && text.contains("chat gpt-4o") && text.contains("gen_ai.mine"), "{text}");
    };
    let close = fmt::format::FmtSpan::CLOSE;
    hidden(&printed(|lines| {
        fmt::layer()
            .fmt_fields(fmt_fields().without_calls())
            .with_span_events(close.clone())
            .with_ansi(false)
            .with_writer(move || lines.clone())
    }));
    let json = |fields, lines: Lines| {
        fmt::layer().json().fmt_fields(fields).with_span_events(close.clone()).with_writer(move || lines.clone())
    };
    let text = printed(|lines| json(FmtFields::new(JsonFields::new()).without_calls(), lines));
    hidden(&text);
    assert!(text.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()), "{text}");
    let text = printed(|lines| json(FmtFields::new(JsonFields::new()), lines));
    assert!(text.contains("harbour") && text.contains("gen_ai.usage.input_tokens"), "{text}");
}
