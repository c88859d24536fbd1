//! The trace that a call belongs to.

use std::collections::HashMap;

use llm_trace::{ExistingTrace, InScope as _, LlmCall, Propagation, Scope, TraceError, llm_call, scope};
use llm_trace_tests::collector::{Collector, ReceivedSpan};
use opentelemetry::baggage::BaggageExt as _;
use opentelemetry::{Context, KeyValue};
use tracing_subscriber::prelude::*;

use crate::support::{ask, ask_eagerly, ask_later, traced};

pub(crate) const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const UUID: &str = "4bf92f35-77b3-4da6-a3ce-929d0e0e4736";
pub(crate) const PARENT: &str = "00f067aa0ba902b7";

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn trace(span: &ReceivedSpan) -> String {
    hex(&span.span.trace_id)
}

pub(crate) fn parent(span: &ReceivedSpan) -> String {
    hex(&span.span.parent_span_id)
}

fn incoming(traceparent: &str) -> http::HeaderMap {
    let mut headers = http::HeaderMap::new();
    headers.insert("traceparent", traceparent.parse().expect("a header"));
    headers
}

#[llm_call(operation = "invoke_agent", name = "agent")]
async fn agent() -> String {
    ask_later("q").await
}

#[tokio::test]
async fn an_incoming_trace_is_continued_and_its_state_kept() {
    let traced = traced(|layer| layer);
    let mut headers = incoming(&format!("00-{TRACE}-{PARENT}-01"));
    headers.insert("tracestate", "vendor=value".parse().expect("a header"));
    agent().in_scope(scope().parent_from(&headers)).await;
    let (agent, chat) = (traced.collector.span("agent"), traced.collector.span("chat m"));
    assert_eq!((trace(&agent), parent(&agent)), (TRACE.to_owned(), PARENT.to_owned()));
    assert_eq!(agent.span.trace_state, "vendor=value");
    assert_eq!((trace(&chat), chat.span.parent_span_id), (TRACE.to_owned(), agent.span.span_id));
}

#[test]
fn a_traceparent_that_cannot_be_read_begins_a_new_trace() {
    let traced = traced(|layer| layer);
    let zero = "0".repeat(32);
    for bad in ["", "00-1-2-3", &format!("00-{zero}-{PARENT}-01"), &format!("ff-{TRACE}-{PARENT}-01"), "\u{7f}x"] {
        let headers = HashMap::from([("Traceparent", bad)]);
        scope().parent_from(&headers).run(|| ask("q"));
    }
    scope().parent_from(&http::HeaderMap::new()).run(|| ask("q"));
    let spans = traced.collector.spans();
    assert_eq!(spans.len(), 6);
    assert!(spans.iter().all(|span| span.span.parent_span_id.is_empty() && trace(span) != TRACE));
}

#[tokio::test]
async fn an_existing_trace_is_continued_below_its_span() {
    let traced = traced(|layer| layer);
    let scope = || scope().existing_trace((TRACE, PARENT)).expect("ids");
    ask_later("q").in_scope(scope()).await;
    tokio::spawn(scope().instrument(ask_later("q"))).await.expect("joined");
    scope().run(|| ask_eagerly("q")).await;
    for span in traced.collector.spans() {
        assert_eq!((trace(&span), parent(&span)), (TRACE.to_owned(), PARENT.to_owned()));
        assert!(span.span.links.is_empty());
    }
}

#[tokio::test]
async fn with_a_trace_id_alone_the_call_is_a_root_of_that_trace() {
    let traced = traced(|layer| layer);
    for id in [TRACE, UUID] {
        agent().in_scope(scope().existing_trace(id).expect("an id")).await;
        let (agent, chat) = (traced.collector.span("agent"), traced.collector.span("chat m"));
        assert_eq!((trace(&agent), parent(&agent)), (TRACE.to_owned(), String::new()));
        assert_eq!((trace(&chat), chat.span.parent_span_id), (TRACE.to_owned(), agent.span.span_id));
        traced.collector.clear();
    }
    // Calls outside of the scope have their own trace.
    ask("q");
    assert_ne!(trace(&traced.collector.span("chat m")), TRACE);
}

