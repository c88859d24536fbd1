//! The caller's identity is on every span, for every outcome.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;

use futures_util::{FutureExt as _, Stream, StreamExt as _};
use llm_trace::{
    Caller, Capture, Compat, InScope as _, LlmCall, OpenCalls, Policy, PolicyHandle, Profile, RedactProcessor, Scope,
    llm_call, scope,
};
use llm_trace_tests::collector::{Collector, ReceivedSpan, attribute};
use opentelemetry_sdk::trace::{SdkTracerProvider, SimpleSpanProcessor};
use serde_json::json;
use tracing_subscriber::prelude::*;

use crate::support::{Traced, ask, ask_later, text, traced, traced_with};

const NAMES: [(&str, &str); 11] = [
    ("user.id", "user-u1"),
    ("session.id", "session-s1"),
    ("gen_ai.conversation.id", "conversation-c1"),
    ("enduser.id", "end-user-e1"),
    ("user.email", "e1@example.com"),
    ("llm_trace.caller.key_alias", "alias-a1"),
    ("llm_trace.caller.team_id", "team-t1"),
    ("llm_trace.caller.team_alias", "team-alias-t1"),
    ("llm_trace.caller.org_id", "org-o1"),
    ("llm_trace.caller.route", "/v1/chat/completions"),
    ("llm_trace.caller.key_hash", "6cf61b62baef8e78b752d0c2bf6ffb6b82263700cafa58e2cc6697c1cbbebd63"),
];

fn all() -> Scope {
    let caller = Caller::from_api_key("the-plain-key")
        .key_alias("alias-a1")
        .user_id("user-u1")
        .team_id("team-t1")
        .team_alias("team-alias-t1")
        .org_id("org-o1")
        .end_user_id("end-user-e1")
        .email("e1@example.com")
        .route("/v1/chat/completions");
    scope().caller(caller).session("session-s1").conversation("conversation-c1")
}

fn shows_all(span: &ReceivedSpan) {
    for (name, value) in NAMES {
        assert_eq!(text(span, name).as_deref(), Some(value), "{name} of {}", span.span.name);
    }
}

#[llm_call(provider = "openai", model = "m")]
fn fails() -> Result<String, std::num::ParseIntError> {
    "x".parse::<i32>().map(|n| n.to_string())
}

#[llm_call(provider = "openai", model = "m")]
fn panics() -> String {
    panic!("no")
}

#[llm_call(provider = "openai", model = "m")]
async fn hangs() -> String {
    std::future::pending().await
}

#[llm_call(provider = "openai", model = "m")]
fn chunks() -> impl Stream<Item = String> + Unpin {
    futures_util::stream::iter(["a".to_owned(), "b".to_owned()])
}

#[llm_call(operation = "execute_tool", name = "execute_tool search")]
fn tool() -> u32 {
    1
}

#[llm_call(operation = "embeddings", provider = "openai", model = "e")]
fn embed() -> u32 {
    1
}

#[llm_call(operation = "invoke_agent", name = "invoke_agent planner")]
async fn agent() -> String {
    tool();
    embed();
    ask_later("q").await
}

