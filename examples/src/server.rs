//! The server, on a thread and runtime of its own.

use std::convert::Infallible;
use std::io;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use futures_util::StreamExt as _;
use serde_json::Value;
use tokio::sync::oneshot;

use crate::answers;

/// A server on a free local port, gone when this is dropped.
pub struct MockLlm {
    url: String,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl MockLlm {
    /// Starts the server.
    pub fn start() -> io::Result<MockLlm> {
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let url = format!("http://{}", listener.local_addr()?);
        let (stop, stopped) = oneshot::channel();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let thread = std::thread::spawn(move || {
            runtime.block_on(async {
                let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
                let serve = axum::serve(listener, routes());
                tokio::select! {
                    _ = serve => {}
                    _ = stopped => {}
                }
            });
        });
        Ok(MockLlm { url, stop: Some(stop), thread: Some(thread) })
    }

    /// Where it listens, without a trailing slash.
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for MockLlm {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A server that panicked has nothing more to say.
            let _ = thread.join();
        }
    }
}

fn routes() -> Router {
    Router::new()
        .route("/v1/chat/completions", post(chat))
        .route("/v1/embeddings", post(|Json(body): Json<Value>| async move { Json(answers::embeddings(&body)) }))
        .route("/v1/messages", post(|Json(body): Json<Value>| whole(answers::message(&body))))
        .route("/v1/responses", post(|Json(body): Json<Value>| whole(answers::responses(&body))))
        .route("/api/chat", post(|Json(body): Json<Value>| whole(answers::ollama(&body))))
        .route("/model/{model}/converse", post(|| whole(answers::converse())))
}

async fn chat(Json(body): Json<Value>) -> Response {
    if body["model"] == "busy" {
        return (StatusCode::TOO_MANY_REQUESTS, Json(answers::rate_limited())).into_response();
    }
    think(120).await;
    if body["stream"] == true {
        return sse(answers::chat_chunks(&body).into_iter().map(|chunk| format!("data: {chunk}\n\n")));
    }
    Json(answers::chat(&body)).into_response()
}

async fn whole(answer: Value) -> Json<Value> {
    think(150).await;
    Json(answer)
}

/// A stream of server-sent events, one after the other.
fn sse(events: impl Iterator<Item = String>) -> Response {
    let events: Vec<String> = events.collect();
    let stream = futures_util::stream::iter(events).then(|event| async move {
        think(25).await;
        Ok::<_, Infallible>(event)
    });
    ([(header::CONTENT_TYPE, "text/event-stream")], Body::from_stream(stream)).into_response()
}

async fn think(millis: u64) {
    tokio::time::sleep(Duration::from_millis(millis)).await;
}