#[test]
fn a_local_span_that_is_open_becomes_a_link() {
    let traced = traced(|layer| layer);
    let here = || tracing::info_span!("http request");
    here().in_scope(|| scope().existing_trace(TRACE).expect("an id").run(|| ask("q")));
    here().in_scope(|| scope().existing_trace((TRACE, PARENT)).expect("ids").run(|| ask("q")));
    let spans = traced.collector.spans();
    let (calls, requests): (Vec<_>, Vec<_>) = spans.iter().partition(|span| span.span.name == "chat m");
    for (call, request) in calls.iter().zip(&requests) {
        assert_eq!(trace(call), TRACE);
        assert_ne!(trace(request), TRACE);
        let links: Vec<_> = call.span.links.iter().map(|link| &link.span_id).collect();
        assert_eq!(links, [&request.span.span_id]);
    }
    assert_eq!(parent(calls[1]), PARENT);
}

#[test]
fn a_trace_that_is_ours_already_goes_on_as_it_was() {
    let traced = traced(|layer| layer);
    let outer = scope().existing_trace(TRACE).expect("an id");
    outer.run(|| {
        tracing::info_span!("work").in_scope(|| scope().existing_trace(TRACE).expect("an id").run(|| ask("q")));
    });
    let (work, call) = (traced.collector.span("work"), traced.collector.span("chat m"));
    assert_eq!((trace(&work), parent(&work)), (TRACE.to_owned(), String::new()));
    assert_eq!((trace(&call), &call.span.parent_span_id), (TRACE.to_owned(), &work.span.span_id));
}

#[test]
fn bad_ids_and_late_ones_are_errors() {
    let traced = traced(|layer| layer);
    #[llm_call(provider = "openai", model = "m")]
    fn late() -> Option<TraceError> {
        LlmCall::current().apply(&scope().user("u").existing_trace(TRACE).expect("an id")).err()
    }
    assert_eq!(scope().existing_trace("x").err(), Some(TraceError::TraceId("x".into())));
    assert_eq!(scope().existing_trace((TRACE, "y")).err(), Some(TraceError::SpanId("y".into())));
    assert!(ExistingTrace::new(UUID).is_ok());
    assert!(late().is_some_and(|error| error.to_string().contains("started")));
    let span = traced.collector.span("chat m");
    assert_ne!(trace(&span), TRACE);
    // The other values of the scope apply.
    assert_eq!(crate::support::text(&span, "user.id").as_deref(), Some("u"));
}

#[test]
fn a_gateways_metadata_continues_a_trace() {
    let traced = traced(|layer| layer);
    let metadata = serde_json::json!({"existing_trace_id": UUID, "parent_span_id": PARENT});
    Scope::from_metadata(&metadata).expect("ids").run(|| ask("q"));
    let span = traced.collector.span("chat m");
    assert_eq!((trace(&span), parent(&span)), (TRACE.to_owned(), PARENT.to_owned()));
}

#[llm_call(provider = "openai", model = "m", server = host)]
fn sends(host: &str) -> http::HeaderMap {
    // Inside a client's span, the call's context is propagated.
    tracing::info_span!("http").in_scope(|| {
        let mut headers = http::HeaderMap::new();
        llm_trace::inject(&mut headers);
        headers
    })
}

