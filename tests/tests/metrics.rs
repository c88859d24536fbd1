//! Metrics, tested on the exported OTLP bytes.

use std::time::Duration;

use futures_util::{FutureExt, StreamExt, stream};
use llm_trace::{LlmCall, LlmLayer, Outcome, Profile, llm_call};
use llm_trace_tests::collector::{Collector, Series};
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use serde_json::{Map, Value, json};
use tracing_subscriber::Registry;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::prelude::*;

const SECONDS: [f64; 14] = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];

const TOKENS: [f64; 14] = [
    1.0, 4.0, 16.0, 64.0, 256.0, 1024.0, 4096.0, 16384.0, 65536.0, 262144.0, 1048576.0, 4194304.0, 16777216.0,
    67108864.0,
];

fn layer(collector: &Collector) -> (LlmLayer<Registry>, opentelemetry_sdk::metrics::SdkMeterProvider) {
    let meters = collector.meter_provider();
    let layer = llm_trace::layer().with_tracer_provider(&collector.provider()).with_meter_provider(&meters);
    (layer, meters)
}

/// Runs calls with a layer and returns the exported data.
fn measure(change: impl FnOnce(LlmLayer<Registry>) -> LlmLayer<Registry>, run: impl FnOnce()) -> Collector {
    let collector = Collector::start();
    let (layer, meters) = layer(&collector);
    tracing::subscriber::with_default(tracing_subscriber::registry().with(change(layer)), run);
    meters.force_flush().unwrap();
    collector
}

fn request() -> Value {
    json!({"model": "gpt-4o", "messages": [{"role": "user", "content": "SENTINEL-IN"}]})
}

fn response() -> Value {
    json!({
        "id": "chatcmpl-1", "object": "chat.completion", "model": "gpt-4o-2024-08-06", "service_tier": "default",
        "system_fingerprint": "fp_1",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "SENTINEL-OUT"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120,
            "prompt_tokens_details": {"cached_tokens": 60, "audio_tokens": 10},
            "completion_tokens_details": {"reasoning_tokens": 8}},
    })
}

#[llm_call(provider = "openai", request = body, server = "https://api.openai.com/v1")]
fn chat(body: &Value) -> Value {
    response()
}

#[llm_call(provider = "openai", model = "gpt-4o")]
async fn fails() -> Result<(), std::io::Error> {
    Err(std::io::Error::other("SENTINEL-ERROR"))
}

fn chunk(delta: Value) -> Value {
    json!({"id": "c", "object": "chat.completion.chunk", "model": "gpt-4o-2024-08-06",
        "choices": [{"index": 0, "delta": delta, "finish_reason": null}]})
}

