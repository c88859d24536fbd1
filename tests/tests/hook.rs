//! The user's hook receives the same data as the span, and never blocks other code.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant, SystemTime};

use futures_util::{FutureExt, StreamExt, stream};
use llm_trace::{
    AttributeValue, Caller, Capture, Cost, FinishedCall, InScope as _, LlmCall, LlmLayer, Outcome, Policy,
    PolicyHandle, PricedCall, Profile, RedactProcessor, Style, llm_agent, llm_call, llm_tool,
};
use llm_trace_tests::collector::Collector;
use opentelemetry::Value as OtelValue;
use opentelemetry_sdk::trace::{InMemorySpanExporter, Sampler, SdkTracerProvider, SimpleSpanProcessor, SpanData};
use serde_json::{Value, json};
use tracing::Dispatch;
use tracing_subscriber::Registry;
use tracing_subscriber::prelude::*;

const LONG: Duration = Duration::from_secs(30);

fn request() -> Value {
    json!({"model": "gpt-4o", "temperature": 0.5, "stop": ["SENTINEL-STOP"],
        "messages": [{"role": "user", "content": "SENTINEL-IN"}]})
}

fn answer() -> Value {
    json!({
        "id": "chatcmpl-1", "object": "chat.completion", "model": "gpt-4o-2024-08-06",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "SENTINEL-OUT"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120,
            "prompt_tokens_details": {"cached_tokens": 60, "audio_tokens": 10},
            "completion_tokens_details": {"reasoning_tokens": 8}},
    })
}

#[llm_call(provider = "openai", request = body, server = "https://api.openai.com/v1", attributes(app.feature = "search"))]
fn chat(body: &Value) -> Value {
    answer()
}

#[llm_call(provider = "openai", request = body, mask_input, mask_output)]
fn masked(body: &Value) -> Value {
    answer()
}

#[llm_call(name = "SENTINEL-NAME", provider = "openai", model = "gpt-4o")]
fn fails() -> Result<(), std::io::Error> {
    Err(std::io::Error::other("SENTINEL-ERROR"))
}

/// It is asked for a stream.
fn streamed_request() -> Value {
    let mut request = request();
    request["stream"] = true.into();
    request
}

#[llm_call(provider = "openai", request = body)]
fn streams(body: Value) -> impl futures_util::Stream<Item = Value> + use<> {
    let delta = |text| {
        json!({"id": "c", "object": "chat.completion.chunk", "model": "gpt-4o",
        "choices": [{"index": 0, "delta": {"content": text}, "finish_reason": null}]})
    };
    let end = json!({"id": "c", "object": "chat.completion.chunk", "model": "gpt-4o", "choices": [
        {"index": 0, "delta": {}, "finish_reason": "stop"}], "usage": {"prompt_tokens": 3, "completion_tokens": 2}});
    stream::iter([delta("SENTINEL-"), delta("OUT"), end])
}

#[llm_call(provider = "openai", request = &body)]
async fn hangs(body: Value) -> Value {
    std::future::pending().await
}

#[llm_tool(name = "get_weather")]
fn tool(city: &str) -> String {
    city.to_owned()
}

#[llm_agent(name = "planner")]
fn agent(task: &str) -> String {
    chat(&request());
    tool(task)
}

/// A hook that passes all on.
fn sender() -> (impl FnMut(&FinishedCall) + Send + 'static, Receiver<FinishedCall>) {
    let (sender, inbox): (Sender<FinishedCall>, _) = channel();
    (move |call: &FinishedCall| drop(sender.send(call.clone())), inbox)
}

struct Run {
    calls: Vec<FinishedCall>,
    spans: Vec<SpanData>,
}

/// Runs calls under a layer with a provider behind the last guard, as `init()` sets it up.
fn run(
    policy: Policy,
    sampler: Sampler,
    change: impl FnOnce(LlmLayer<Registry>) -> LlmLayer<Registry>,
    work: impl FnOnce(),
) -> Run {
    let exporter = InMemorySpanExporter::default();
    let policy = PolicyHandle::new(policy);
    let last = RedactProcessor::new(SimpleSpanProcessor::new(exporter.clone()), &policy);
    let provider = SdkTracerProvider::builder().with_sampler(sampler).with_span_processor(last).build();
    let (hook, inbox) = sender();
    let layer = change(llm_trace::layer().with_policy(&policy).with_tracer_provider(&provider).with_call_hook(hook));
    let hooks = layer.call_hooks();
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), work);
    assert!(hooks.flush(LONG));
    assert_eq!((hooks.waiting(), hooks.dropped(), hooks.content_dropped()), (0, 0, 0));
    Run { calls: inbox.try_iter().collect(), spans: exporter.get_finished_spans().unwrap() }
}

