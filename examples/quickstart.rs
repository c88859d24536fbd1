//! `cargo run --example quickstart`: four calls to a local server, traced and printed.

use llm_trace::llm_call;
use llm_trace_examples::MockLlm;
use serde_json::{Value, json};

#[llm_call(provider = "openai", request = body, server = base)]
async fn chat(http: &reqwest::Client, base: &str, body: &Value) -> Result<Value, reqwest::Error> {
    http.post(format!("{base}/v1/chat/completions")).json(body).send().await?.error_for_status()?.json().await
}

#[llm_call(provider = "openai", request = body, server = base, mask_input, mask_output)]
async fn private_chat(http: &reqwest::Client, base: &str, body: &Value) -> Result<Value, reqwest::Error> {
    http.post(format!("{base}/v1/chat/completions")).json(body).send().await?.error_for_status()?.json().await
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let _telemetry = llm_trace::init()?;
    let server = MockLlm::start()?;
    let (http, base) = (reqwest::Client::new(), server.url());

    let question = json!({"model": "gpt-4o-mini", "temperature": 0,
        "messages": [{"role": "user", "content": "What is a span?"}]});
    chat(&http, base, &question).await?;

    let with_tool = json!({"model": "gpt-4o-mini",
        "messages": [{"role": "user", "content": "How is the weather in Oslo?"}],
        "tools": [{"type": "function", "function": {"name": "get_weather", "description": "Current weather",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}}]});
    chat(&http, base, &with_tool).await?;

    let busy = json!({"model": "busy", "messages": [{"role": "user", "content": "Are you there?"}]});
    let refused = chat(&http, base, &busy).await;
    assert!(refused.is_err(), "the server says 429");

    private_chat(&http, base, &question).await?;
    Ok(())
}
