//! `cargo run --example callback`: passes each piece of the response to a closure, then prints the span.

use llm_trace::{LlmCall, llm_call};
use llm_trace_examples::{MockLlm, deltas};
use serde_json::{Value, json};

/// Returns a count: each piece is recorded before the closure gets it.
#[llm_call(provider = "openai", request = body, server = base)]
async fn chat(
    http: &reqwest::Client,
    base: &str,
    body: &Value,
    on_text: &mut dyn FnMut(&str),
) -> Result<usize, reqwest::Error> {
    let response = http.post(format!("{base}/v1/chat/completions")).json(body).send().await?;
    let mut response = response.error_for_status()?;
    let mut pieces = 0;
    while let Some(bytes) = response.chunk().await? {
        LlmCall::current().chunk_bytes(&bytes);
        deltas(&bytes).iter().for_each(|text| on_text(text));
        pieces += 1;
    }
    Ok(pieces)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let _telemetry = llm_trace::init()?;
    let server = MockLlm::start()?;
    let body = json!({"model": "gpt-4o-mini", "stream": true, "stream_options": {"include_usage": true},
        "messages": [{"role": "user", "content": "What is a span?"}]});
    let pieces = chat(&reqwest::Client::new(), server.url(), &body, &mut |text| print!("{text}")).await?;
    println!(" ({pieces} pieces)");
    Ok(())
}
