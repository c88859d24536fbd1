//! `cargo run --example event_source`: parses server-sent events with a crate of its own, then prints the span.

use eventsource_stream::Eventsource as _;
use futures_util::StreamExt as _;
use llm_trace::{LlmCall, llm_call};
use llm_trace_examples::MockLlm;
use serde_json::{Value, json};

type Error = Box<dyn std::error::Error + Send + Sync>;

/// Returns a text of its own, so each event is recorded when it is parsed.
#[llm_call(provider = "openai", request = body, server = base)]
async fn chat(http: &reqwest::Client, base: &str, body: &Value) -> Result<String, Error> {
    let response = http.post(format!("{base}/v1/chat/completions")).json(body).send().await?;
    let mut events = response.error_for_status()?.bytes_stream().eventsource();
    let mut answer = String::new();
    while let Some(event) = events.next().await {
        let event = event?;
        if event.data == "[DONE]" {
            break;
        }
        let event: Value = serde_json::from_str(&event.data)?;
        LlmCall::current().chunk(&event);
        answer.push_str(event["choices"][0]["delta"]["content"].as_str().unwrap_or_default());
    }
    Ok(answer)
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let _telemetry = llm_trace::init()?;
    let server = MockLlm::start()?;
    let body = json!({"model": "gpt-4o-mini", "stream": true, "stream_options": {"include_usage": true},
        "messages": [{"role": "user", "content": "What is a span?"}]});
    println!("{}", chat(&reqwest::Client::new(), server.url(), &body).await?);
    Ok(())
}
