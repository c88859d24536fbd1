//! The metrics as Prometheus sees them: names, buckets and quantiles.

use std::collections::BTreeMap;

use llm_trace::{LlmCall, PriceTable};
use opentelemetry_sdk::metrics::SdkMeterProvider;
use prometheus::{Registry, TextEncoder};
use serde_json::json;
use tracing_subscriber::prelude::*;

fn provider() -> (Registry, SdkMeterProvider) {
    let registry = Registry::new();
    let exporter = opentelemetry_prometheus::exporter().with_registry(registry.clone()).build().unwrap();
    (registry, SdkMeterProvider::builder().with_reader(exporter).build())
}

/// The text of a scrape.
fn scrape(registry: &Registry) -> String {
    TextEncoder::new().encode_to_string(&registry.gather()).unwrap()
}

/// The cumulative buckets of a histogram: upper bound and count.
fn buckets(text: &str, name: &str) -> Vec<(f64, f64)> {
    let mut sums: BTreeMap<String, f64> = BTreeMap::new();
    for line in text.lines().filter(|line| line.starts_with(&format!("{name}_bucket{{"))) {
        let bound = line.split("le=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
        *sums.entry(bound.to_owned()).or_default() += line.rsplit(' ').next().unwrap().parse::<f64>().unwrap();
    }
    let bound = |text: &str| if text == "+Inf" { f64::INFINITY } else { text.parse().unwrap() };
    let mut buckets: Vec<_> = sums.into_iter().map(|(le, count)| (bound(&le), count)).collect();
    buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
    buckets
}

/// PromQL's `histogram_quantile`.
fn quantile(q: f64, buckets: &[(f64, f64)]) -> f64 {
    let rank = q * buckets.last().unwrap().1;
    let at = buckets.iter().position(|(_, count)| *count >= rank).unwrap();
    let (start, before) = if at == 0 { (0.0, 0.0) } else { buckets[at - 1] };
    let (end, count) = buckets[at];
    if end.is_infinite() { start } else { start + (end - start) * (rank - before) / (count - before) }
}

#[test]
fn quantiles_are_useful_from_fifty_milliseconds_to_twenty_seconds() {
    for seconds in [0.05, 0.8, 20.0] {
        let (registry, meters) = provider();
        llm_trace::internal::measure(&meters, &[seconds; 100]);
        let text = scrape(&registry);
        let buckets = buckets(&text, "gen_ai_client_operation_duration_seconds");
        for q in [0.5, 0.95, 0.99] {
            let told = quantile(q, &buckets);
            // Each bucket is twice as wide as the previous one.
            assert!(told / seconds < 2.0 && seconds / told < 2.0, "p{q} of {seconds} s is {told} s");
        }
    }
}

#[test]
fn quantiles_separate_fast_usual_and_slow_calls() {
    let (registry, meters) = provider();
    let calls: Vec<_> = [(0.05, 50), (0.8, 45), (20.0, 5)].into_iter().flat_map(|(s, n)| vec![s; n]).collect();
    llm_trace::internal::measure(&meters, &calls);
    let buckets = buckets(&scrape(&registry), "gen_ai_client_operation_duration_seconds");
    let (p25, p75, p99) = (quantile(0.25, &buckets), quantile(0.75, &buckets), quantile(0.99, &buckets));
    assert!((0.04..=0.08).contains(&p25) && (0.64..=1.28).contains(&p75) && (10.24..=20.48).contains(&p99));
}

#[test]
fn the_documented_queries_use_existing_names() {
    let (registry, meters) = provider();
    let table =
        br#"{"gpt-4o": {"litellm_provider": "openai", "input_cost_per_token": 2e-6, "output_cost_per_token": 8e-6}}"#;
    let layer = llm_trace::layer().with_meter_provider(&meters).with_prices(PriceTable::from_json(table).unwrap());
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        let chunk = |text: &str, finish: Option<&str>| {
            json!({"id": "1", "object": "chat.completion.chunk", "model": "gpt-4o",
                "choices": [{"index": 0, "delta": {"content": text}, "finish_reason": finish}],
                "usage": {"prompt_tokens": 9, "completion_tokens": 3}})
        };
        let call = LlmCall::builder("chat").provider("openai").model("gpt-4o").start();
        call.chunk(&chunk("a", None)).chunk(&chunk("b", Some("stop")));
        call.finish();
        LlmCall::builder("chat").provider("openai").run(|call| call.fail(&std::io::Error::other("broken")));
    });
    let text = scrape(&registry);
    let docs = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/");
    let page = std::fs::read_to_string(format!("{docs}metrics.md")).unwrap();
    let queries = page.split("```promql").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let dashboard = std::fs::read_to_string(format!("{docs}grafana-dashboard.json")).unwrap();
    serde_json::from_str::<serde_json::Value>(&dashboard).unwrap();
    let mut names = 0;
    for source in [queries, &dashboard] {
        for word in source.split(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
            let is_series = ["_bucket", "_count", "_sum"].iter().any(|end| word.ends_with(end));
            if is_series && (word.starts_with("gen_ai_") || word.starts_with("llm_trace_")) {
                assert!(text.contains(&format!("\n{word}")), "{word} is not scraped");
                names += 1;
            }
            if word.starts_with("gen_ai_") && !word.contains("client") || word.starts_with("error_") {
                assert!(text.contains(&format!("{word}=\"")), "{word} is no label");
            }
        }
    }
    assert!(names > 10, "{names}");
}
