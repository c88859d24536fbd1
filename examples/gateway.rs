//! `cargo run --example gateway`: a gateway with virtual keys, in front of a local model server.
//!
//! Every call's span has its caller: for a successful call, a refused one, one with an invalid key, one whose client
//! disconnects, and one that belongs to the client's trace. To capture the messages as well, set
//! `OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=span_only`.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Json, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use futures_util::{Stream, StreamExt as _};
use llm_trace::{Caller, InScope as _, Scope, llm_call};
use llm_trace_examples::MockLlm;
use serde_json::{Value, json};

type Error = Box<dyn std::error::Error + Send + Sync>;

/// A virtual key: its user and the account that is billed.
struct Key {
    alias: &'static str,
    user: &'static str,
    team: &'static str,
    org: &'static str,
}

#[derive(Clone)]
struct Gateway {
    http: reqwest::Client,
    upstream: Arc<str>,
    keys: Arc<HashMap<&'static str, Key>>,
}

#[derive(Debug)]
enum Refused {
    UnknownKey,
    Upstream(reqwest::Error),
}

impl Refused {
    fn status(&self) -> StatusCode {
        match self {
            Refused::UnknownKey => StatusCode::UNAUTHORIZED,
            Refused::Upstream(error) => error.status().unwrap_or(StatusCode::BAD_GATEWAY),
        }
    }
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Refused::UnknownKey => f.write_str("no such key"),
            Refused::Upstream(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Refused {}

impl Gateway {
    /// The scope of a request's call, from its headers and metadata. It applies to every outcome.
    fn scope(&self, headers: &HeaderMap, body: &Value) -> Scope {
        let metadata = Scope::from_metadata(&body["metadata"]);
        let scope = metadata.unwrap_or_else(|error| {
            tracing::warn!("{error}");
            error.into_scope()
        });
        let mut caller = Caller::from_api_key(bearer(headers)).route("/v1/chat/completions");
        if let Some(key) = self.keys.get(bearer(headers)) {
            caller = caller.key_alias(key.alias).user_id(key.user).team_id(key.team).org_id(key.org);
        }
        scope.caller(caller).parent_from(headers)
    }

    #[llm_call(provider = "openai", request = &body, server = &self.upstream, error_type = |error| error.status().as_str().to_owned())]
    async fn complete(
        self,
        key: String,
        body: Value,
    ) -> Result<impl Stream<Item = reqwest::Result<Bytes>> + Send + Unpin + use<>, Refused> {
        // Checked before a request is sent. The call's span is recorded in any case.
        if !self.keys.contains_key(key.as_str()) {
            return Err(Refused::UnknownKey);
        }
        let request = self.http.post(format!("{}/v1/chat/completions", self.upstream)).json(&body);
        let response = request.send().await.and_then(reqwest::Response::error_for_status).map_err(Refused::Upstream)?;
        Ok(response.bytes_stream().boxed())
    }
}

fn bearer(headers: &HeaderMap) -> &str {
    let header = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    header.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default()
}

async fn completions(State(gateway): State<Gateway>, headers: HeaderMap, Json(body): Json<Value>) -> Response {
    let (scope, key) = (gateway.scope(&headers, &body), bearer(&headers).to_owned());
    match gateway.complete(key, body).in_scope(scope).await {
        Ok(stream) => Body::from_stream(stream).into_response(),
        Err(refused) => (refused.status(), refused.to_string()).into_response(),
    }
}

async fn serve(gateway: Gateway) -> Result<String, Error> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/v1/chat/completions", listener.local_addr()?);
    let routes = Router::new().route("/v1/chat/completions", post(completions)).with_state(gateway);
    tokio::spawn(async move { axum::serve(listener, routes).await });
    Ok(url)
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let _telemetry = llm_trace::init()?;
    let upstream = MockLlm::start()?;
    let keys = HashMap::from([
        ("sk-ada", Key { alias: "ada-laptop", user: "ada", team: "research", org: "acme" }),
        ("sk-bob", Key { alias: "ci", user: "bob", team: "platform", org: "acme" }),
    ]);
    let http = reqwest::Client::new();
    let gateway = Gateway { http: http.clone(), upstream: upstream.url().into(), keys: Arc::new(keys) };
    let url = serve(gateway).await?;
    let send = |key: &str, body: Value| http.post(&url).bearer_auth(key).json(&body).send();
    let ask = |model: &str, more: Value| {
        let mut body = json!({"model": model, "messages": [{"role": "user", "content": "What is a span?"}]});
        body.as_object_mut().into_iter().for_each(|body| body.extend(more.as_object().cloned().unwrap_or_default()));
        body
    };

    // A successful call; a 429 from the provider; an unknown key.
    send("sk-ada", ask("gpt-4o-mini", json!({}))).await?.error_for_status()?.bytes().await?;
    assert_eq!(send("sk-bob", ask("busy", json!({}))).await?.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(send("sk-eve", ask("gpt-4o-mini", json!({}))).await?.status(), StatusCode::UNAUTHORIZED);

    // The client disconnects in the middle of a stream.
    let streamed = send("sk-ada", ask("gpt-4o-mini", json!({"stream": true}))).await?;
    let mut chunks = streamed.bytes_stream();
    chunks.next().await.transpose()?;
    drop(chunks);

    // Part of a trace that the client started, with the input masked.
    let metadata = json!({"metadata": {
        "existing_trace_id": "4bf92f35-77b3-4da6-a3ce-929d0e0e4736", "parent_span_id": "00f067aa0ba902b7",
        "update_trace_keys": ["input", "output"], "mask_input": true, "session_id": "chat-7", "tags": ["beta"],
    }});
    send("sk-bob", ask("gpt-4o-mini", metadata)).await?.bytes().await?;

    // The server detects the disconnect at its next write.
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    Ok(())
}
