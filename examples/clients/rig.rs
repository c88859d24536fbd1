//! `RUST_LOG=info,rig::completions=off cargo run --features rig --example rig`: records the raw response that `rig`
//! keeps.

use llm_trace::llm_call;
use llm_trace_examples::MockLlm;
use rig_core::ProviderError;
use rig_core::completion::{CompletionRequest, CompletionResponse};
use rig_core::providers::openai::{OpenAI, OpenAIConfig};
use tracing::{Instrument as _, info_span};

#[llm_call(provider = "openai", model = model, input = &request.chat_history, response = |answer| &answer.raw)]
async fn chat(client: &OpenAI, model: &str, request: CompletionRequest) -> Result<CompletionResponse, ProviderError> {
    client.completion(model).call(request).await
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let _telemetry = llm_trace::init()?;
    let server = MockLlm::start()?;
    let client = OpenAIConfig::new("none").with_base_url(format!("{}/v1", server.url())).client();
    let request = CompletionRequest::new("What is a span?");
    let answer = chat(&client, "gpt-4o-mini", request).instrument(info_span!("question")).await?;
    println!("{}", answer.text());
    Ok(())
}
