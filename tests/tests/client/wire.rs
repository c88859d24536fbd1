//! Bodies through the layers, against the same client without them: every frame, hint and error is the same.

use std::collections::VecDeque;
use std::error::Error as _;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::StreamExt as _;
use http::{HeaderMap, Request, Response};
use http_body::{Body, Frame, SizeHint};
use llm_trace::client::{CallLayer, CallMiddleware};
use reqwest_middleware::ClientBuilder;
use tower_layer::Layer as _;
use tower_service::Service;

use super::server::{Server, question};
use super::{exported, plain};

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Step {
    Data(&'static str),
    Trailers,
    Error,
    Pending,
}

/// A body that does as it is told.
#[derive(Clone, Debug)]
struct Scripted {
    steps: VecDeque<Step>,
    /// It knows its length and its end.
    is_sized: bool,
}

impl Body for Scripted {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Poll::Ready(match self.steps.pop_front() {
            Some(Step::Data(data)) => Some(Ok(Frame::data(Bytes::from_static(data.as_bytes())))),
            Some(Step::Trailers) => {
                let trailers = HeaderMap::from_iter([(http::header::ETAG, http::HeaderValue::from_static("t"))]);
                Some(Ok(Frame::trailers(trailers)))
            }
            Some(Step::Error) => Some(Err(std::io::Error::other("scripted"))),
            Some(Step::Pending) => {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            None => None,
        })
    }

    fn is_end_stream(&self) -> bool {
        self.is_sized && self.steps.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        let left = self.steps.iter().map(|step| if let Step::Data(data) = step { data.len() as u64 } else { 0 });
        if self.is_sized { SizeHint::with_exact(left.sum()) } else { SizeHint::default() }
    }
}

/// What a reader of a body sees: the hints before each frame, and the frames.
async fn seen<B: Body<Data = Bytes, Error: std::fmt::Display> + Unpin>(mut body: B) -> Vec<String> {
    let mut seen = Vec::new();
    for _ in 0..8 {
        seen.push(format!("{} {:?}", body.is_end_stream(), body.size_hint().exact()));
        match poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
            Some(Ok(frame)) => seen.push(match frame.into_data() {
                Ok(data) => format!("{data:?}"),
                Err(frame) => format!("{:?}", frame.into_trailers().ok()),
            }),
            Some(Err(error)) => seen.push(error.to_string()),
            None => break,
        }
    }
    seen
}

/// A client that tells what it was sent, and answers with a body of its own.
#[derive(Clone)]
struct Peer {
    sent: Arc<Mutex<Vec<String>>>,
    answer: Scripted,
    content_type: &'static str,
}

impl<B> Service<Request<B>> for Peer
where
    B: Body<Data = Bytes, Error = std::io::Error> + Unpin + Send + 'static,
{
    type Response = Response<Scripted>;
    type Error = std::io::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let Peer { sent, answer, content_type } = self.clone();
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let head = format!("{} {} {:?}", parts.method, parts.uri, parts.headers.get("content-length"));
            let mut all = seen(body).await;
            all.insert(0, head);
            sent.lock().expect("not poisoned").extend(all);
            Ok(Response::builder().header("content-type", content_type).body(answer).expect("a response"))
        })
    }
}

