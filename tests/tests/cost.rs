//! The cost of calls, tested on exported spans and metrics.

use std::io::Error;

use llm_trace::{Compat, Cost, LlmCall, PriceTable, PricedCall, Prices};
use llm_trace_tests::collector::Collector;
use serde_json::{Value, json};
use tracing_subscriber::prelude::*;

const TABLE: &[u8] = br#"{
    "gpt-4o": {"litellm_provider": "openai", "input_cost_per_token": 2e-6, "output_cost_per_token": 8e-6,
        "cache_read_input_token_cost": 1e-6}
}"#;

fn table() -> PriceTable {
    PriceTable::from_json(TABLE).unwrap()
}

fn run(prices: Option<impl Prices>, run: impl FnOnce()) -> Collector {
    let collector = Collector::start();
    let meters = collector.meter_provider();
    let layer = llm_trace::layer().with_tracer_provider(&collector.provider()).with_meter_provider(&meters);
    let layer = match prices {
        Some(prices) => layer.with_prices(prices),
        None => layer,
    };
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), run);
    meters.force_flush().unwrap();
    collector
}

fn answer() -> Value {
    json!({
        "id": "1", "object": "chat.completion", "model": "gpt-4o-2024-08-06",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "x"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 1000, "completion_tokens": 100, "prompt_tokens_details": {"cached_tokens": 400}},
    })
}

fn call() -> LlmCall {
    LlmCall::builder("chat").provider("openai").model("gpt-4o").start()
}

fn number(value: Option<Value>) -> Option<f64> {
    value.and_then(|value| value.as_f64()).map(|number| (number * 1e9).round() / 1e9)
}

const COST: &str = "llm_trace.client.operation.cost";

#[test]
fn a_call_has_its_cost_on_the_span_and_in_a_histogram() {
    let collector = run(Some(table()), || {
        let call = call();
        call.response(&answer()).finish();
    });
    let span = collector.span("chat gpt-4o");
    let cost = |key: &str| number(span.attribute(key));
    assert_eq!(cost("llm_trace.cost.total"), Some(0.0024));
    assert_eq!(cost("llm_trace.cost.input"), Some(0.0012));
    assert_eq!(cost("llm_trace.cost.cache_read"), Some(0.0004));
    assert_eq!(cost("llm_trace.cost.output"), Some(0.0008));
    assert_eq!(span.attribute("llm_trace.cost.source"), Some(json!("table")));
    let series = &collector.series()[COST];
    assert_eq!((series.len(), series[0].count, series[0].unit.as_str()), (1, 1, "{USD}"));
    assert!((series[0].sum - 0.0024).abs() < 1e-9);
    // The value falls into a middle bucket, not into the first or the last one.
    assert_eq!(series[0].bounds[series[0].buckets.iter().position(|count| *count == 1).unwrap()], 0.0025);
}

#[test]
fn the_name_in_the_conventions_namespace_is_opt_in() {
    for compat in [false, true] {
        let collector = Collector::start();
        let layer = llm_trace::layer().with_tracer_provider(&collector.provider()).with_prices(table());
        let layer = if compat { layer.with_compat(Compat::UsageCost) } else { layer };
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            let call = call();
            call.response(&answer()).finish();
        });
        let span = collector.span("chat gpt-4o");
        assert_eq!(number(span.attribute("gen_ai.usage.cost")), compat.then_some(0.0024));
        assert_eq!(number(span.attribute("llm_trace.cost.total")), Some(0.0024));
    }
}

