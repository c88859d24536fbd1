//! `cargo run --features actix --example actix`: a handler of `actix-web`, and one request to it.

use actix_web::error::{Error, ErrorBadGateway};
use actix_web::web::{Data, Json, post};
use actix_web::{App, HttpRequest, test};
use llm_trace::{InScope as _, llm_call};
use llm_trace_examples::MockLlm;
use reqwest::Client;
use serde_json::{Value, json};

#[llm_call(provider = "openai", request = body, server = base)]
async fn chat(base: &str, body: &Value) -> reqwest::Result<Value> {
    let response = Client::new().post(format!("{base}/v1/chat/completions")).json(body).send().await?;
    response.error_for_status()?.json().await
}

async fn completions(upstream: Data<String>, request: HttpRequest, body: Json<Value>) -> Result<Json<Value>, Error> {
    let headers = request.headers().iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
    let scope = llm_trace::scope().parent_from(headers);
    chat(&upstream, &body).in_scope(scope).await.map(Json).map_err(ErrorBadGateway)
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let _telemetry = llm_trace::init()?;
    let server = MockLlm::start()?;
    let app = App::new().app_data(Data::new(server.url().to_owned())).route("/chat", post().to(completions));
    let app = test::init_service(app).await;
    let body = json!({"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "What is a span?"}]});
    let traceparent = ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    let request = test::TestRequest::post().uri("/chat").insert_header(traceparent).set_json(body);
    println!("{}", test::call_service(&app, request.to_request()).await.status());
    Ok(())
}
