//! `cargo run --features tonic --example tonic`: a service method that reads the metadata of its request.

use llm_trace::{InScope as _, llm_call};
use llm_trace_examples::MockLlm;
use reqwest::Client;
use serde_json::{Value, json};
use tonic::{Request, Response, Status, metadata::MetadataValue};

#[llm_call(provider = "openai", model = "gpt-4o-mini", input = question, server = base)]
async fn chat(base: &str, question: &str) -> reqwest::Result<Value> {
    let body = json!({"model": "gpt-4o-mini", "messages": [{"role": "user", "content": question}]});
    let response = Client::new().post(format!("{base}/v1/chat/completions")).json(&body).send().await?;
    response.error_for_status()?.json().await
}

async fn ask(upstream: &str, request: Request<String>) -> Result<Response<String>, Status> {
    let (metadata, _, question) = request.into_parts();
    let scope = llm_trace::scope().parent_from(&metadata.into_headers());
    let answer = chat(upstream, &question).in_scope(scope).await;
    answer.map(|answer| Response::new(answer.to_string())).map_err(|error| Status::unavailable(error.to_string()))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let _telemetry = llm_trace::init()?;
    let server = MockLlm::start()?;
    let mut request = Request::new("What is a span?".to_owned());
    let traceparent = MetadataValue::from_static("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    request.metadata_mut().insert("traceparent", traceparent);
    println!("{}", ask(server.url(), request).await?.into_inner());
    Ok(())
}