#[llm_call(provider = "openai", model = "gpt-4o")]
fn streams(chunks: usize) -> impl futures_util::Stream<Item = Value> {
    let done = json!({"id": "c", "object": "chat.completion.chunk", "model": "gpt-4o-2024-08-06",
        "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]});
    let mut all = vec![chunk(json!({"content": "x"})); chunks];
    all.push(done);
    stream::iter(all)
}

fn labels(series: &Series) -> Vec<(&str, &Value)> {
    let mut labels: Vec<_> = series.labels.iter().map(|(key, value)| (key.as_str(), value)).collect();
    labels.sort_by_key(|(key, _)| *key);
    labels
}

fn base() -> Map<String, Value> {
    let labels = json!({
        "gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-4o",
        "gen_ai.response.model": "gpt-4o-2024-08-06", "server.address": "api.openai.com", "server.port": 443,
        "openai.response.service_tier": "default",
    });
    labels.as_object().unwrap().clone()
}

fn and(mut labels: Map<String, Value>, key: &str, value: &str) -> Map<String, Value> {
    labels.insert(key.into(), value.into());
    labels
}

#[test]
fn fifty_equal_calls_are_one_series_per_instrument_and_type() {
    let collector = measure(|layer| layer, || (0..50).for_each(|_| drop(chat(&request()))));
    let series = collector.series();
    let names: Vec<_> = series.keys().map(String::as_str).collect();
    assert_eq!(names, ["gen_ai.client.operation.duration", "gen_ai.client.token.usage"]);
    let [duration] = &series["gen_ai.client.operation.duration"][..] else { panic!("{series:?}") };
    assert_eq!((duration.unit.as_str(), duration.count, &duration.bounds[..]), ("s", 50, &SECONDS[..]));
    assert_eq!(duration.labels, base());
    assert_eq!(duration.schema_url, "https://opentelemetry.io/schemas/1.41.1");
    let tokens = &series["gen_ai.client.token.usage"];
    assert_eq!(tokens.len(), 2);
    for (kind, sum) in [("input", 5000.0), ("output", 1000.0)] {
        let labels = and(base(), "gen_ai.token.type", kind);
        let one = tokens.iter().find(|series| series.labels == labels).expect(kind);
        assert_eq!((one.unit.as_str(), one.count, one.sum, &one.bounds[..]), ("{token}", 50, sum, &TOKENS[..]));
    }
}

#[test]
fn the_newest_profile_has_its_own_names_and_counts_tokens_by_modality() {
    let collector =
        measure(|layer| layer.with_profile(Profile::Latest), || (0..50).for_each(|_| drop(chat(&request()))));
    let series = collector.series();
    let names: Vec<_> = series.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "gen_ai.client.inference.duration",
            "gen_ai.client.inference.operation.input_tokens",
            "gen_ai.client.inference.operation.output_tokens",
            "gen_ai.client.inference.usage.cache_read.input_tokens",
            "gen_ai.client.inference.usage.input_tokens",
            "gen_ai.client.inference.usage.output_tokens",
            "gen_ai.client.inference.usage.reasoning.output_tokens",
        ]
    );
    let duration = &series["gen_ai.client.inference.duration"][0];
    assert_eq!((duration.unit.as_str(), duration.count, &duration.bounds[..]), ("s", 50, &SECONDS[..]));
    assert_eq!(duration.schema_url, "https://opentelemetry.io/schemas/gen-ai-dev/1.42.0-dev");
    let input = &series["gen_ai.client.inference.usage.input_tokens"];
    let sum = |modality| {
        let labels = and(base(), "gen_ai.token.modality", modality);
        input.iter().find(|series| series.labels == labels).map(|series| (series.unit.as_str(), series.sum))
    };
    assert_eq!((sum("audio"), sum("unknown"), input.len()), (Some(("{token}", 500.0)), Some(("{token}", 4500.0)), 2));
    let per_call = &series["gen_ai.client.inference.operation.input_tokens"];
    assert_eq!((per_call.len(), per_call[0].sum, &per_call[0].labels), (1, 5000.0, &base()));
}

#[test]
fn a_failure_has_the_error_type_of_its_span() {
    let collector = measure(|layer| layer, || assert!(fails().now_or_never().unwrap().is_err()));
    let span = collector.span("chat gpt-4o");
    let series = &collector.series()["gen_ai.client.operation.duration"];
    let error = span.attribute("error.type");
    assert!(error.is_some());
    assert_eq!((series.len(), series[0].labels.get("error.type")), (1, error.as_ref()));
    assert!(!collector.saw("SENTINEL"));
}

#[test]
fn every_outcome_is_counted_once() {
    let open = std::cell::OnceCell::new();
    let run = || {
        chat(&request());
        assert!(fails().now_or_never().unwrap().is_err());
        // Cancelled.
        let mut pending = Box::pin(waits());
        assert!(pending.as_mut().now_or_never().is_none());
        drop(pending);
        // Dropped.
        let mut dropped = Box::pin(streams(3));
        assert!(dropped.next().now_or_never().is_some());
        drop(dropped);
        // Truncated.
        let cut = Box::pin(cut());
        drop(cut.collect::<Vec<_>>().now_or_never());
        // Panicked.
        assert!(std::panic::catch_unwind(panics).is_err());
        // Not sent.
        assert!(refused().is_err());
        // Unobserved: the duration is unknown.
        drop(named());
        // Unfinished.
        let call = LlmCall::builder("chat").provider("openai").model("gpt-4o").start();
        open.get().map(llm_trace::OpenCalls::finish);
        drop(call);
    };
    let with_outcomes = |layer: LlmLayer<Registry>| {
        open.set(layer.open_calls()).expect("once");
        layer.with_metric_attributes(["llm_trace.outcome"])
    };
    let collector = measure(with_outcomes, run);
    let series = &collector.series()["gen_ai.client.operation.duration"];
    let mut outcomes: Vec<_> = series
        .iter()
        .map(|series| (series.labels["llm_trace.outcome"].as_str().unwrap(), series.labels.contains_key("error.type")))
        .collect();
    outcomes.sort();
    let expected = [
        (Outcome::Cancelled, false),
        (Outcome::Completed, false),
        (Outcome::Dropped, false),
        (Outcome::Error, true),
        (Outcome::NotSent, true),
        (Outcome::Panicked, true),
        (Outcome::Truncated, true),
        (Outcome::Unfinished, false),
    ];
    assert_eq!(outcomes, expected.map(|(outcome, error)| (outcome.as_str(), error)));
    assert!(series.iter().all(|series| series.count == 1));
}

