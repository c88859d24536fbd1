//! `cargo run --features anthropic --example anthropic`: the crate `async-anthropic`.

use async_anthropic::Client;
use async_anthropic::errors::AnthropicError;
use async_anthropic::types::{
    CreateMessagesRequest, CreateMessagesRequestBuilder, CreateMessagesResponse, MessageBuilder, MessageRole,
};
use llm_trace::llm_call;
use llm_trace_examples::MockLlm;
use tracing::{Instrument as _, info_span};

#[llm_call(provider = "anthropic", request = request)]
async fn chat(client: &Client, request: CreateMessagesRequest) -> Result<CreateMessagesResponse, AnthropicError> {
    client.messages().create(request).await
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let _telemetry = llm_trace::init()?;
    let server = MockLlm::start()?;
    let client = Client::builder().base_url(server.url()).api_key("none").version("2023-06-01").build()?;
    let question = MessageBuilder::default().role(MessageRole::User).content("What is a span?").build()?;
    let request =
        CreateMessagesRequestBuilder::default().model("claude-sonnet-4-5").messages(vec![question]).build()?;
    let answer = chat(&client, request).instrument(info_span!("question")).await?;
    println!("{:?}", answer.content);
    Ok(())
}
