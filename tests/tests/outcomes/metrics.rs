//! Outcomes on the duration metrics, without any setting.

use futures_util::FutureExt as _;
use llm_trace::{LlmCall, Profile, llm_agent};
use llm_trace_tests::collector::Collector;
use serde_json::{Value, json};
use tracing_subscriber::prelude::*;

/// The outcome and the error type of each series of a metric.
fn outcomes(profile: Profile, metric: &str, run: impl FnOnce()) -> Vec<(Option<String>, Option<String>)> {
    let collector = Collector::start();
    let meters = collector.meter_provider();
    let layer = llm_trace::layer().with_profile(profile).with_tracer_provider(&collector.provider());
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer.with_meter_provider(&meters)), run);
    meters.force_flush().expect("a flush");
    let label = |labels: &serde_json::Map<String, Value>, key: &str| Some(labels.get(key)?.as_str()?.to_owned());
    let series = collector.series();
    let mut found: Vec<_> = series[metric]
        .iter()
        .map(|series| (label(&series.labels, "llm_trace.outcome"), label(&series.labels, "error.type")))
        .collect();
    found.sort();
    found
}

fn call() -> LlmCall {
    LlmCall::builder("chat").provider("openai").model("m").start()
}

fn completes() {
    call().response(&json!({"id": "i", "choices": [{"index": 0, "finish_reason": "stop", "message": {}}]})).finish();
}

#[llm_agent(name = "a")]
async fn hangs() {
    std::future::pending::<()>().await;
}

#[llm_agent(name = "a")]
async fn works() {}

#[test]
fn a_cut_stream_is_told_from_a_success() {
    let found = outcomes(Profile::Core, "gen_ai.client.operation.duration", || {
        completes();
        let cut = call();
        cut.chunk(&json!({"id": "i", "choices": [{"index": 0, "delta": {"content": "x"}}]}));
        cut.finish();
    });
    assert_eq!(found[0], (None, None));
    assert_eq!(found[1].0.as_deref(), Some("truncated"));
    assert!(found[1].1.is_some());
}

#[test]
fn in_the_latest_conventions_too() {
    let found = outcomes(Profile::Latest, "gen_ai.client.inference.duration", || {
        completes();
        let dropped = call();
        drop(dropped.stream(futures_util::stream::iter([json!({"id": "i", "choices": []})])));
        drop(dropped);
    });
    assert_eq!(found, [(None, None), (Some("dropped".to_owned()), None)]);
}

#[test]
fn a_cancelled_agent_is_told_from_a_success() {
    let found = outcomes(Profile::Latest, "gen_ai.invoke_agent.duration", || {
        works().now_or_never().expect("it ends");
        assert_eq!(hangs().now_or_never(), None);
    });
    assert_eq!(found, [(None, None), (Some("cancelled".to_owned()), None)]);
}
