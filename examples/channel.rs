//! `cargo run --example channel`: a task reads the response and sends its texts to a channel. Prints them, then the span.

use futures_util::StreamExt as _;
use llm_trace::{LlmCall, llm_call};
use llm_trace_examples::{MockLlm, deltas};
use serde_json::{Value, json};
use tokio::sync::mpsc::{Receiver, channel};

/// The task reads through the call: the end of the stream ends it, and so does a dropped receiver, without an error.
#[llm_call(provider = "openai", request = body, server = base)]
async fn chat(http: &reqwest::Client, base: &str, body: &Value) -> Result<Receiver<String>, reqwest::Error> {
    let response = http.post(format!("{base}/v1/chat/completions")).json(body).send().await?;
    let mut pieces = LlmCall::current().stream(response.error_for_status()?.bytes_stream());
    let (sender, receiver) = channel(16);
    tokio::spawn(async move {
        while let Some(Ok(bytes)) = pieces.next().await {
            for text in deltas(&bytes) {
                if sender.send(text).await.is_err() {
                    return;
                }
            }
        }
    });
    Ok(receiver)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let _telemetry = llm_trace::init()?;
    let server = MockLlm::start()?;
    let body = json!({"model": "gpt-4o-mini", "stream": true, "stream_options": {"include_usage": true},
        "messages": [{"role": "user", "content": "What is a span?"}]});
    let mut texts = chat(&reqwest::Client::new(), server.url(), &body).await?;
    while let Some(text) = texts.recv().await {
        print!("{text}");
    }
    println!();
    Ok(())
}
