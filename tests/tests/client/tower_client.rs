//! `hyper-util`'s client behind the `tower` layer.

use std::error::Error;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use llm_trace::client::{CallLayer, Endpoints};
use llm_trace::{LlmCall, Operation, Policy, scope};
use tower_layer::Layer as _;
use tower_service::Service;

use super::server::{Server, events, question};
use super::{exported, one, plain, text};

fn request(url: &str, model: &str) -> Request<Full<Bytes>> {
    let body = Full::new(Bytes::from(question(model).to_string()));
    Request::post(url).header("content-type", "application/json").body(body).expect("a request")
}

/// Returns the status and the body, through a client with an inferred body type.
async fn ask(url: &str, model: &str) -> Result<(u16, Bytes), Box<dyn Error + Send + Sync>> {
    let client = Client::builder(TokioExecutor::new()).build_http();
    let mut service = CallLayer::new().layer(client);
    poll_fn(|cx| Service::<Request<Full<Bytes>>>::poll_ready(&mut service, cx)).await?;
    let response = service.call(request(url, model)).await?;
    Ok((response.status().as_u16(), response.into_body().collect().await?.to_bytes()))
}

#[test]
fn a_plain_request_is_a_call_and_passes_untouched() {
    let (collector, ()) = exported(plain(), async {
        let server = Server::start().await;
        let (status, body) = ask(&server.chat(), "gpt-4o").await.expect("an answer");
        assert!(status == 200 && String::from_utf8_lossy(&body).contains("SENTINEL-answer"));
        let seen = server.seen.lock().expect("not poisoned").clone();
        assert_eq!(seen[0].1, question("gpt-4o").to_string());
        assert_eq!(seen[0].0["content-length"], question("gpt-4o").to_string().len().to_string());
        assert!(seen[0].0.contains_key("traceparent"));
    });
    let call = one(&collector);
    assert_eq!(call.span.name, "chat gpt-4o");
    for (key, expected) in [
        ("gen_ai.request.model", "gpt-4o"),
        ("gen_ai.response.model", "gpt-4o-2024"),
        ("gen_ai.usage.input_tokens", "9"),
        ("llm_trace.outcome", "completed"),
    ] {
        assert_eq!(text(&call, key), expected, "{key}");
    }
    assert!(text(&call, "gen_ai.input.messages").contains("SENTINEL-question"));
}

#[test]
fn a_stream_is_a_call_until_its_end() {
    let (collector, body) = exported(plain(), async {
        let server = Server::start().await;
        ask(&server.chat(), "stream").await.expect("an answer").1
    });
    assert_eq!(body, events().concat());
    let call = one(&collector);
    assert_eq!(text(&call, "gen_ai.usage.output_tokens"), "3");
    assert_eq!(text(&call, "llm_trace.outcome"), "completed");
    assert_eq!(text(&call, "gen_ai.request.stream"), "true");
}

#[test]
fn failures_have_different_error_types() {
    let (collector, ()) = exported(plain(), async {
        let server = Server::start().await;
        assert_eq!(ask(&server.chat(), "busy").await.expect("an answer").0, 429);
    });
    let call = one(&collector);
    assert_eq!((call.status_code(), text(&call, "error.type").as_str()), (2, "rate_limit_exceeded"));

    let (collector, ()) = exported(plain(), async {
        ask("http://127.0.0.1:1/v1/chat/completions", "m").await.expect_err("nobody listens");
    });
    assert_eq!(text(&one(&collector), "llm_trace.outcome"), "not_sent");

    let (collector, ()) = exported(plain(), async {
        let server = Server::start().await;
        ask(&server.chat(), "broken").await.expect_err("it breaks");
    });
    assert_eq!(text(&one(&collector), "llm_trace.outcome"), "error");
}

#[test]
fn a_success_without_a_model_response_is_an_error() {
    for model in ["page", "empty"] {
        let (collector, ()) = exported(plain(), async {
            let server = Server::start().await;
            assert_eq!(ask(&server.chat(), model).await.expect("an answer").0, 200);
        });
        let call = one(&collector);
        assert_eq!(
            (text(&call, "llm_trace.outcome"), text(&call, "error.type")),
            ("error".into(), "invalid_response".into())
        );
    }
}

