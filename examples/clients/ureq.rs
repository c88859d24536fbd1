//! `cargo run --features ureq --example ureq`: a blocking client.

use llm_trace::llm_call;
use llm_trace_examples::MockLlm;
use serde_json::{Value, json};
use tracing::info_span;

#[llm_call(provider = "openai", request = body, server = base)]
fn chat(base: &str, body: &Value) -> Result<Value, ureq::Error> {
    ureq::post(format!("{base}/v1/chat/completions")).send_json(body)?.body_mut().read_json()
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let _telemetry = llm_trace::init()?;
    let server = MockLlm::start()?;
    let body = json!({"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "What is a span?"}]});
    let answer = info_span!("question").in_scope(|| chat(server.url(), &body))?;
    println!("{}", answer["choices"][0]["message"]["content"]);
    Ok(())
}