/// Three pieces of a request's or an answer's body, and at each place something else.
fn scripts() -> Vec<Scripted> {
    let data = [r#"{"model": "m", "#, r#""messages": [], "#, r#""id": "c1"}"#].map(Step::Data);
    let mut all = vec![vec![], data.to_vec(), vec![Step::Data(r#"{"model": "m"}"#)]];
    for other in [Step::Trailers, Step::Error, Step::Pending] {
        for place in 0..=data.len() {
            let mut steps = data.to_vec();
            steps.insert(place, other);
            all.push(steps);
        }
        all.push(vec![other]);
    }
    let sized = |is_sized| all.iter().map(move |steps| Scripted { steps: steps.clone().into(), is_sized });
    sized(true).chain(sized(false)).collect()
}

#[test]
fn nothing_that_passes_the_tower_layer_is_changed() {
    exported(plain(), async {
        for (body, answer) in scripts().into_iter().zip(scripts().into_iter().rev()) {
            for content_type in ["application/json", "text/event-stream"] {
                let request = || {
                    let builder = Request::post("https://api.openai.com/v1/chat/completions");
                    builder.header("content-length", "7").body(body.clone()).expect("a request")
                };
                let peer = || Peer { sent: Arc::default(), answer: answer.clone(), content_type };
                let (mut bare, inner) = (peer(), peer());
                let mut layered = CallLayer::new().layer(inner.clone());
                let expected = seen(bare.call(request()).await.expect("an answer").into_body()).await;
                let received = seen(layered.call(request()).await.expect("an answer").into_body()).await;
                assert_eq!(received, expected, "{answer:?} as {content_type}");
                let sent = |peer: &Peer| peer.sent.lock().expect("not poisoned").clone();
                assert_eq!(sent(&inner), sent(&bare), "{body:?}");
            }
        }
    });
}

/// What a caller can know of an error.
fn error(error: &reqwest::Error) -> String {
    let mut causes = Vec::new();
    let mut source = error.source();
    while let Some(cause) = source {
        causes.push(cause.to_string());
        source = cause.source();
    }
    // The layer's body adds a level of `reqwest`'s own.
    causes.dedup();
    causes.retain(|cause| !cause.starts_with("request or response body error"));
    format!("{error} {} {} {} {causes:?}", error.is_timeout(), error.is_decode(), error.is_connect())
}

async fn answer(result: Result<reqwest::Response, reqwest::Error>) -> String {
    let response = match result {
        Ok(response) => response,
        Err(failed) => return error(&failed),
    };
    let mut headers = response.headers().clone();
    headers.remove("date");
    let head = format!("{} {:?} {:?} {headers:?}", response.status(), response.version(), response.content_length());
    let mut pieces = Vec::new();
    let mut stream = response.bytes_stream();
    while let Some(piece) = stream.next().await {
        match piece {
            Ok(bytes) => pieces.extend_from_slice(&bytes),
            Err(failed) => return format!("{head} {pieces:?} {}", error(&failed)),
        }
    }
    format!("{head} {}", String::from_utf8_lossy(&pieces))
}

#[test]
fn nothing_that_passes_the_reqwest_middleware_is_changed() {
    exported(plain(), async {
        let server = Server::start().await;
        let bare = reqwest::Client::new();
        let layered = ClientBuilder::new(bare.clone()).with(CallMiddleware::new()).build();
        for model in ["gpt-4o", "stream", "busy", "broken", "page", "empty", "gzip"] {
            let body = question(model).to_string();
            let piece = |at: usize| body.as_bytes().chunks(20).nth(at).map(Bytes::copy_from_slice);
            let streamed = |failing: Option<usize>| {
                let pieces: Vec<_> = (0..).map_while(piece).enumerate().collect();
                let pieces = pieces.into_iter().map(move |(at, piece)| match failing == Some(at) {
                    true => Err(std::io::Error::other("scripted")),
                    false => Ok(piece),
                });
                reqwest::Body::wrap_stream(futures_util::stream::iter(pieces.collect::<Vec<_>>()))
            };
            let bodies: [&dyn Fn() -> reqwest::Body; 4] =
                [&|| body.clone().into(), &|| streamed(None), &|| streamed(Some(0)), &|| streamed(Some(2))];
            for (at, make) in bodies.into_iter().enumerate() {
                let expected = answer(bare.post(server.chat()).body(make()).send().await).await;
                let result = layered.post(server.chat()).body(make()).send().await;
                let result = result.map_err(|failed| match failed {
                    reqwest_middleware::Error::Reqwest(failed) => failed,
                    other => panic!("{other:?}"),
                });
                assert_eq!(answer(result).await, expected, "{model}, body {at}");
                if at < 2 {
                    let mut seen = server.seen.lock().expect("not poisoned").clone();
                    let (layered, bare) = (seen.pop().expect("a request"), seen.pop().expect("a request"));
                    let plain = |mut headers: HeaderMap| {
                        headers.remove("traceparent");
                        headers
                    };
                    assert_eq!((plain(layered.0), layered.1), (plain(bare.0), bare.1), "{model}, body {at}");
                }
            }
        }
    });
}