#[test]
fn a_compressed_answer_is_not_read() {
    let (collector, ()) = exported(plain(), async {
        let server = Server::start().await;
        assert_eq!(ask(&server.chat(), "gzip").await.expect("an answer").1, &b"\x1f\x8b not really"[..]);
    });
    let call = one(&collector);
    assert_eq!(text(&call, "llm_trace.outcome"), "completed");
    assert!(call.attribute("gen_ai.response.id").is_none());
}

#[test]
fn masks_hold_and_annotated_calls_have_one_span() {
    let (collector, ()) = exported(plain(), async {
        let server = Server::start().await;
        let all = async {
            for model in ["gpt-4o", "stream", "busy"] {
                ask(&server.chat(), model).await.expect("an answer");
            }
            let call = LlmCall::builder(Operation::Chat).provider("openai").model("by-hand");
            call.instrument(ask(&server.chat(), "gpt-4o")).await.expect("an answer");
        };
        scope().mask_input(true).mask_output(true).instrument(all).await;
    });
    assert_eq!(collector.spans().len(), 4);
    assert!(!collector.saw("SENTINEL"));
    let (collector, ()) = exported(Policy::new(), async {
        let server = Server::start().await;
        ask(&server.chat(), "gpt-4o").await.expect("an answer");
    });
    assert!(collector.spans().len() == 1 && !collector.saw("SENTINEL"));
}

#[test]
fn body_errors_are_read_if_enabled() {
    let broken = |read: bool| {
        let (collector, ()) = exported(plain(), async {
            let server = Server::start().await;
            let client = Client::builder(TokioExecutor::new()).build_http();
            let request = request(&server.chat(), "broken");
            if read {
                let response = CallLayer::new().reading_body_errors().layer(client).call(request).await;
                response.expect("an answer").into_body().collect().await.expect_err("it breaks");
            } else {
                let response = CallLayer::new().layer(client).call(request).await;
                response.expect("an answer").into_body().collect().await.expect_err("it breaks");
            }
        });
        let call = one(&collector);
        assert_eq!(text(&call, "llm_trace.outcome"), "error");
        (text(&call, "error.type"), call.status_message().contains("body"))
    };
    assert_eq!(broken(false), ("hyper::error::Error".to_owned(), false));
    assert_eq!(broken(true), ("unexpected_eof".to_owned(), true));
}

/// A client whose response body fails with a boxed error.
#[derive(Clone)]
struct Breaking;

impl<B: http_body::Body> Service<Request<B>> for Breaking {
    type Response = Response<UnsyncBoxBody<Bytes, Box<dyn Error + Send + Sync>>>;
    type Error = std::io::Error;
    type Future = std::future::Ready<Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<B>) -> Self::Future {
        let error = || Box::from(std::io::Error::from(std::io::ErrorKind::TimedOut));
        let body = Full::new(Bytes::from_static(b"{}"))
            .map_err(|never| match never {})
            .with_trailers(async move { Some(Err(error())) });
        std::future::ready(Ok(Response::new(body.boxed_unsync())))
    }
}

#[test]
fn a_boxed_body_error_records_its_inner_error() {
    for model in ["gpt-4o", "stream"] {
        let (collector, ()) = exported(plain(), async {
            let request = request("http://127.0.0.1:9/v1/chat/completions", model);
            let response = CallLayer::new().layer(Breaking).call(request).await.expect("an answer");
            response.into_body().collect().await.expect_err("it breaks");
        });
        let call = one(&collector);
        assert_eq!((text(&call, "llm_trace.outcome"), text(&call, "error.type")), ("error".into(), "timeout".into()));
    }
}

/// A client with boxed errors and a streaming body.
#[derive(Clone)]
struct Failing;

impl<B: http_body::Body> Service<Request<B>> for Failing {
    type Response = Response<Full<Bytes>>;
    type Error = Box<dyn Error + Send + Sync>;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        assert_eq!(request.body().size_hint().exact(), None, "it is still a stream");
        Box::pin(async { Err(std::io::Error::from(std::io::ErrorKind::TimedOut).into()) })
    }
}