#[llm_call(provider = "openai", model = "m")]
fn cut_off() -> impl Stream<Item = String> + Unpin {
    let chunk = json!({"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {"content": "a"}}]});
    futures_util::stream::iter([format!("data: {chunk}\n\n")])
}

#[llm_call(provider = "openai", model = "m", server = "http://127.0.0.1:1")]
async fn unreachable() -> Result<reqwest::Response, reqwest::Error> {
    reqwest::Client::new().post("http://127.0.0.1:1").send().await
}

/// One call for each outcome, in the order of [`OUTCOMES`].
async fn end_in_every_way(open: OpenCalls) {
    all().run(|| ask("q"));
    all().run(fails).expect_err("an error");
    unreachable().in_scope(all()).await.expect_err("nobody listens");
    catch_unwind(AssertUnwindSafe(|| all().run(panics))).expect_err("a panic");
    assert!(hangs().in_scope(all()).now_or_never().is_none());
    // Polled to the end, truncated and dropped midway, all outside of the scope.
    let stream = all().run(chunks);
    assert_eq!(stream.collect::<Vec<_>>().await.len(), 2);
    let stream = all().run(cut_off);
    assert_eq!(stream.collect::<Vec<_>>().await.len(), 1);
    let mut stream = all().run(chunks);
    stream.next().await;
    drop(stream);
    let mut unfinished = pin!(hangs().in_scope(all()));
    assert!(futures_util::poll!(&mut unfinished).is_pending());
    assert_eq!(open.finish(), 1);
}

const OUTCOMES: [&str; 9] =
    ["completed", "error", "not_sent", "panicked", "cancelled", "completed", "truncated", "dropped", "unfinished"];

/// Makes calls with every outcome, using a layer with logs and metrics.
async fn outcomes(policy: Policy) -> Traced {
    let mut open = OpenCalls::default();
    let traced = traced_with(|layer, collector| {
        open = layer.open_calls();
        layer.with_policy(policy).with_logger_provider(&collector.logger_provider())
    });
    end_in_every_way(open).await;
    let spans = traced.collector.spans();
    let ended: Vec<_> = spans.iter().filter_map(|span| text(span, "llm_trace.outcome")).collect();
    assert_eq!(ended, OUTCOMES);
    traced
}

#[tokio::test]
async fn identity_is_there_whatever_the_outcome() {
    let traced = outcomes(Policy::new().capture(Capture::SpanAndEvent)).await;
    traced.collector.spans().iter().for_each(shows_all);
    // The plain key is never exported.
    assert!(!traced.collector.saw("the-plain-key"));
}

#[tokio::test]
async fn hashed_identity_shows_no_plain_id_whatever_the_outcome() {
    let policy = Policy::new().capture(Capture::SpanAndEvent).hash_identity(*b"key");
    let traced = outcomes(policy).await;
    assert!(traced.collector.log_requests().len() >= OUTCOMES.len());
    for (name, plain) in NAMES.into_iter().filter(|(name, _)| !name.ends_with(".route")) {
        for span in traced.collector.spans() {
            assert!(text(&span, name).is_some_and(|shown| shown.starts_with("hmac-sha256:")), "{name}");
        }
        assert!(!traced.collector.saw(plain), "{plain}");
    }
}

#[test]
fn identity_is_on_metrics_only_where_it_is_allowed() {
    for allowed in [false, true] {
        let mut provider = None;
        let traced = traced_with(|layer, collector| {
            let meters = provider.insert(collector.meter_provider());
            let layer = layer.with_meter_provider(meters);
            if allowed { layer.with_metric_attributes(["llm_trace.caller.team_id"]) } else { layer }
        });
        all().metadata("m", "metadata-m1").run(|| ask("q"));
        provider.expect("a provider").force_flush().expect("flushed");
        let metrics = format!("{:?}", traced.collector.metric_requests());
        assert!(metrics.contains("gen_ai.client.operation.duration"));
        for (name, value) in NAMES {
            let shown = allowed && name == "llm_trace.caller.team_id";
            assert_eq!(metrics.contains(&format!("{value:?}")), shown, "{name}");
        }
        assert!(!metrics.contains("metadata-m1"));
    }
}

#[tokio::test]
async fn agents_tools_and_embeddings_below_show_it_too() {
    let traced = traced(|layer| layer);
    agent().in_scope(all()).await;
    let spans = traced.collector.spans();
    assert_eq!(spans.len(), 4);
    spans.iter().for_each(shows_all);
    let root = traced.collector.span("invoke_agent planner");
    assert!(spans.iter().filter(|span| span.span.parent_span_id == root.span.span_id).count() == 3);
}

#[test]
fn inner_scopes_override_field_by_field_and_a_call_adds_its_own() {
    let traced = traced(|layer| layer);
    #[llm_call(provider = "openai", model = "m", attributes(session.id = "of the call"))]
    fn call() {
        let own = scope().tags(["own"]).metadata("k", 2).metadata("null", serde_json::Value::Null);
        LlmCall::current().apply(&own).expect("no trace in it");
    }
    let outer =
        scope().user("outer").session("outer").tags(["outer"]).metadata("k", 1).metadata("o", json!({"a": [1]}));
    outer.run(|| scope().user("inner").run(call));
    let span = &traced.collector.spans()[0];
    let metadata = |key| attribute(&span.span.attributes, key);
    assert_eq!(text(span, "user.id").as_deref(), Some("inner"));
    assert_eq!(text(span, "session.id").as_deref(), Some("of the call"));
    assert_eq!(metadata("llm_trace.tags"), Some(json!(["own"])));
    assert_eq!(metadata("llm_trace.metadata.k"), Some(json!(2)));
    assert_eq!(metadata("llm_trace.metadata.o"), Some(json!("{\"a\":[1]}")));
    assert_eq!(metadata("llm_trace.metadata.null"), None);
}

#[test]
fn without_identity_there_are_no_identity_attributes() {
    let traced = traced(|layer| layer);
    scope().user("").session(None::<&str>).caller(Caller::new()).run(|| ask("q"));
    let span = &traced.collector.spans()[0];
    for key in span.span.attributes.iter().map(|attribute| &attribute.key) {
        let ours = ["user.", "session.", "enduser.", "metadata.", "llm_trace.caller", "llm_trace.tags"];
        assert!(!ours.iter().any(|begin| key.starts_with(begin)), "{key}");
    }
}

#[test]
fn hashed_identity_shows_no_plain_id_anywhere() {
    let policy = Policy::new().capture(llm_trace::Capture::Span).hash_identity(*b"key");
    let traced = traced(|layer| layer.with_policy(policy).with_compat(Compat::LiteLlm));
    #[llm_call(provider = "openai", model = "m", conversation = "conversation-c2", attributes(user.id = "user-u2"))]
    fn call() {}
    all().run(|| ask("q"));
    all().run(call);
    all().run(fails).expect_err("an error");
    let span = &traced.collector.spans()[0];
    for (name, plain) in NAMES.into_iter().filter(|(name, _)| !name.ends_with(".route")) {
        let shown = text(span, name).unwrap_or_default();
        assert!(shown.starts_with("hmac-sha256:"), "{name}: {shown}");
        assert!(!traced.collector.saw(plain), "{plain}");
    }
    assert!(!traced.collector.saw("user-u2") && !traced.collector.saw("conversation-c2"));
    assert!(text(span, "llm_trace.redaction").is_some_and(|said| said.contains("identity")));
}

#[test]
fn a_new_key_makes_new_hashes_from_then_on() {
    let policy = PolicyHandle::new(Policy::new().hash_identity(*b"old"));
    let traced = traced(|layer| layer.with_policy(&policy));
    let call = || LlmCall::builder("chat").provider("openai").run(|_| ());
    let ann = || scope().user("ann");
    ann().run(call);
    let open = ann().run(|| LlmCall::builder("chat").provider("openai").start());
    policy.update(|policy| policy.hash_identity(*b"new"));
    open.finish();
    ann().run(call);
    let hashes: Vec<_> = traced.collector.spans().iter().map(|span| text(span, "user.id").expect("a hash")).collect();
    assert!(hashes[0] != hashes[1] && hashes[1] == hashes[2], "{hashes:?}");
}

#[test]
fn masked_metadata_keeps_its_keys_only() {
    let policy = Policy::new().mask_metadata(true);
    let traced = traced(|layer| layer.with_policy(policy));
    scope().tags(["secret-tag"]).metadata("k", "secret-value").metadata("n", 4711).run(|| ask("q"));
    let span = &traced.collector.spans()[0];
    assert_eq!(text(span, "llm_trace.metadata.k").as_deref(), Some("[REDACTED]"));
    assert_eq!(text(span, "llm_trace.metadata.n").as_deref(), Some("[REDACTED]"));
    assert!(!traced.collector.saw("secret-"));
}

#[test]
fn names_routes_and_sessions_of_the_model_context_protocol_are_no_metadata_and_no_ids() {
    let policy = Policy::new().hash_identity(*b"key").mask_metadata(true);
    let traced = traced(|layer| layer.with_policy(policy));
    let scope = scope().caller(Caller::new().route("/v1/chat")).prompt("greeting", 3);
    scope.run(|| LlmCall::builder("mcp.client").method("tools/list").mcp_session("session-m1").run(|_| ()));
    let span = &traced.collector.spans()[0];
    assert_eq!(text(span, "llm_trace.caller.route").as_deref(), Some("/v1/chat"));
    assert_eq!(text(span, "gen_ai.prompt.name").as_deref(), Some("greeting"));
    assert_eq!(text(span, "mcp.session.id").as_deref(), Some("session-m1"));
}

#[test]
fn the_fields_of_a_span_are_hashed_and_masked_by_a_processor() {
    for is_guarded in [false, true] {
        let collector = Collector::start();
        let policy = Policy::new().hash_identity(*b"key").mask_metadata(true);
        let exporting = SimpleSpanProcessor::new(collector.exporter());
        let provider = match is_guarded {
            true => SdkTracerProvider::builder().with_span_processor(RedactProcessor::new(exporting, policy.clone())),
            false => SdkTracerProvider::builder().with_span_processor(exporting),
        };
        let layer = llm_trace::layer().with_policy(policy).with_tracer_provider(&provider.build());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            tracing::info_span!("request", llm.user_id = "user-u1", llm.metadata.k = "user-m1").in_scope(|| ask("q"));
        });
        let spans = collector.spans();
        let shows = |span: &ReceivedSpan| format!("{span:?}").contains("user-");
        assert_eq!(spans.iter().map(shows).collect::<Vec<_>>(), [false, !is_guarded], "{spans:?}");
    }
}

