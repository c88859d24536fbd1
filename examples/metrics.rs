//! `cargo run --example metrics`: cost, duration and evaluation of calls, as metrics and events on stderr.

use llm_trace::{CallRef, LlmCall, PriceTable, llm_call};
use llm_trace_examples::MockLlm;
use serde_json::{Value, json};
use tracing_subscriber::prelude::*;

#[llm_call(provider = "openai", request = body, server = base)]
async fn chat(http: &reqwest::Client, base: &str, body: &Value, call: &mut CallRef) -> Result<Value, reqwest::Error> {
    *call = LlmCall::current().reference();
    http.post(format!("{base}/v1/chat/completions")).json(body).send().await?.error_for_status()?.json().await
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let parts = llm_trace::export::from_lookup(&|name| match name {
        "OTEL_METRICS_EXPORTER" | "OTEL_LOGS_EXPORTER" => Some("console".to_owned()),
        _ => std::env::var(name).ok(),
    })?;
    // In your program: `PriceTable::from_file("model_prices_and_context_window.json")`.
    let prices = PriceTable::from_json(
        br#"{"gpt-4o-mini": {"litellm_provider": "openai", "input_cost_per_token": 1.5e-7, "output_cost_per_token": 6e-7}}"#,
    )?;
    tracing_subscriber::registry().with(parts.layer().with_prices(prices)).try_init()?;

    let server = MockLlm::start()?;
    let (http, base) = (reqwest::Client::new(), server.url());
    let question = json!({"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "What is a span?"}]});
    let mut call = CallRef::default();
    for _ in 0..3 {
        chat(&http, base, &question, &mut call).await?;
    }
    call.evaluation("helpfulness").score(0.8).label("good").emit();

    let busy = json!({"model": "busy", "messages": [{"role": "user", "content": "Are you there?"}]});
    assert!(chat(&http, base, &busy, &mut call).await.is_err(), "the server says 429");
    parts.telemetry.shutdown(std::time::Duration::from_secs(5));
    Ok(())
}
