//! Several destinations: each has its own token, content setting and view, independent of the environment.

use std::process::Command;
use std::time::Duration;

use llm_trace::export::{Destination, ExportProcessor, preset};
use llm_trace::{Capture, Policy, PolicyHandle, llm_call};
use llm_trace_tests::collector::{Answer, Collector};
use opentelemetry_sdk::trace::SdkTracerProvider;
use serde_json::{Value, json};
use tracing_subscriber::prelude::*;

const PROMPT: &str = "sentinel-prompt-5501";
const USER: &str = "sentinel-user-5502";
const LIMIT: Duration = Duration::from_secs(30);

#[llm_call(provider = "openai", request = request)]
fn chat(request: &Value, answer: Value) -> Value {
    answer
}

/// Makes one call of a known user and exports it to these destinations.
fn call(processors: Vec<ExportProcessor>) {
    let builder = SdkTracerProvider::builder().with_id_generator(llm_trace::TraceIdGenerator::default());
    let provider = processors.into_iter().fold(builder, |b, processor| b.with_span_processor(processor)).build();
    let layer = llm_trace::layer().with_policy(Policy::new().capture(Capture::Span)).with_tracer_provider(&provider);
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        let request = json!({"model": "m", "messages": [{"role": "user", "content": PROMPT}]});
        llm_trace::scope().user(USER).run(|| {
            chat(
                &request,
                json!({"model": "m-1", "choices": [{"index": 0, "finish_reason": "stop",
                "message": {"role": "assistant", "content": "sentinel-answer-5503"}}], "usage": {"prompt_tokens": 3}}),
            )
        });
    });
    provider.shutdown_with_timeout(LIMIT).expect("all is sent");
}

fn inside(endpoint: &str) -> Destination {
    Destination::http(endpoint)
        .header("Authorization", "Bearer token-inside")
        .policy(Policy::new().capture(Capture::Span))
}

fn vendor(destination: Destination) -> Destination {
    destination
        .header("x-vendor-key", "token-vendor")
        .gzip(true)
        .policy(Policy::new().hash_identity(*b"a key of thirty-two random bytes"))
        .view(|key| key.starts_with("gen_ai.") || key == "user.id")
}

fn has(collector: &Collector, text: &str) -> bool {
    collector.raw_bytes().windows(text.len()).any(|w| w.eq_ignore_ascii_case(text.as_bytes()))
}

/// Compares the attributes that the two destinations received.
fn compare(full: &Collector, narrow: &Collector) {
    let span = full.wait_for_spans(1, LIMIT).remove(0);
    let messages = span.attribute("gen_ai.input.messages").expect("the messages").to_string();
    assert!(messages.contains(PROMPT) && span.attribute("user.id") == Some(json!(USER)), "{span:?}");
    assert_eq!(
        (has(full, "Bearer token-inside"), has(full, "token-vendor"), has(full, "token-environment")),
        (true, false, false)
    );

    let span = narrow.wait_for_spans(1, LIMIT).remove(0);
    assert_eq!(span.span.name, "chat m");
    assert_eq!(span.scope.name, "llm-trace");
    assert_eq!(span.attribute("gen_ai.usage.input_tokens"), Some(json!(3)));
    assert!(span.attributes().keys().all(|key| key.starts_with("gen_ai.") || key == "user.id"), "{span:?}");
    assert!(span.attribute("user.id").is_some_and(|id| id != USER));
    for absent in [PROMPT, USER, "sentinel-answer-5503", "token-inside", "token-environment", "treated"] {
        assert!(!has(narrow, absent), "{absent}");
    }
    assert!(has(narrow, "token-vendor"));
}

#[test]
fn each_destination_has_its_own_token_content_and_view() {
    for kind in [Destination::http, Destination::http_json, Destination::grpc] {
        let (full, narrow) = (Collector::start(), Collector::start());
        let to = vendor(kind(narrow.endpoint()));
        assert!(!format!("{to:?}").contains("token-vendor"));
        call(vec![inside(&full.endpoint()).build().expect("inside"), to.build().expect("vendor")]);
        compare(&full, &narrow);
    }
}

/// Not a separate test: [`the_environments_headers_reach_none_of_them`] runs it with variables set.
#[test]
#[ignore = "run by another test"]
fn with_variables() {
    let var = |name| std::env::var(name).expect("set by the test");
    let narrow = vendor(Destination::http(var("TEST_NARROW")));
    call(vec![inside(&var("TEST_FULL")).build().expect("inside"), narrow.build().expect("vendor")]);
}

#[test]
fn the_environments_headers_reach_none_of_them() {
    let (full, narrow, other) = (Collector::start(), Collector::start(), Collector::start());
    let status = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "with_variables", "--ignored"])
        .env("TEST_FULL", full.endpoint())
        .env("TEST_NARROW", narrow.endpoint())
        .env("OTEL_EXPORTER_OTLP_HEADERS", "authorization=token-environment,x-vendor-key=token-environment")
        .env("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "x-more=token-environment")
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", other.endpoint())
        .env("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json")
        .output()
        .expect("the program runs");
    assert!(status.status.success(), "{status:?}");
    compare(&full, &narrow);
    assert!(other.requests().is_empty());
    assert_eq!(full.requests()[0].header("content-type"), "application/x-protobuf");
}