#[test]
fn cancelled_calls_are_counted_separately_by_default() {
    let collector = measure(
        |layer| layer,
        || {
            chat(&request());
            drop(cut());
        },
    );
    let series = &collector.series()["gen_ai.client.operation.duration"];
    let mut outcomes: Vec<_> =
        series.iter().map(|series| series.labels.get("llm_trace.outcome").and_then(Value::as_str)).collect();
    outcomes.sort();
    assert_eq!(outcomes, [None, Some("dropped")]);
}

#[llm_call(provider = "openai", model = "gpt-4o")]
fn refused() -> std::io::Result<()> {
    Err(std::io::ErrorKind::ConnectionRefused.into())
}

#[llm_call(provider = "openai", model = "gpt-4o")]
fn named() -> stream::Empty<Value> {
    stream::empty()
}

#[llm_call(provider = "openai", model = "gpt-4o")]
async fn waits() {
    std::future::pending::<()>().await;
}

#[llm_call(provider = "openai", model = "gpt-4o")]
fn panics() {
    panic!("on purpose");
}

#[llm_call(provider = "openai", model = "gpt-4o")]
fn cut() -> impl futures_util::Stream<Item = Value> {
    stream::iter([chunk(json!({"content": "x"}))])
}

#[test]
fn a_call_is_counted_though_its_span_is_not_sampled_or_filtered_out() {
    let collector = Collector::start();
    let (counting, meters) = layer(&collector);
    tracing::subscriber::with_default(
        tracing_subscriber::registry().with(counting.with_filter(LevelFilter::OFF)),
        || {
            chat(&request());
        },
    );
    meters.force_flush().unwrap();
    let (counting, filtered) = layer(&collector);
    tracing::subscriber::with_default(tracing_subscriber::registry().with(counting).with(LevelFilter::OFF), || {
        chat(&request());
    });
    filtered.force_flush().unwrap();
    let unsampled = collector.meter_provider();
    let spans = SdkTracerProvider::builder()
        .with_sampler(Sampler::AlwaysOff)
        .with_simple_exporter(collector.exporter())
        .build();
    let counting = llm_trace::layer().with_tracer_provider(&spans).with_meter_provider(&unsampled);
    tracing::subscriber::with_default(tracing_subscriber::registry().with(counting), || {
        chat(&request());
    });
    unsampled.force_flush().unwrap();
    assert!(collector.spans().is_empty());
    let requests = collector.metric_requests();
    assert_eq!(requests.len(), 3);
    let series = collector.series();
    assert_eq!(series["gen_ai.client.operation.duration"][0].labels, base());
    assert_eq!(series["gen_ai.client.token.usage"].len(), 2);
}

#[test]
fn the_duration_is_the_spans() {
    let collector = measure(
        |layer| layer,
        || {
            let call = LlmCall::builder("chat").provider("openai").model("gpt-4o").start();
            std::thread::sleep(Duration::from_millis(30));
            call.finish();
        },
    );
    let span = collector.span("chat gpt-4o").span;
    let spans = (span.end_time_unix_nano - span.start_time_unix_nano) as f64 / 1e9;
    let measured = collector.series()["gen_ai.client.operation.duration"][0].sum;
    assert!((spans - measured).abs() < 1e-9, "{spans} {measured}");
}

#[test]
fn streams_record_the_time_to_the_first_chunk_and_between_chunks() {
    for (profile, name) in [(Profile::Core, "operation"), (Profile::Latest, "inference")] {
        let collector = measure(
            |layer| layer.with_profile(profile),
            || {
                drop(Box::pin(streams(100)).collect::<Vec<_>>().now_or_never());
                drop(Box::pin(streams(1)).collect::<Vec<_>>().now_or_never());
                chat(&request());
            },
        );
        let series = collector.series();
        let first = &series[&format!("gen_ai.client.{name}.time_to_first_chunk")];
        assert_eq!((first.len(), first[0].count, first[0].unit.as_str()), (1, 2, "s"));
        assert_eq!(first[0].bounds, SECONDS);
        let between = &series[&format!("gen_ai.client.{name}.time_per_output_chunk")];
        assert_eq!((between.len(), between[0].count, between[0].unit.as_str()), (1, 99, "s"));
        let keys: Vec<_> = labels(&between[0]).into_iter().map(|(key, _)| key).collect();
        let expected =
            ["gen_ai.operation.name", "gen_ai.provider.name", "gen_ai.request.model", "gen_ai.response.model"];
        assert_eq!(keys, expected);
    }
}