fn open() -> Policy {
    Policy::new().capture(Capture::Span)
}

fn all_calls() {
    let caller = Caller::from_api_key("sk-1").team_id("t7").user_id("ada").email("SENTINEL-MAIL@example.org");
    let scope = llm_trace::scope().caller(caller).session("s1").conversation("c1").tags(["beta"]).metadata("tenant", 7);
    scope.run(|| {
        chat(&request());
        masked(&request());
        let _ = fails();
        streams(streamed_request()).collect::<Vec<_>>().now_or_never();
        agent("Oslo");
        drop(hangs(request()).now_or_never());
    });
}

fn as_json(value: &OtelValue) -> Value {
    match value {
        OtelValue::Bool(flag) => json!(flag),
        OtelValue::I64(number) => json!(number),
        OtelValue::F64(number) => json!(number),
        OtelValue::Array(opentelemetry::Array::String(all)) => all.iter().map(|text| json!(text.as_str())).collect(),
        other => json!(other.as_str()),
    }
}

/// Fields of a serialized call besides the attributes.
const BESIDE: [&str; 7] =
    ["name", "start_time_unix_nano", "duration_seconds", "trace_id", "span_id", "sampled", "error_message"];

/// Each call's JSON and its span's attributes are the same.
fn assert_same(Run { calls, spans }: &Run) {
    assert_eq!(calls.len(), spans.len());
    for call in calls {
        let id = |span: &&SpanData| Some(span.span_context.span_id().to_string().as_str()) == call.span_id();
        let span = spans.iter().find(id).unwrap_or_else(|| panic!("no span of {}", call.name()));
        let on_span: BTreeMap<String, Value> =
            span.attributes.iter().map(|known| (known.key.to_string(), as_json(&known.value))).collect();
        let mut told: BTreeMap<String, Value> = serde_json::from_value(serde_json::to_value(call).unwrap()).unwrap();
        told.retain(|name, _| !BESIDE.contains(&name.as_str()));
        assert_eq!(told, on_span, "{}", call.name());
        assert_eq!(call.name(), span.name);
        assert_eq!(call.trace_id(), Some(span.span_context.trace_id().to_string().as_str()));
        assert_eq!(call.start_time(), span.start_time);
        assert_eq!(call.duration(), span.end_time.duration_since(span.start_time).ok());
        let opentelemetry::trace::Status::Error { description } = &span.status else { continue };
        assert_eq!(call.error_message().unwrap_or_default(), description, "{}", call.name());
    }
}

fn house_prices(call: &PricedCall<'_>) -> Option<Cost> {
    Some(Cost::new().input(call.input_tokens()? as f64 * 1e-6).output(call.output_tokens()? as f64 * 2e-6))
}

#[test]
fn a_call_equals_its_span_under_every_policy() {
    let hashed = || open().hash_identity(*b"a key of thirty-two random bytes");
    let scrubbed = || open().scrub(|text, _| text.contains("SENTINEL").then(|| text.replace("SENTINEL", "scrubbed")));
    for policy in [
        Policy::new(),
        Policy::new().error_text(true),
        open(),
        open().mask_input(true),
        open().mask_output(true),
        open().mask_input(true).mask_output(true).mask_metadata(true),
        open().mask_input(true).style(Style::hash(*b"a key of thirty-two random bytes")),
        open().mask_output(true).style(Style::Drop),
        open().input_key("app.feature"),
        Policy::new().input_key("app.feature"),
        hashed(),
        scrubbed(),
        open().span_limit(300),
        open().content_ratio(0.0),
    ] {
        for profile in [Profile::Core, Profile::Latest] {
            let settings = |layer: LlmLayer<Registry>| layer.with_profile(profile).with_prices(house_prices);
            let run = run(policy.clone(), Sampler::AlwaysOn, settings, all_calls);
            assert_eq!(run.calls.len(), 8);
            assert_same(&run);
        }
    }
}

