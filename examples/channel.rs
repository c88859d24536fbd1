//! `cargo run --example channel`: a task reads the response and sends its texts to a channel. Prints them, then the span.

use llm_trace::{LlmCall, llm_call};
use llm_trace_examples::{MockLlm, deltas};
use serde_json::{Value, json};
use tokio::sync::mpsc::{Receiver, channel};

/// The task keeps the handle: the span stays open until the handle is dropped.
#[llm_call(provider = "openai", request = body, server = base)]
async fn chat(http: &reqwest::Client, base: &str, body: &Value) -> Result<Receiver<String>, reqwest::Error> {
    let response = http.post(format!("{base}/v1/chat/completions")).json(body).send().await?;
    let mut response = response.error_for_status()?;
    let (sender, receiver) = channel(16);
    let call = LlmCall::current();
    tokio::spawn(async move {
        loop {
            match response.chunk().await {
                Ok(Some(bytes)) => {
                    call.chunk_bytes(&bytes);
                    for text in deltas(&bytes) {
                        if sender.send(text).await.is_err() {
                            return;
                        }
                    }
                }
                Ok(None) => return,
                Err(error) => return call.fail(&error),
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
