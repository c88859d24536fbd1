//! A provider on a local port.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Response, header};
use axum::routing::{get, post};
use axum::{Json, Router};
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json};

/// A local provider that stops when dropped.
pub struct Server {
    pub url: String,
    /// The headers and bodies of the received requests.
    pub seen: Arc<Mutex<Vec<(HeaderMap, Bytes)>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub fn question(model: &str) -> Value {
    json!({"model": model, "messages": [{"role": "user", "content": "SENTINEL-question"}], "stream": model == "stream"})
}

fn answer() -> Value {
    json!({
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "gpt-4o-2024",
        "choices": [{"index": 0, "finish_reason": "stop",
            "message": {"role": "assistant", "content": "SENTINEL-answer"}}],
        "usage": {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12},
    })
}

/// The events of a stream.
pub fn events() -> Vec<String> {
    let chunk = |delta: Value, reason: Value| {
        let choice = json!({"index": 0, "delta": delta, "finish_reason": reason});
        json!({"id": "chatcmpl-2", "object": "chat.completion.chunk", "model": "gpt-4o-2024", "choices": [choice]})
    };
    let usage = json!({"id": "chatcmpl-2", "object": "chat.completion.chunk", "model": "gpt-4o-2024", "choices": [],
        "usage": {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}});
    let all = [
        chunk(json!({"role": "assistant", "content": "SENTINEL-"}), Value::Null),
        chunk(json!({"content": "answer"}), Value::Null),
        chunk(json!({}), json!("stop")),
        usage,
    ];
    all.iter().map(|event| format!("data: {event}\n\n")).chain(["data: [DONE]\n\n".to_owned()]).collect()
}

async fn chat(State(seen): State<Seen>, headers: HeaderMap, body: Bytes) -> Response<Body> {
    let question: Value = serde_json::from_slice(&body).unwrap_or_default();
    seen.lock().expect("not poisoned").push((headers, body));
    let of = |status: u16, kind: &str| Response::builder().status(status).header(header::CONTENT_TYPE, kind);
    let sse = |pieces: Vec<String>| stream::iter(pieces).map(Ok::<_, Infallible>);
    let response = match question["model"].as_str() {
        Some("busy") => {
            let error =
                json!({"error": {"message": "SENTINEL-error", "type": "requests", "code": "rate_limit_exceeded"}});
            of(429, "application/json").body(Body::from(error.to_string()))
        }
        Some("stream") => of(200, "text/event-stream").body(Body::from_stream(sse(events()))),
        // Two events, then no more data.
        Some("slow") => {
            let never = stream::pending::<Result<String, Infallible>>();
            of(200, "text/event-stream").body(Body::from_stream(sse(events()[..2].to_vec()).chain(never)))
        }
        Some("silent") => {
            tokio::time::sleep(Duration::from_secs(60)).await;
            of(200, "application/json").body(Body::empty())
        }
        Some("broken") => {
            let later = stream::once(async {
                // Delays the body so that the response head is sent first.
                tokio::time::sleep(Duration::from_millis(50)).await;
                Err(std::io::Error::other("SENTINEL-broken"))
            });
            let body = Body::from_stream(stream::iter([Ok("{\"id\":".to_owned())]).chain(later));
            of(200, "application/json").body(body)
        }
        Some("page") => of(200, "text/html").body(Body::from("<html>SENTINEL-page</html>")),
        Some("empty") => of(200, "application/json").body(Body::empty()),
        Some("gzip") => of(200, "application/json")
            .header(header::CONTENT_ENCODING, "gzip")
            .body(Body::from(&b"\x1f\x8b not really"[..])),
        _ => of(200, "application/json").body(Body::from(answer().to_string())),
    };
    response.expect("a response")
}

type Seen = Arc<Mutex<Vec<(HeaderMap, Bytes)>>>;

impl Server {
    pub async fn start() -> Self {
        let seen = Seen::default();
        let embeddings = || async {
            Json(
                json!({"object": "list", "model": "e-1", "data": [{"object": "embedding", "index": 0, "embedding": [0.5, 0.25]}],
                "usage": {"prompt_tokens": 4, "total_tokens": 4}}),
            )
        };
        let router = Router::new()
            .route("/v1/chat/completions", post(chat).get(|| async { "a page" }))
            .route("/v1/embeddings", post(embeddings))
            .route("/users", get(|| async { "users" }).post(|body: Bytes| async { body }))
            .with_state(seen.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let task = tokio::spawn(async move {
            let _ = axum::serve(listener, router).await;
        });
        Self { url, seen, task }
    }

    pub fn chat(&self) -> String {
        format!("{}/v1/chat/completions", self.url)
    }

    pub fn header(&self, name: &str) -> Option<String> {
        let seen = self.seen.lock().expect("not poisoned");
        Some(seen.last()?.0.get(name)?.to_str().ok()?.to_owned())
    }
}
