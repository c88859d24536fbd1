//! `cargo run --example async_openai_stream`: a client crate's stream, traced with an annotation only.

use async_openai::Client;
use async_openai::config::OpenAIConfig;
use async_openai::error::OpenAIError;
use async_openai::types::chat::{
    ChatCompletionRequestUserMessageArgs, ChatCompletionResponseStream, CreateChatCompletionRequest,
    CreateChatCompletionRequestArgs,
};
use futures_util::StreamExt as _;
use llm_trace::llm_call;
use llm_trace_examples::MockLlm;

#[llm_call(provider = "openai", request = request)]
async fn chat(
    client: &Client<OpenAIConfig>,
    request: CreateChatCompletionRequest,
) -> Result<ChatCompletionResponseStream, OpenAIError> {
    client.chat().create_stream(request).await
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let _telemetry = llm_trace::init()?;
    let server = MockLlm::start()?;
    let config = OpenAIConfig::new().with_api_base(format!("{}/v1", server.url())).with_api_key("none");
    let question = ChatCompletionRequestUserMessageArgs::default().content("What is a span?").build()?;
    let request =
        CreateChatCompletionRequestArgs::default().model("gpt-4o-mini").messages([question.into()]).build()?;
    let mut stream = chat(&Client::with_config(config), request).await?;
    while let Some(chunk) = stream.next().await {
        print!("{}", chunk?.choices.first().and_then(|choice| choice.delta.content.clone()).unwrap_or_default());
    }
    println!();
    Ok(())
}