#[test]
fn only_allowed_attributes_become_labels_and_content_never() {
    let allowed = ["app.tier", "gen_ai.input.messages", "gen_ai.provider.name"];
    for (allow, tier) in [(false, None), (true, Some(json!("gold")))] {
        let change = |layer: LlmLayer<Registry>| if allow { layer.with_metric_attributes(allowed) } else { layer };
        let collector = measure(change, || {
            for user in 0..50 {
                LlmCall::builder("chat")
                    .provider("openai")
                    .attribute("app.tier", "gold")
                    .attribute("user.id", format!("user-{user}"))
                    .attribute("gen_ai.input.messages", format!("SENTINEL {user}"))
                    .run(|_| ());
            }
        });
        let series = &collector.series()["gen_ai.client.operation.duration"];
        assert_eq!((series.len(), series[0].labels.get("app.tier"), series[0].count), (1, tier.as_ref(), 50));
        assert_eq!(series[0].labels.len(), 2 + usize::from(allow));
        let metrics = collector.requests().into_iter().filter(|request| request.path.contains("metrics"));
        assert!(metrics.into_iter().all(|request| !String::from_utf8_lossy(&request.body).contains("SENTINEL")));
    }
}

#[test]
fn unknown_usage_is_not_counted() {
    let collector = measure(|layer| layer, || LlmCall::builder("chat").provider("openai").run(|_| ()));
    assert_eq!(collector.series().keys().collect::<Vec<_>>(), ["gen_ai.client.operation.duration"]);
}

#[test]
fn an_agent_counts_its_own_calls_and_not_those_of_nested_agents() {
    let agent = |name: &'static str| LlmCall::builder("invoke_agent").attribute("gen_ai.agent.name", name);
    let tool = || {
        LlmCall::builder("execute_tool").attribute("gen_ai.tool.name", "search").run(|_| ());
    };
    let run = || {
        LlmCall::builder("invoke_workflow").attribute("gen_ai.workflow.name", "triage").run(|_| {
            agent("outer").run(|_| {
                chat(&request());
                tool();
                agent("inner").run(|_| (0..3).for_each(|_| drop(chat(&request()))));
                chat(&request());
            });
        });
    };
    let collector = measure(|layer| layer.with_profile(Profile::Latest), run);
    let series = collector.series();
    let by_agent = |metric: &str| {
        let mut sums: Vec<_> = series[metric]
            .iter()
            .map(|s| (s.labels["gen_ai.agent.name"].as_str().unwrap().to_owned(), s.sum))
            .collect();
        sums.sort_by(|a, b| a.0.cmp(&b.0));
        sums
    };
    let inferences = &series["gen_ai.invoke_agent.inference_calls"][0];
    assert_eq!((inferences.unit.as_str(), inferences.bounds[0], inferences.bounds.len()), ("{inference_call}", 1.0, 8));
    let pairs = |outer, inner| [("inner".to_owned(), inner), ("outer".to_owned(), outer)];
    assert_eq!(by_agent("gen_ai.invoke_agent.inference_calls"), pairs(2.0, 3.0));
    assert_eq!(by_agent("gen_ai.invoke_agent.tool_calls"), pairs(1.0, 0.0));
    assert_eq!(series["gen_ai.invoke_agent.duration"].len(), 2);
    assert_eq!(series["gen_ai.invoke_agent.duration"][0].bounds.last(), Some(&409.6));
    let tools = &series["gen_ai.execute_tool.duration"];
    assert_eq!(labels(&tools[0]), [("gen_ai.agent.name", &json!("outer")), ("gen_ai.tool.name", &json!("search"))]);
    let workflow = &series["gen_ai.invoke_workflow.duration"][0];
    assert_eq!(
        (labels(workflow), workflow.bounds.last()),
        (vec![("gen_ai.workflow.name", &json!("triage"))], Some(&7200.0))
    );
    // None of these spans is a client operation, and the agents' tokens are counted once.
    assert!(!series.contains_key("gen_ai.client.operation.duration"));
    assert_eq!(series["gen_ai.client.inference.operation.input_tokens"][0].count, 5);
}