#[test]
fn everything_is_there_by_its_getter() {
    let run = run(open(), Sampler::AlwaysOn, |layer| layer.with_prices(house_prices), all_calls);
    let call = &run.calls[0];
    assert_eq!((call.name(), call.operation(), call.outcome()), ("chat gpt-4o", "chat", Outcome::Completed));
    assert_eq!((call.provider(), call.model()), (Some("openai"), Some("gpt-4o-2024-08-06")));
    assert_eq!((call.request_model(), call.response_id()), (Some("gpt-4o"), Some("chatcmpl-1")));
    let tokens = [call.input_tokens(), call.cache_read_tokens(), call.output_tokens(), call.reasoning_tokens()];
    assert_eq!(tokens, [Some(100), Some(60), Some(20), Some(8)]);
    assert_eq!(call.input_audio_tokens(), Some(10));
    assert_eq!((call.cost(), call.cost_source()), (Some(0.00014), Some("function")));
    assert_eq!((call.caller_team_id(), call.user_id(), call.session_id()), (Some("t7"), Some("ada"), Some("s1")));
    assert_eq!((call.conversation_id(), call.tags()), (Some("c1"), &["beta".to_owned()][..]));
    assert_eq!(call.metadata("tenant"), Some(&AttributeValue::Int(7)));
    assert_eq!(call.all_metadata().count(), 1);
    assert_eq!(call.attribute("app.feature").and_then(AttributeValue::as_str), Some("search"));
    assert_eq!(call.attribute("gen_ai.request.temperature").and_then(AttributeValue::as_f64), Some(0.5));
    assert_eq!(call.finish_reasons(), ["stop"]);
    assert!(call.input_messages().unwrap().contains("SENTINEL-IN"));
    assert!(call.output_messages().unwrap().contains("SENTINEL-OUT"));
    assert!(call.is_sampled() && call.start_time() <= SystemTime::now() && call.time_to_first_chunk().is_none());

    let by_name = |name: &str| run.calls.iter().find(|call| call.name() == name).unwrap();
    let failed = by_name("SENTINEL-NAME");
    assert_eq!((failed.outcome(), failed.error_message()), (Outcome::Error, Some("SENTINEL-ERROR")));
    assert!(failed.error_type().is_some());
    let tool = by_name("execute_tool get_weather");
    assert_eq!((tool.tool_name(), tool.cost()), (Some("get_weather"), None));
    let agent = by_name("invoke_agent planner");
    assert_eq!((agent.agent_name(), agent.cost()), (Some("planner"), None));
    let streamed = run.calls.iter().find(|call| call.time_to_first_chunk().is_some()).unwrap();
    assert_eq!((streamed.input_tokens(), streamed.outcome()), (Some(3), Outcome::Completed));
    assert!(run.calls.iter().any(|call| call.outcome() == Outcome::Cancelled));
}

#[test]
fn masked_and_uncaptured_content_is_not_passed_to_the_hook() {
    let masked = open().mask_input(true).mask_output(true).mask_metadata(true);
    for policy in [Policy::new().mask_metadata(true).hash_identity(*b"a key of thirty-two random bytes"), masked] {
        let run = run(policy, Sampler::AlwaysOn, |layer| layer, all_calls);
        for call in &run.calls {
            let told = format!("{call:?} {}", serde_json::to_string(call).unwrap());
            let leaks = ["SENTINEL-IN", "SENTINEL-OUT", "SENTINEL-ERROR", "SENTINEL-NAME"];
            assert!(leaks.iter().all(|leak| !told.contains(leak)), "{told}");
        }
    }
    let run = run(open(), Sampler::AlwaysOn, |layer| layer, || drop(masked_call()));
    let told = format!("{:?}", run.calls);
    assert!(run.calls[0].input_messages().is_some() && !told.contains("SENTINEL"), "{told}");
}

fn masked_call() -> Value {
    masked(&request())
}

#[test]
fn a_stricter_policy_applies_to_running_calls() {
    let policy = PolicyHandle::new(open());
    let (hook, inbox) = sender();
    let layer = llm_trace::layer().with_policy(&policy).with_call_hook(hook);
    let hooks = layer.call_hooks();
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        let calls = streams(request());
        policy.update(|policy| policy.mask_input(true).mask_output(true));
        calls.collect::<Vec<_>>().now_or_never();
    });
    assert!(hooks.flush(LONG));
    let call = inbox.recv().unwrap();
    assert!(call.input_messages().is_some() && !format!("{call:?}").contains("SENTINEL"), "{call:?}");
}

