//! Runs of a case through the client layers.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use llm_trace::client::{CallLayer, CallMiddleware, Endpoints};
use reqwest_middleware::{ClientBuilder, Middleware, Next};
use tower_layer::Layer as _;
use tower_service::Service;

use crate::case::{Case, cut};

impl Case {
    fn response(&self) -> http::Response<Vec<Bytes>> {
        http::Response::builder()
            .status(self.status())
            .header(http::header::CONTENT_TYPE, self.content_type())
            .body(if self.is_stream() { cut(&self.pieces().concat()) } else { self.pieces() })
            .expect("a response")
    }

    fn endpoints(&self) -> Endpoints {
        match self.text("provider") {
            Some(provider) => Endpoints::none().host(self.host(), provider.to_owned()),
            None => Endpoints::new(),
        }
    }

    pub async fn through_tower(&self) {
        let request = http::Request::builder()
            .method(self.method())
            .uri(format!("https://{}{}", self.host(), self.client_path()))
            .header(http::header::CONTENT_TYPE, "application/json")
            .body(Full::new(self.request()))
            .expect("a request");
        let mut service = CallLayer::new().endpoints(self.endpoints()).layer(Answer(self.response()));
        let response = service.call(request).await.expect("an answer");
        response.into_body().collect().await.expect("a body");
    }

    pub async fn through_reqwest(&self) {
        let client = ClientBuilder::new(reqwest::Client::new())
            .with(CallMiddleware::new().endpoints(self.endpoints()))
            .with(Answer(self.response()))
            .build();
        let url = format!("https://{}{}", self.host(), self.client_path());
        let response = client.request(self.method(), url).body(self.request()).send().await.expect("an answer");
        response.bytes().await.expect("a body");
    }
}

/// A network that returns one answer.
#[derive(Clone)]
struct Answer(http::Response<Vec<Bytes>>);

type AnswerBody = UnsyncBoxBody<Bytes, Infallible>;

impl<B> Service<http::Request<B>> for Answer {
    type Response = http::Response<AnswerBody>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: http::Request<B>) -> Self::Future {
        let pieces = self.0.body().clone();
        let frames = stream::iter(pieces).map(|piece| Ok(http_body::Frame::data(piece)));
        ready(Ok(self.0.clone().map(|_| StreamBody::new(frames).boxed_unsync())))
    }
}

#[async_trait::async_trait]
impl Middleware for Answer {
    async fn handle(
        &self,
        _: reqwest::Request,
        _: &mut http::Extensions,
        _: Next<'_>,
    ) -> reqwest_middleware::Result<reqwest::Response> {
        let pieces = self.0.body().clone();
        let body = reqwest::Body::wrap_stream(stream::iter(pieces).map(Ok::<_, Infallible>));
        Ok(self.0.clone().map(|_| body).into())
    }
}