#[test]
fn boxed_errors_are_read_and_streaming_requests_are_not() {
    let (collector, ()) = exported(plain(), async {
        let mut service = CallLayer::new().boxed_errors().layer(Failing);
        let body = StreamBody::new(futures_util::stream::iter([Ok::<_, std::io::Error>(http_body::Frame::data(
            Bytes::from_static(b"{}"),
        ))]));
        let request = Request::post("http://127.0.0.1:9/v1/chat/completions").body(body).expect("a request");
        service.call(request).await.expect_err("it fails");
    });
    let call = one(&collector);
    assert_eq!((text(&call, "llm_trace.outcome"), text(&call, "error.type")), ("error".into(), "timeout".into()));
}

/// The name and operation of a call whose connection is refused.
fn refused(path: &str, body: UnsyncBoxBody<Bytes, std::io::Error>, encoding: Option<&str>) -> (String, String) {
    let (collector, ()) = exported(plain(), async {
        let endpoints = Endpoints::none().host("127.0.0.1", "my-gateway");
        let client = Client::builder(TokioExecutor::new()).build_http();
        let mut service = CallLayer::new().endpoints(endpoints).layer(client);
        let mut request = Request::post(format!("http://127.0.0.1:1{path}")).body(body).expect("a request");
        let encoding = encoding.map(|encoding| encoding.parse().expect("a header value"));
        request.headers_mut().extend(encoding.map(|encoding| (http::header::CONTENT_ENCODING, encoding)));
        service.call(request).await.expect_err("it is refused");
    });
    let call = one(&collector);
    (call.span.name.clone(), text(&call, "gen_ai.operation.name"))
}

#[test]
fn an_unread_body_has_the_operation_of_a_read_one() {
    for (path, body, operation) in [
        ("/v2/rerank", r#"{"query":"q","documents":["a"]}"#, "retrieval"),
        ("/v1/models/m:generateContent", r#"{"contents":[]}"#, "chat"),
        ("/v1/chat/completions", r#"{"messages":[]}"#, "chat"),
        ("/v1/completions", r#"{"prompt":"p"}"#, "text_completion"),
        ("/v1/embeddings", r#"{"input":"i"}"#, "embeddings"),
    ] {
        let whole = || Full::new(Bytes::from_static(body.as_bytes())).map_err(|never| match never {}).boxed_unsync();
        let frames = futures_util::stream::iter([Ok(http_body::Frame::data(Bytes::from_static(body.as_bytes())))]);
        let read = refused(path, whole(), None);
        assert_eq!(read.1, operation, "{path}");
        assert_eq!(refused(path, whole(), Some("gzip")), read, "{path}, compressed");
        assert_eq!(refused(path, StreamBody::new(frames).boxed_unsync(), None), read, "{path}, streamed");
    }
}

/// A body that panics at its second poll and continues afterwards.
struct Stumbling(u32);

impl http_body::Body for Stumbling {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, Self::Error>>> {
        self.0 += 1;
        match self.0 {
            1 => Poll::Ready(Some(Ok(http_body::Frame::data(Bytes::from(r#"{"id": "c1", "model": "m-1", "#))))),
            2 => panic!("SENTINEL"),
            3 => Poll::Ready(Some(Ok(http_body::Frame::data(Bytes::from(r#""choices": []}"#))))),
            _ => Poll::Ready(None),
        }
    }
}

/// A client that returns [`Stumbling`] bodies.
#[derive(Clone)]
struct AnsweringStumbling;

impl<B> Service<Request<B>> for AnsweringStumbling {
    type Response = Response<Stumbling>;
    type Error = std::io::Error;
    type Future = std::future::Ready<Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<B>) -> Self::Future {
        std::future::ready(Ok(Response::new(Stumbling(0))))
    }
}

#[test]
fn a_body_polled_again_after_a_panic_keeps_its_outcome() {
    for (model, polls) in [("gpt-4o", 2), ("gpt-4o", 3), ("gpt-4o", 4), ("stream", 3), ("stream", 4)] {
        let (collector, ()) = exported(plain(), async {
            let request = request("http://127.0.0.1:9/v1/chat/completions", model);
            let response = CallLayer::new().layer(AnsweringStumbling).call(request).await.expect("an answer");
            let mut body = response.into_body();
            for poll in 0..polls {
                let frame = std::panic::AssertUnwindSafe(body.frame());
                assert_eq!(futures_util::FutureExt::catch_unwind(frame).await.is_err(), poll == 1, "{poll}");
            }
        });
        let call = one(&collector);
        assert_eq!((text(&call, "llm_trace.outcome").as_str(), call.status_code()), ("panicked", 2), "{model} {polls}");
    }
}
