//! `cargo run --features ollama --example ollama`

use llm_trace::llm_call;
use llm_trace_examples::MockLlm;
use ollama_rs::Ollama;
use ollama_rs::error::OllamaError;
use ollama_rs::generation::chat::request::ChatMessageRequest;
use ollama_rs::generation::chat::{ChatMessage, ChatMessageResponse};
use tracing::{Instrument as _, info_span};

#[llm_call(provider = "ollama", request = request, server = ollama.url_str())]
async fn chat(ollama: &Ollama, request: ChatMessageRequest) -> Result<ChatMessageResponse, OllamaError> {
    ollama.send_chat_messages(request).await
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let _telemetry = llm_trace::init()?;
    let server = MockLlm::start()?;
    let question = ChatMessage::user("What is a span?".to_owned());
    let request = ChatMessageRequest::new("llama3.2".to_owned(), vec![question]);
    let answer = chat(&Ollama::try_new(server.url())?, request).instrument(info_span!("question")).await?;
    println!("{}", answer.message.content);
    Ok(())
}
