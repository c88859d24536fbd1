//! `cargo run --features reqwest --example reqwest`

use llm_trace::llm_call;
use llm_trace_examples::MockLlm;
use reqwest::{Client, Result};
use serde_json::{Value, json};
use tracing::{Instrument as _, info_span};

#[llm_call(provider = "openai", request = body, server = base)]
async fn chat(http: &Client, base: &str, body: &Value) -> Result<Value> {
    let response = http.post(format!("{base}/v1/chat/completions")).json(body).send().await?;
    response.error_for_status()?.json().await
}

#[tokio::main]
async fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let _telemetry = llm_trace::init()?;
    let server = MockLlm::start()?;
    let body = json!({"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "What is a span?"}]});
    let answer = chat(&Client::new(), server.url(), &body).instrument(info_span!("question")).await?;
    println!("{}", answer["choices"][0]["message"]["content"]);
    Ok(())
}
