//! `cargo run --features hyper --example hyper`: `http` requests and responses.

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::{Request, Response};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use llm_trace::llm_call;
use llm_trace_examples::MockLlm;
use tracing::{Instrument as _, info_span};

type Error = Box<dyn std::error::Error + Send + Sync>;

#[llm_call(provider = "openai", request = body, server = base)]
async fn chat(http: &Client<HttpConnector, Full<Bytes>>, base: &str, body: &str) -> Result<Response<Bytes>, Error> {
    let request = Request::post(format!("{base}/v1/chat/completions")).header("content-type", "application/json");
    let (head, body) = http.request(request.body(Full::from(body.to_owned()))?).await?.into_parts();
    Ok(Response::from_parts(head, body.collect().await?.to_bytes()))
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let _telemetry = llm_trace::init()?;
    let server = MockLlm::start()?;
    let http = Client::builder(TokioExecutor::new()).build_http();
    let body = r#"{"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "What is a span?"}]}"#;
    let answer = chat(&http, server.url(), body).instrument(info_span!("question")).await?;
    println!("{}", String::from_utf8_lossy(answer.body()));
    Ok(())
}