#[test]
fn litellm_attribute_names_are_set() {
    let with = traced(|layer| layer.with_compat(Compat::LiteLlm));
    all().run(|| ask("q"));
    let span = &with.collector.spans()[0];
    for (name, value) in [
        ("hash", NAMES[10].1),
        ("alias", "alias-a1"),
        ("user_id", "user-u1"),
        ("team_id", "team-t1"),
        ("team_alias", "team-alias-t1"),
        ("org_id", "org-o1"),
        ("end_user_id", "end-user-e1"),
        ("user_email", "e1@example.com"),
        ("request_route", "/v1/chat/completions"),
    ] {
        assert_eq!(text(span, &format!("metadata.user_api_key_{name}")).as_deref(), Some(value));
    }
    drop(with);
    let without = traced(|layer| layer);
    all().run(|| ask("q"));
    assert!(!without.collector.saw("metadata.user_api_key"));
}

#[test]
fn a_prompts_version_has_the_profiles_name() {
    for (profile, name) in [(Profile::Core, "llm_trace.prompt.version"), (Profile::Latest, "gen_ai.prompt.version")] {
        let traced = traced(|layer| layer.with_profile(profile));
        scope().prompt("greeting", 3).run(|| ask("q"));
        let span = &traced.collector.spans()[0];
        assert_eq!(text(span, "gen_ai.prompt.name").as_deref(), Some("greeting"));
        assert_eq!(text(span, name).as_deref(), Some("3"));
    }
}

