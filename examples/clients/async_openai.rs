//! `cargo run --features async-openai --example async-openai`

use async_openai::types::chat::{
    ChatCompletionRequestUserMessage, CreateChatCompletionRequest, CreateChatCompletionRequestArgs,
    CreateChatCompletionResponse,
};
use async_openai::{Client, config::OpenAIConfig, error::OpenAIError};
use llm_trace::llm_call;
use llm_trace_examples::MockLlm;
use tracing::{Instrument as _, info_span};

#[llm_call(provider = "openai", request = request)]
async fn chat(
    client: &Client<OpenAIConfig>,
    request: CreateChatCompletionRequest,
) -> Result<CreateChatCompletionResponse, OpenAIError> {
    client.chat().create(request).await
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let _telemetry = llm_trace::init()?;
    let server = MockLlm::start()?;
    let config = OpenAIConfig::new().with_api_base(format!("{}/v1", server.url())).with_api_key("none");
    let question = ChatCompletionRequestUserMessage::from("What is a span?");
    let request =
        CreateChatCompletionRequestArgs::default().model("gpt-4o-mini").messages([question.into()]).build()?;
    let answer = chat(&Client::with_config(config), request).instrument(info_span!("question")).await?;
    println!("{:?}", answer.choices[0].message.content);
    Ok(())
}
