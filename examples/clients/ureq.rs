//! `cargo run --features ureq --example ureq`: a blocking client. The body of a refusal has the provider's error code.

use llm_trace::{LlmCall, llm_call};
use llm_trace_examples::MockLlm;
use serde_json::{Value, json};
use tracing::info_span;

#[llm_call(provider = "openai", request = body, server = base)]
fn chat(base: &str, body: &Value) -> Result<Value, ureq::Error> {
    let request = ureq::post(format!("{base}/v1/chat/completions")).config().http_status_as_error(false).build();
    let mut response = request.send_json(body)?;
    let (status, answer) = (response.status(), response.body_mut().read_json()?);
    LlmCall::current().http_status(status.as_u16()).response(&answer);
    if status.is_success() { Ok(answer) } else { Err(ureq::Error::StatusCode(status.as_u16())) }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let _telemetry = llm_trace::init()?;
    let server = MockLlm::start()?;
    let body = json!({"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "What is a span?"}]});
    let answer = info_span!("question").in_scope(|| chat(server.url(), &body))?;
    println!("{}", answer["choices"][0]["message"]["content"]);
    Ok(())
}