#[test]
fn trace_headers_are_sent_only_to_listed_hosts() {
    let traced = traced(|layer| layer.with_propagation(Propagation::new().to_host("llm.internal").baggage("tenant")));
    let baggage = Context::current_with_baggage([KeyValue::new("tenant", "t1"), KeyValue::new("private", "p1")]);
    let _attached = baggage.attach();
    assert!(sends("https://api.openai.com/v1").is_empty());
    let headers = sends("https://llm.internal:8080/v1");
    let spans = traced.collector.spans();
    let call = spans.iter().rfind(|span| span.span.name == "chat m").expect("a call");
    let told = headers["traceparent"].to_str().expect("text");
    assert_eq!(told, format!("00-{}-{}-01", trace(call), hex(&call.span.span_id)));
    assert_eq!(headers["baggage"], "tenant=t1");
    // Propagation is off by default.
    drop(traced);
    let _traced = self::traced(|layer| layer);
    assert!(sends("https://llm.internal:8080/v1").is_empty());
}

#[test]
fn a_single_call_can_have_an_explicit_parent() {
    use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState};
    #[llm_call(provider = "openai", model = "m", parent = cx)]
    fn below(cx: &Context) {}
    let traced = traced(|layer| layer);
    let trace_id = TraceId::from_hex(TRACE).expect("an id");
    let span_id = SpanId::from_hex(PARENT).expect("an id");
    let span = SpanContext::new(trace_id, span_id, TraceFlags::SAMPLED, true, TraceState::NONE);
    let cx = Context::new().with_remote_span_context(span);
    tracing::info_span!("elsewhere").in_scope(|| below(&cx));
    LlmCall::builder("chat").span_name("by hand").parent(&cx).run(|_| ());
    assert_eq!(parent(&traced.collector.span("by hand")), PARENT);
    let (call, elsewhere) = (traced.collector.span("chat m"), traced.collector.span("elsewhere"));
    assert_eq!((trace(&call), parent(&call)), (TRACE.to_owned(), PARENT.to_owned()));
    assert_eq!(call.span.links[0].span_id, elsewhere.span.span_id);
}

#[test]
fn baggage_that_came_in_is_there_and_goes_no_further() {
    let traced = traced(|layer| layer.with_propagation(Propagation::new().to_host("llm.internal")));
    let mut headers = incoming(&format!("00-{TRACE}-{PARENT}-01"));
    headers.insert("baggage", "tenant=t1".parse().expect("a header"));
    let sent = scope().parent_from(&headers).run(|| {
        assert_eq!(Context::current().baggage().get("tenant").map(ToString::to_string).as_deref(), Some("t1"));
        sends("llm.internal")
    });
    assert!(sent.contains_key("traceparent") && !sent.contains_key("baggage"));
    assert_eq!(trace(&traced.collector.span("chat m")), TRACE);
    assert!(!traced.collector.saw("tenant"), "a client can send any value: none becomes an attribute");
}

/// Runs in a separate process, because no other test's id generator may exist.
#[test]
fn without_the_id_generator_the_call_is_an_orphan_of_that_trace() {
    let this = std::env::args().next().expect("a program");
    let mut child = std::process::Command::new(this);
    child.args(["--exact", "traces::orphan", "--ignored", "--nocapture"]);
    let output = child.output().expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
#[ignore = "run by the test above"]
fn orphan() {
    let collector = Collector::start();
    let layer = llm_trace::layer().with_tracer_provider(&collector.provider());
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        scope().existing_trace(TRACE).expect("an id").run(|| ask("q"));
    });
    let span = collector.span("chat m");
    assert_eq!(trace(&span), TRACE);
    assert_eq!(parent(&span), &TRACE[16..]);
}

#[test]
fn the_provider_from_the_environment_hands_out_existing_trace_ids() {
    let parts = llm_trace::export::from_lookup(&|name| (name == "OTEL_TRACES_EXPORTER").then(|| "none".to_owned()));
    let parts = parts.expect("nothing wrong");
    #[llm_call(provider = "openai", model = "m")]
    fn told() -> String {
        use opentelemetry::trace::TraceContextExt as _;
        Context::current().span().span_context().trace_id().to_string()
    }
    tracing::subscriber::with_default(tracing_subscriber::registry().with(parts.layer()), || {
        assert_eq!(scope().existing_trace(UUID).expect("an id").run(told), TRACE);
    });
}
