//! `cargo run --example stream_chat`: prints tokens as they arrive, then the span.

use std::io::Write as _;

use futures_util::{Stream, TryStreamExt as _};
use llm_trace::llm_call;
use llm_trace_examples::{MockLlm, deltas};
use serde_json::{Value, json};

#[llm_call(provider = "openai", request = body, server = base)]
async fn chat(
    http: &reqwest::Client,
    base: &str,
    body: &Value,
) -> Result<impl Stream<Item = Result<axum::body::Bytes, reqwest::Error>> + use<>, reqwest::Error> {
    let response = http.post(format!("{base}/v1/chat/completions")).json(body).send().await?;
    Ok(response.error_for_status()?.bytes_stream())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let _telemetry = llm_trace::init()?;
    let server = MockLlm::start()?;
    let body = json!({"model": "gpt-4o-mini", "stream": true, "stream_options": {"include_usage": true},
        "messages": [{"role": "user", "content": "What is a span?"}]});
    let stream = chat(&reqwest::Client::new(), server.url(), &body).await?;
    let mut stream = std::pin::pin!(stream);
    while let Some(bytes) = stream.try_next().await? {
        for text in deltas(&bytes) {
            print!("{text}");
            std::io::stdout().flush()?;
        }
    }
    println!();
    Ok(())
}