#[test]
fn unsampled_calls_are_passed_to_the_hook() {
    let work = || drop((chat(&request()), streams(request()).collect::<Vec<_>>().now_or_never()));
    let run = run(open(), Sampler::AlwaysOff, |layer| layer, work);
    assert!(run.spans.is_empty());
    assert_eq!(run.calls.len(), 2);
    for call in &run.calls {
        assert!(!call.is_sampled() && call.trace_id().is_some_and(|id| id.len() == 32));
        assert!(call.input_tokens().is_some() && call.output_messages().is_some(), "{call:?}");
    }
}

#[test]
fn without_an_opentelemetry_layer_only_the_ids_are_missing() {
    let (hook, inbox) = sender();
    let (second, also) = sender();
    let layer = llm_trace::layer().with_policy(open()).with_call_hook(hook).with_call_hook(second);
    let hooks = layer.call_hooks();
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || chat(&request()));
    assert!(hooks.flush(LONG));
    assert_eq!(hooks.handed_over(), 2);
    let call = inbox.recv().unwrap();
    assert_eq!((call.trace_id(), call.span_id(), call.is_sampled()), (None, None, false));
    assert_eq!((call.input_tokens(), also.recv().unwrap().input_tokens()), (Some(100), Some(100)));
    assert!(call.output_messages().is_some());
}

#[test]
fn a_nested_call_is_passed_to_the_hook_once() {
    #[llm_call(provider = "openai", request = body)]
    fn outer(body: &Value) -> Value {
        chat(body)
    }
    let run = run(open(), Sampler::AlwaysOn, |layer| layer, || drop(outer(&request())));
    assert_eq!(run.calls.len(), 1);
    assert_eq!(run.calls[0].input_tokens(), Some(100));
}

#[test]
fn a_slow_closure_blocks_no_call() {
    let (release, gate) = channel::<()>();
    let layer = llm_trace::layer().with_call_hook(move |_| {
        let _ = gate.recv_timeout(LONG);
    });
    let hooks = layer.call_hooks();
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        let begun = Instant::now();
        (0..200).for_each(|_| drop(chat(&request())));
        assert!(begun.elapsed() < LONG / 2);
        let check = llm_trace::check().to_string();
        assert!(check.contains("closures of with_call_hook were given 0 calls; 200 wait"), "{check}");
    });
    assert_eq!((hooks.waiting(), hooks.handed_over()), (200, 0));
    drop(release);
    assert!(hooks.flush(LONG));
    assert_eq!((hooks.waiting(), hooks.handed_over()), (0, 200));
}

#[test]
fn a_closure_that_panics_is_reported_and_given_the_next_call() {
    let (sender, inbox) = channel();
    let layer = llm_trace::layer().with_call_hook(move |call: &FinishedCall| {
        assert!(call.error_type().is_none(), "SENTINEL-PANIC");
        let _ = sender.send(call.name().to_owned());
    });
    let hooks = layer.call_hooks();
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        assert!(fails().is_err());
        chat(&request());
        assert!(hooks.flush(LONG));
        let check = llm_trace::check();
        let lost = "1 calls were not handed to a closure of with_call_hook";
        assert!(check.problems().any(|problem| problem.starts_with(lost)), "{check}");
    });
    assert_eq!(inbox.try_iter().collect::<Vec<_>>(), ["chat gpt-4o"]);
    assert_eq!(hooks.dropped(), 1);
}

#[test]
fn a_call_made_by_the_closure_is_traced_but_not_passed_to_it() {
    static SUBSCRIBER: OnceLock<Dispatch> = OnceLock::new();
    let exporter = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
    let (sender, inbox) = channel();
    let layer = llm_trace::layer().with_tracer_provider(&provider).with_call_hook(move |call: &FinishedCall| {
        let _ = sender.send(call.name().to_owned());
        let subscriber = SUBSCRIBER.get_or_init(Dispatch::none);
        tracing::dispatcher::with_default(subscriber, || chat(&json!({"model": "summary", "messages": []})));
    });
    let hooks = layer.call_hooks();
    let subscriber = SUBSCRIBER.get_or_init(|| Dispatch::new(tracing_subscriber::registry().with(layer)));
    tracing::dispatcher::with_default(subscriber, || chat(&request()));
    assert!(hooks.flush(LONG) && hooks.flush(LONG));
    assert_eq!(inbox.try_iter().collect::<Vec<_>>(), ["chat gpt-4o"]);
    // The closure's thread may be faster than the end of the first span.
    let names = exporter.get_finished_spans().unwrap().into_iter().map(|span| span.name);
    assert_eq!(names.collect::<BTreeSet<_>>(), ["chat gpt-4o".into(), "chat summary".into()].into());
}