#[test]
fn a_gateways_metadata_sets_every_scope_value() {
    let traced = traced(|layer| layer);
    let metadata = json!({
        "user_api_key": "the-plain-key", "user_api_key_alias": "alias-a1", "user_api_key_user_id": "user-u1",
        "user_api_key_team_id": "team-t1", "user_api_key_team_alias": "team-alias-t1", "user_api_key_org_id": "org-o1",
        "user_api_key_end_user_id": "end-user-e1", "user_api_key_user_email": "e1@example.com",
        "user_api_key_request_route": "/v1/chat/completions", "session_id": "session-s1",
        "conversation_id": "conversation-c1", "mask_input": "true",
    });
    Scope::from_metadata(&metadata).expect("nothing wrong").run(|| ask("the question"));
    shows_all(&traced.collector.spans()[0]);
    assert!(!traced.collector.saw("the question"));
}

#[test]
fn a_gateways_names_and_unknown_keys_are_metadata() {
    let traced = traced(|layer| layer);
    let metadata = json!({
        "trace_id": "nightly-run-7", "trace_name": "nightly", "generation_name": "summary", "trace_release": "v2",
        "generation_id": "gen-1", "tenant": 7, "debug_langfuse": true, "api_key": "SENTINEL-key",
    });
    Scope::from_metadata(&metadata).expect("nothing wrong").run(|| ask("the question"));
    let shown = traced.collector.spans()[0].attributes();
    let has = |value: serde_json::Value| shown.values().any(|known| *known == value);
    for text in ["nightly-run-7", "nightly", "summary", "v2", "gen-1"] {
        assert!(has(json!(text)), "{text}: {shown:#?}");
    }
    assert!(has(json!(7)) && has(json!(true)), "{shown:#?}");
    assert!(!traced.collector.saw("SENTINEL-key"));
}

#[test]
fn a_gateways_trace_id_continues_a_trace_if_it_is_one() {
    let traced = traced(|layer| layer);
    let id = "4bf92f3577b34da6a3ce929d0e0e4736";
    Scope::from_metadata(&json!({"trace_id": id, "trace_name": "nightly"})).expect("an id").run(|| ask("q"));
    let span = &traced.collector.spans()[0];
    assert_eq!(crate::traces::trace(span), id);
}