#[test]
fn a_preset_sends_with_the_vendors_key_and_nothing_else() {
    let collector = Collector::start();
    let endpoint = collector.endpoint();
    let get = |name: &str| match name {
        "LANGFUSE_BASE_URL" => Some(endpoint.clone()),
        "LANGFUSE_PUBLIC_KEY" => Some("pk".into()),
        "LANGFUSE_SECRET_KEY" => Some("sk".into()),
        other => panic!("{other} is asked for"),
    };
    let to = preset::from_lookup("langfuse", &get).expect("a destination");
    call(vec![to.build().expect("a processor")]);
    let request = collector.requests().remove(0);
    assert_eq!(request.path, "/api/public/otel/v1/traces");
    assert_eq!(
        (request.header("authorization"), request.header("x-langfuse-ingestion-version")),
        ("Basic cGs6c2s=", "4")
    );
    // Content is not enabled for this destination.
    assert!(!has(&collector, PROMPT));
}

#[test]
fn an_unreachable_destination_is_counted_and_does_not_affect_the_other() {
    let (full, refusing) = (Collector::start(), Collector::start());
    refusing.answer_next(std::iter::repeat_n(Answer::Status(401, None), 9));
    let (inside, vendor) =
        (inside(&full.endpoint()).build().expect("inside"), vendor(Destination::http(refusing.endpoint())));
    let vendor = vendor.build().expect("vendor");
    let (well, badly) = (inside.stats(), vendor.stats());
    call(vec![inside, vendor]);
    assert_eq!((well.get().spans.exported, well.get().dropped()), (1, 0));
    assert_eq!((badly.get().spans.exported, badly.get().spans.rejected), (0, 1));
}

#[test]
fn a_stricter_policy_applies_to_queued_spans() {
    let collector = Collector::start();
    let policy = PolicyHandle::new(Policy::new().capture(Capture::Span));
    let to = Destination::http(collector.endpoint()).policy(&policy).view(|key| key.starts_with("gen_ai."));
    let provider = SdkTracerProvider::builder().with_span_processor(to.build().expect("a processor")).build();
    let layer = llm_trace::layer().with_policy(Policy::new().capture(Capture::Span)).with_tracer_provider(&provider);
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        chat(&json!({"model": "m", "messages": [{"role": "user", "content": PROMPT}]}), json!({}));
        policy.update(|policy| policy.mask_input(true));
    });
    provider.shutdown_with_timeout(LIMIT).expect("all is sent");
    assert_eq!(collector.spans().len(), 1);
    assert!(!has(&collector, PROMPT));
}

#[test]
fn a_stricter_policy_applies_to_what_other_code_set_on_a_queued_call() {
    let collector = Collector::start();
    let open = Policy::new().capture(Capture::Span);
    let policy = PolicyHandle::new(open.clone());
    let to = Destination::http(collector.endpoint()).policy(&policy);
    let provider = SdkTracerProvider::builder().with_span_processor(to.build().expect("a processor")).build();
    let layer = llm_trace::layer().with_policy(open).with_tracer_provider(&provider);
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        llm_trace::LlmCall::builder("chat").provider("openai").model("m").run(|_| {
            use opentelemetry::trace::TraceContextExt as _;
            opentelemetry::Context::current().span().set_attribute(opentelemetry::KeyValue::new("note", PROMPT));
        });
        policy.update(|policy| policy.mask_input(true));
    });
    provider.shutdown_with_timeout(LIMIT).expect("all is sent");
    assert_eq!(collector.spans().len(), 1);
    assert!(!has(&collector, PROMPT));
}

#[test]
fn an_invalid_destination_is_an_error_with_a_reason_and_no_secret() {
    let error = |to: Destination| to.build().err().map(|error| error.to_string()).expect("an error");
    for (to, expected) in [
        (Destination::http("ftp://u:sesame@c"), "`endpoint` is `ftp://c`: `ftp` is not a supported scheme"),
        (Destination::http("http://c").header("a b", "sesame"), "the header `a b` its name is not a header name"),
        (Destination::http("http://c").header("host", "sesame"), "`host` is set by the transport"),
        (Destination::http("http://c").header("key", "sesa\nme"), "the header `key` has a value with characters"),
        (Destination::http("https://c").certificate("/nowhere.pem"), "`certificate` names /nowhere.pem"),
    ] {
        let found = error(to.clone());
        assert!(found.contains(expected) && !found.contains("sesame"), "{found}");
        assert!(!format!("{to:?}").contains("sesame"));
    }
    assert!(preset::named("honeycomb").err().is_some_and(|e| e.to_string().contains("HONEYCOMB_API_KEY")));
}