#[test]
fn partial_and_failed_calls_have_a_cost_if_their_usage_is_known() {
    let chunk = json!({"id": "1", "object": "chat.completion.chunk", "model": "gpt-4o",
        "choices": [{"index": 0, "delta": {"content": "x"}}], "usage": {"prompt_tokens": 10, "completion_tokens": 5}});
    let collector = run(Some(table()), || {
        let cut = call();
        cut.chunk(&chunk);
        cut.finish();
        let failed = call();
        failed.usage(llm_trace::Usage::new().input_tokens(10).output_tokens(5));
        failed.fail(&Error::other("broken"));
    });
    let spans = collector.spans();
    let [cut, failed] = &spans[..] else { panic!("{} spans", spans.len()) };
    // The consumption of a cut stream after its last report is unknown.
    assert_eq!(number(cut.attribute("llm_trace.cost.total")), None);
    assert_eq!(cut.attribute("llm_trace.cost.partial"), Some(json!(true)));
    assert_eq!(number(cut.attribute("llm_trace.cost.output")), Some(0.00004), "{:?}", cut.attributes());
    assert_eq!(number(failed.attribute("llm_trace.cost.total")), Some(0.00006), "{:?}", failed.attributes());
    assert!(spans.iter().all(|span| span.attribute("error.type").is_some()));
}

#[test]
fn no_table_no_model_or_no_usage_is_no_cost() {
    let no_table = run(None::<PriceTable>, || {
        let call = call();
        call.response(&answer()).finish();
    });
    let no_model = run(Some(table()), || {
        LlmCall::builder("chat").provider("openai").model("house").run(|call| {
            call.usage(llm_trace::Usage::new().input_tokens(10).output_tokens(5));
        });
    });
    let no_usage = run(Some(table()), || call().finish());
    for collector in [no_table, no_model, no_usage] {
        let attributes = collector.spans()[0].attributes();
        assert!(!attributes.keys().any(|key| key.contains("cost")), "{attributes:?}");
        assert!(!collector.series().contains_key(COST));
    }
}

#[test]
fn the_providers_cost_takes_precedence_and_a_closure_can_set_prices() {
    let mut stated = answer();
    stated["usage"]["cost"] = json!(0.5);
    let collector = run(Some(table()), || {
        let call = call();
        call.response(&stated).finish();
    });
    let span = collector.span("chat gpt-4o");
    assert_eq!(number(span.attribute("llm_trace.cost.total")), Some(0.5));
    assert_eq!(span.attribute("llm_trace.cost.source"), Some(json!("provider")));
    let closure = |call: &PricedCall<'_>| Some(Cost::total(call.output_tokens()? as f64));
    let collector = run(Some(closure), || {
        let call = call();
        call.response(&answer()).finish();
    });
    let span = collector.span("chat gpt-4o");
    assert_eq!(number(span.attribute("llm_trace.cost.total")), Some(100.0));
    assert_eq!(span.attribute("llm_trace.cost.source"), Some(json!("function")));
}

#[test]
fn a_stated_cost_is_not_in_the_conventions_namespace_by_default() {
    let mut stated = answer();
    stated["usage"]["cost"] = json!(0.5);
    let collector = run(None::<PriceTable>, || {
        let call = call();
        call.response(&stated).finish();
    });
    assert!(!collector.saw("gen_ai.usage.cost"));
    assert_eq!(number(collector.span("chat gpt-4o").attribute("llm_trace.cost.total")), Some(0.5));
}

#[test]
fn an_incomplete_cost_is_never_in_the_conventions_namespace() {
    let collector = Collector::start();
    let half = |_: &PricedCall<'_>| Some(Cost::new().input(0.002).partial());
    let layer = llm_trace::layer().with_tracer_provider(&collector.provider()).with_prices(half);
    let layer = layer.with_compat(Compat::UsageCost);
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        let call = call();
        call.response(&answer()).finish();
    });
    let span = collector.span("chat gpt-4o");
    assert_eq!(span.attribute("llm_trace.cost.partial"), Some(json!(true)));
    assert!(!collector.saw("gen_ai.usage.cost"));
}

#[test]
fn events_follow_the_same_setting() {
    for compat in [false, true] {
        let collector = Collector::start();
        let logs = collector.logger_provider();
        let layer = llm_trace::layer().with_logger_provider(&logs).with_prices(table());
        let layer = if compat { layer.with_compat(Compat::UsageCost) } else { layer };
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            let call = call();
            call.response(&answer()).finish();
        });
        logs.force_flush().unwrap();
        assert!(!collector.logs().is_empty());
        assert_eq!(collector.saw("gen_ai.usage.cost"), compat);
    }
}
