//! `cargo run -p quickstart`: four calls to a local server, traced and printed.
//!
//! With `--features llm-trace/otlp-http` you can export the spans to `OTEL_ENDPOINT`.

use llm_trace::{LlmCall, llm_call};
use llm_trace_examples::MockLlm;
use serde_json::{Value, json};
use tracing::Instrument as _;
use tracing_subscriber::prelude::*;
use tracing_subscriber::{EnvFilter, fmt};

#[llm_call(provider = "openai", request = body, server = base)]
async fn chat(http: &reqwest::Client, base: &str, body: &Value) -> Result<Value, reqwest::Error> {
    let response = http.post(format!("{base}/v1/chat/completions")).json(body).send().await?;
    let status = response.error_for_status_ref().map(drop);
    let answer = response.json().await?;
    LlmCall::current().response(&answer); // also after a refusal: its body has the error code
    status.map(|()| answer)
}

#[llm_call(provider = "openai", request = body, server = base, mask_input, mask_output)]
async fn private_chat(http: &reqwest::Client, base: &str, body: &Value) -> Result<Value, reqwest::Error> {
    http.post(format!("{base}/v1/chat/completions")).json(body).send().await?.error_for_status()?.json().await
}

async fn calls(base: &str) -> Result<(), reqwest::Error> {
    let http = reqwest::Client::new();
    let question = json!({"model": "gpt-4o-mini", "temperature": 0,
        "messages": [{"role": "user", "content": "What is a span?"}]});
    chat(&http, base, &question).await?;

    let with_tool = json!({"model": "gpt-4o-mini",
        "messages": [{"role": "user", "content": "How is the weather in Oslo?"}],
        "tools": [{"type": "function", "function": {"name": "get_weather", "description": "Current weather",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}}]});
    chat(&http, base, &with_tool).await?;

    let busy = json!({"model": "busy", "messages": [{"role": "user", "content": "Are you there?"}]});
    if let Err(error) = chat(&http, base, &busy).await {
        tracing::warn!(status = error.status().map(|status| status.as_u16()), "the server is busy");
    }

    private_chat(&http, base, &question).await?;
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // `llm_trace::init()` does the same. Here the program also adds its own `fmt` layer.
    let parts = llm_trace::export::from_env()?;
    tracing_subscriber::registry()
        .with(EnvFilter::builder().with_default_directive(tracing::level_filters::LevelFilter::INFO.into()).from_env()?)
        .with(parts.layer())
        .with(llm_trace::redact(fmt::layer().compact().with_writer(std::io::stderr)))
        .try_init()?;
    let _telemetry = parts.telemetry;

    let server = MockLlm::start()?;
    calls(server.url()).instrument(tracing::info_span!("quickstart")).await?;
    Ok(())
}