#[test]
fn the_guard_flushes_the_hook_and_reports_what_it_missed() {
    let quiet = |name: &str| (name == "OTEL_EXPORTER").then(|| "none".to_owned());
    let parts = llm_trace::export::from_lookup(&quiet).unwrap();
    let seen = Arc::new(std::sync::Mutex::new(0));
    let count = Arc::clone(&seen);
    let layer = parts.layer().with_call_hook(move |_| {
        std::thread::sleep(Duration::from_millis(20));
        *count.lock().unwrap() += 1;
    });
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        (0..5).for_each(|_| drop(chat(&request())));
        assert!(parts.telemetry.flush());
        assert_eq!(*seen.lock().unwrap(), 5);
        let open = hangs(request());
        let mut open = Box::pin(open);
        assert!((&mut open).now_or_never().is_none());
        // The call that is open is ended, and handed over.
        assert!(parts.telemetry.shutdown(LONG));
        assert_eq!(*seen.lock().unwrap(), 6);
    });

    let parts = llm_trace::export::from_lookup(&quiet).unwrap();
    let (release, gate) = channel::<()>();
    let layer = parts.layer().with_call_hook(move |_| {
        let _ = gate.recv_timeout(LONG);
    });
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        chat(&request());
        assert!(!parts.telemetry.shutdown(Duration::from_millis(50)));
    });
    drop(release);
}

#[test]
fn attributes_set_late_and_callers_of_streams_are_there() {
    #[llm_call(provider = "openai", model = "m")]
    fn late() {
        LlmCall::current().attribute("app.rank", 3);
        let _ = LlmCall::current().apply(&llm_trace::scope().metadata("k", "v").caller(Caller::new().org_id("o")));
    }
    let run = run(
        Policy::new(),
        Sampler::AlwaysOn,
        |layer| layer,
        || {
            late();
            async { chat(&request()) }.in_scope(llm_trace::scope().session("s2")).now_or_never();
        },
    );
    assert_same(&run);
    let call = &run.calls[0];
    assert_eq!(call.attribute("app.rank").and_then(AttributeValue::as_i64), Some(3));
    assert_eq!((call.metadata("k").and_then(AttributeValue::as_str), call.caller_org_id()), (Some("v"), Some("o")));
    assert_eq!(run.calls[1].session_id(), Some("s2"));
}

#[test]
fn what_became_of_calls_is_a_metric() {
    let collector = Collector::start();
    let endpoint = format!("{}/v1/metrics", collector.endpoint());
    let parts = llm_trace::export::from_lookup(&|name| match name {
        "OTEL_EXPORTER" => Some("none".to_owned()),
        "OTEL_METRICS_EXPORTER" => Some("otlp".to_owned()),
        "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT" => Some(endpoint.clone()),
        _ => None,
    });
    let parts = parts.unwrap();
    let layer = parts.layer().with_call_hook(|call| assert!(call.error_type().is_none(), "SENTINEL-PANIC"));
    let hooks = layer.call_hooks();
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        assert!(fails().is_err());
        (0..3).for_each(|_| drop(chat(&request())));
    });
    assert!(hooks.flush(LONG));
    // One call was missed.
    assert!(!parts.telemetry.shutdown(LONG));
    let series = collector.series();
    let of = |reason: &str| {
        series["llm_trace.hook.calls"].iter().find(|s| s.labels.get("error.type") == Some(&reason.into()))
    };
    assert_eq!((of("panic").unwrap().sum, of("queue_full").unwrap().sum), (1.0, 0.0));
    let given = series["llm_trace.hook.calls"].iter().find(|series| !series.labels.contains_key("error.type")).unwrap();
    assert_eq!((given.sum, given.unit.as_str()), (3.0, "{call}"));
}

#[test]
fn a_filter_that_disables_the_span_leaves_the_hook() {
    let (hook, inbox) = sender();
    let layer = llm_trace::layer().with_call_hook(hook);
    let hooks = layer.call_hooks();
    let subscriber = tracing_subscriber::registry().with(layer).with(tracing::level_filters::LevelFilter::ERROR);
    tracing::subscriber::with_default(subscriber, || chat(&request()));
    assert!(hooks.flush(LONG));
    assert_eq!(inbox.recv().unwrap().input_tokens(), Some(100));
}
