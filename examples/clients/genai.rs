//! `cargo run --features genai --example genai`: enables genai's raw response body and records it.

use genai::adapter::AdapterKind;
use genai::chat::{ChatMessage, ChatOptions, ChatRequest, ChatResponse};
use genai::resolver::{AuthData, Endpoint};
use genai::{Client, ModelIden, Result, ServiceTarget};
use llm_trace::llm_call;
use llm_trace_examples::MockLlm;
use tracing::{Instrument as _, info_span};

#[llm_call(provider = "openai", model = model, request = request, response = |answer| &answer.captured_raw_body)]
async fn chat(client: &Client, model: &str, request: ChatRequest) -> Result<ChatResponse> {
    let options = ChatOptions::default().with_capture_raw_body(true);
    client.exec_chat(model, request, Some(&options)).await
}

#[tokio::main]
async fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let _telemetry = llm_trace::init()?;
    let server = MockLlm::start()?;
    let endpoint = Endpoint::from_owned(format!("{}/v1/", server.url()));
    let target = move |target: ServiceTarget| -> std::result::Result<ServiceTarget, genai::resolver::Error> {
        let model = ModelIden::new(AdapterKind::OpenAI, target.model.model_name);
        Ok(ServiceTarget { endpoint: endpoint.clone(), auth: AuthData::from_single("none"), model })
    };
    let client = Client::builder().with_service_target_resolver_fn(target).build()?;
    let request = ChatRequest::new(vec![ChatMessage::user("What is a span?")]);
    let answer = chat(&client, "gpt-4o-mini", request).instrument(info_span!("question")).await?;
    println!("{:?}", answer.first_text());
    Ok(())
}
