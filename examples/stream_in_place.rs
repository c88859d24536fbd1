//! `cargo run --example stream_in_place`: reads the response in the function that requested it, then prints the span.

use std::io::Write as _;

use llm_trace::{LlmCall, llm_call};
use llm_trace_examples::{MockLlm, deltas};
use serde_json::{Value, json};

/// Returns nothing: each piece is recorded when it arrives, and the return ends the call.
#[llm_call(provider = "openai", request = body, server = base)]
async fn chat(http: &reqwest::Client, base: &str, body: &Value) -> Result<(), reqwest::Error> {
    let call = LlmCall::current();
    let response = http.post(format!("{base}/v1/chat/completions")).json(body).send().await?;
    let mut response = response.error_for_status()?;
    while let Some(bytes) = response.chunk().await? {
        call.chunk_bytes(&bytes);
        for text in deltas(&bytes) {
            print!("{text}");
            // A broken pipe must not end the call.
            let _ = std::io::stdout().flush();
        }
    }
    println!();
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let _telemetry = llm_trace::init()?;
    let server = MockLlm::start()?;
    let body = json!({"model": "gpt-4o-mini", "stream": true, "stream_options": {"include_usage": true},
        "messages": [{"role": "user", "content": "What is a span?"}]});
    chat(&reqwest::Client::new(), server.url(), &body).await?;
    Ok(())
}
