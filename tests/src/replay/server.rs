//! A server that answers with recorded bytes, and splits streams into fragments of random sizes.

use std::convert::Infallible;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Body as HttpBody;
use axum::http::{Response, header};
use bytes::Bytes;
use llm_trace::internal::Body;

use crate::corpus::exchange::Exchange;

/// The answer to the next request.
#[derive(Clone, Default)]
struct Answer {
    status: u16,
    content_type: String,
    fragments: Vec<Bytes>,
}

/// A server on a free local port.
pub(super) struct Server {
    port: u16,
    next: Arc<Mutex<Answer>>,
    _runtime: tokio::runtime::Runtime,
}

impl Server {
    pub(super) fn start() -> io::Result<Server> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))?;
        let port = listener.local_addr()?.port();
        let next = Arc::<Mutex<Answer>>::default();
        let answers = Arc::clone(&next);
        // Reads the whole request: a server that answers early resets the connection.
        let app = Router::new().fallback(move |_request: Bytes| {
            let answer = answers.lock().unwrap_or_else(PoisonError::into_inner).clone();
            async move { respond(answer) }
        });
        let app = app.layer(axum::extract::DefaultBodyLimit::disable());
        runtime.spawn(async move { axum::serve(listener, app).await });
        Ok(Server { port, next, _runtime: runtime })
    }

    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(super) fn answer_with(&self, exchange: &Exchange) {
        let body = Bytes::from(exchange.response());
        let whole = exchange.body() == Body::Whole;
        let fragments = if whole { vec![body] } else { cut(body, exchange.dir.as_os_str().len() as u64) };
        let status = exchange.status().unwrap_or(200);
        let content_type = exchange.meta("content_type").to_owned();
        *self.next.lock().unwrap_or_else(PoisonError::into_inner) = Answer { status, content_type, fragments };
    }
}

fn respond(answer: Answer) -> Response<HttpBody> {
    let fragments = answer.fragments.into_iter().map(Ok::<_, Infallible>);
    let mut response = Response::new(HttpBody::from_stream(futures_util::stream::iter(fragments)));
    if let Ok(status) = answer.status.try_into() {
        *response.status_mut() = status;
    }
    if let Ok(value) = answer.content_type.try_into() {
        response.headers_mut().insert(header::CONTENT_TYPE, value);
    }
    response
}

/// Splits a body into fragments of 1 to 400 bytes, the same ones in every run.
fn cut(mut body: Bytes, seed: u64) -> Vec<Bytes> {
    let mut random = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut fragments = Vec::new();
    while !body.is_empty() {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let size = usize::try_from(random % 400).unwrap_or(0) + 1;
        fragments.push(body.split_to(size.min(body.len())));
    }
    fragments
}
