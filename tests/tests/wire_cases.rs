//! Small exchanges in the formats that providers send: `tests/cases/wire/*.json` and those of the shared folder.
//!
//! A case has a request, an answer and the expected span. Each case runs annotated (by value, by bytes, by a custom
//! type) and through both client layers, and is tested on the exported data.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::path::{Path, PathBuf};
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, stream};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use llm_trace::client::{CallLayer, CallMiddleware, Endpoints};
use llm_trace::{Capture, Compat, Operation, Policy, PriceTable, llm_call};
use llm_trace_tests::collector::{Collector, ReceivedSpan};
use reqwest_middleware::{ClientBuilder, Middleware, Next};
use serde::Serialize;
use serde_json::{Map, Value, json};
use tower_layer::Layer as _;
use tower_service::Service;
use tracing_subscriber::prelude::*;

/// The content of one case file.
struct Case {
    name: String,
    fields: Value,
}

/// A custom type that is read by serializing it.
#[derive(Serialize)]
struct Typed(Value);

const VARIANTS: [&str; 5] = ["value", "bytes", "typed", "tower", "reqwest-middleware"];

impl Case {
    fn text(&self, key: &str) -> Option<&str> {
        self.fields[key].as_str()
    }

    fn provider(&self) -> String {
        self.text("provider").expect("a provider").to_owned()
    }

    /// A client layer knows the path even where the function does not.
    fn client_path(&self) -> &str {
        self.text("path").unwrap_or_else(|| match &self.fields["request"] {
            request if request.get("contents").is_some() => "/v1/publishers/google/models/m:generateContent",
            request if request.get("input").is_some() => "/v1/responses",
            _ => "/v1/chat/completions",
        })
    }

    fn method(&self) -> http::Method {
        self.text("method").unwrap_or("POST").parse().expect("a method")
    }

    fn status(&self) -> u16 {
        self.fields["status"].as_u64().map_or(200, |status| u16::try_from(status).expect("a status"))
    }

    fn operation(&self) -> Operation {
        match (self.text("operation"), &self.fields["request"]) {
            (Some(operation), _) => operation.to_owned().into(),
            (None, request) if request.get("contents").is_some() => Operation::GenerateContent,
            _ => Operation::Chat,
        }
    }

    fn request(&self) -> Bytes {
        match &self.fields["request"] {
            Value::Null => Bytes::new(),
            request => request.to_string().into(),
        }
    }

    fn is_stream(&self) -> bool {
        self.fields.get("chunks").is_some()
    }

    /// The bytes of the answer; a stream event by event.
    fn pieces(&self) -> Vec<Bytes> {
        match (&self.fields["chunks"], &self.fields["body"]) {
            (Value::Array(chunks), _) => chunks
                .iter()
                .map(|chunk| match chunk {
                    Value::String(text) => text.clone().into(),
                    chunk => format!("data: {chunk}\n\n").into(),
                })
                .collect(),
            (_, Value::String(text)) => vec![text.clone().into()],
            (_, body) => vec![body.to_string().into()],
        }
    }

    /// The events of a stream as JSON values; other events are omitted.
    fn events(&self) -> Vec<Value> {
        let text = self.pieces().concat();
        let text = String::from_utf8(text).expect("text");
        text.lines()
            .filter_map(|line| serde_json::from_str(line.strip_prefix("data:").unwrap_or(line).trim()).ok())
            .collect()
    }

    fn content_type(&self) -> &str {
        self.text("content_type").unwrap_or(if self.is_stream() { "text/event-stream" } else { "application/json" })
    }

    /// Runs one variant; `None` where it does not apply.
    fn run(&self, variant: &str) -> Option<Vec<ReceivedSpan>> {
        let only: Option<BTreeSet<&str>> =
            self.fields["variants"].as_array().map(|list| list.iter().filter_map(Value::as_str).collect());
        let is_text = self.fields["body"].is_string();
        if only.is_some_and(|only| !only.contains(variant)) || (is_text && matches!(variant, "value" | "typed")) {
            return None;
        }
        let collector = Collector::start();
        let mut layer = llm_trace::layer()
            .with_policy(Policy::new().capture(Capture::Span))
            .with_compat(Compat::UsageCost)
            .with_tracer_provider(&collector.provider());
        if let Some(prices) = self.fields.get("prices") {
            layer = layer.prices(PriceTable::from_json(prices.to_string().as_bytes()).expect("prices"));
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            runtime.block_on(async {
                match variant {
                    "tower" => self.through_tower().await,
                    "reqwest-middleware" => self.through_reqwest().await,
                    _ => self.annotated(variant).await,
                }
            });
        });
        Some(collector.spans())
    }

    async fn annotated(&self, variant: &str) {
        let call = || Call {
            operation: self.operation(),
            provider: self.provider(),
            server: self.text("path").map(|path| format!("https://llm.example{path}")),
        };
        let request = &self.fields["request"];
        match (variant, self.is_stream()) {
            ("value", false) => drop(by_value(call(), request, self.fields["body"].clone()).await),
            ("bytes", false) => drop(by_bytes(call(), &self.request(), self.pieces().concat().into()).await),
            ("typed", false) => {
                drop(by_type(call(), &Typed(request.clone()), Typed(self.fields["body"].clone())).await)
            }
            ("value", true) => {
                let Ok(events) = values(call(), request, self.events()).await;
                events.for_each(|_| ready(())).await;
            }
            ("bytes", true) => {
                let Ok(events) = pieces(call(), &self.request(), cut(&self.pieces().concat())).await;
                events.for_each(|_| ready(())).await;
            }
            (_, _) => {
                let Ok(events) = typed(call(), &Typed(request.clone()), self.events()).await;
                events.for_each(|_| ready(())).await;
            }
        }
    }

    fn response(&self) -> http::Response<Vec<Bytes>> {
        http::Response::builder()
            .status(self.status())
            .header(http::header::CONTENT_TYPE, self.content_type())
            .body(if self.is_stream() { cut(&self.pieces().concat()) } else { self.pieces() })
            .expect("a response")
    }

    fn endpoints(&self) -> Endpoints {
        Endpoints::none().host("llm.example", self.provider())
    }

    async fn through_tower(&self) {
        let request = http::Request::builder()
            .method(self.method())
            .uri(format!("https://llm.example{}", self.client_path()))
            .header(http::header::CONTENT_TYPE, "application/json")
            .body(Full::new(self.request()))
            .expect("a request");
        let mut service = CallLayer::new().endpoints(self.endpoints()).layer(Answer(self.response()));
        let response = service.call(request).await.expect("an answer");
        response.into_body().collect().await.expect("a body");
    }

    async fn through_reqwest(&self) {
        let client = ClientBuilder::new(reqwest::Client::new())
            .with(CallMiddleware::new().endpoints(self.endpoints()))
            .with(Answer(self.response()))
            .build();
        let url = format!("https://llm.example{}", self.client_path());
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

/// The description of a call as the user writes it.
struct Call {
    operation: Operation,
    provider: String,
    server: Option<String>,
}

#[llm_call(operation = call.operation.clone(), provider = call.provider.clone(), server = call.server.as_deref(), request = request)]
async fn by_value(call: Call, request: &Value, answer: Value) -> Result<Value, Infallible> {
    Ok(answer)
}

#[llm_call(operation = call.operation.clone(), provider = call.provider.clone(), server = call.server.as_deref(), request = request)]
async fn by_bytes(call: Call, request: &Bytes, answer: Bytes) -> Result<Bytes, Infallible> {
    Ok(answer)
}

#[llm_call(operation = call.operation.clone(), provider = call.provider.clone(), server = call.server.as_deref(), request = request)]
async fn by_type(call: Call, request: &Typed, answer: Typed) -> Result<Typed, Infallible> {
    Ok(answer)
}

#[llm_call(operation = call.operation.clone(), provider = call.provider.clone(), server = call.server.as_deref(), request = request)]
async fn values(
    call: Call,
    request: &Value,
    events: Vec<Value>,
) -> Result<impl Stream<Item = Result<Value, Infallible>> + use<>, Infallible> {
    Ok(stream::iter(events).map(Ok))
}

#[llm_call(operation = call.operation.clone(), provider = call.provider.clone(), server = call.server.as_deref(), request = request)]
async fn pieces(
    call: Call,
    request: &Bytes,
    pieces: Vec<Bytes>,
) -> Result<impl Stream<Item = Result<Bytes, Infallible>> + use<>, Infallible> {
    Ok(stream::iter(pieces).map(Ok))
}

#[llm_call(operation = call.operation.clone(), provider = call.provider.clone(), server = call.server.as_deref(), request = request)]
async fn typed(
    call: Call,
    request: &Typed,
    events: Vec<Value>,
) -> Result<impl Stream<Item = Result<Typed, Infallible>> + use<>, Infallible> {
    Ok(stream::iter(events).map(|event| Ok(Typed(event))))
}

/// Splits a stream's bytes at positions that are not event boundaries.
fn cut(mut bytes: &[u8]) -> Vec<Bytes> {
    let mut out = Vec::new();
    for size in [1, 7, 64, 333].into_iter().cycle() {
        if bytes.is_empty() {
            return out;
        }
        let (piece, rest) = bytes.split_at(size.min(bytes.len()));
        out.push(Bytes::copy_from_slice(piece));
        bytes = rest;
    }
    out
}

/// The differences between the span and the case.
fn disagreements(expected: &Map<String, Value>, span: &ReceivedSpan) -> Vec<String> {
    let attributes = span.attributes();
    let json = |name: &str| -> Vec<Value> {
        let text = attributes.get(name).and_then(Value::as_str);
        text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    };
    let (input, output) = (json("gen_ai.input.messages"), json("gen_ai.output.messages"));
    let mut found = Vec::new();
    for (key, expected) in expected {
        let actual = match key.as_str() {
            "absent" => {
                let there = expected.as_array().into_iter().flatten().filter_map(Value::as_str);
                found.extend(there.filter_map(|key| Some(format!("{key}: {} should be absent", attributes.get(key)?))));
                continue;
            }
            "input" => input.iter().map(types).collect(),
            "output" => output.iter().map(types).collect(),
            "output_text" => output.iter().map(|message| joined(message, "text")).collect(),
            "output_reasoning" => output.iter().map(|message| joined(message, "reasoning")).collect(),
            "input_text" => input.iter().map(|message| joined(message, "text")).collect(),
            "input_reasoning" => input.iter().map(|message| joined(message, "reasoning")).collect(),
            "tool_calls" => output.iter().flat_map(parts).filter(is_tool_call).map(tool_call).collect(),
            "status" => span.status_code().into(),
            "name" => span.span.name.clone().into(),
            key => attributes.get(key).cloned().unwrap_or_default(),
        };
        if !same(expected, &actual) {
            found.push(format!("{key}: expected {expected}, found {actual}"));
        }
    }
    found
}

fn parts(message: &Value) -> Vec<Value> {
    message["parts"].as_array().cloned().unwrap_or_default()
}

fn types(message: &Value) -> Value {
    let mut row = vec![message["role"].clone()];
    row.extend(parts(message).iter().map(|part| part["type"].clone()));
    row.into()
}

fn joined(message: &Value, kind: &str) -> Value {
    let of_kind = |part: &&Value| part["type"] == kind;
    parts(message).iter().filter(of_kind).filter_map(|part| part["content"].as_str()).collect::<String>().into()
}

fn is_tool_call(part: &Value) -> bool {
    part["type"] == "tool_call"
}

fn tool_call(part: Value) -> Value {
    json!([part["id"], part["name"], part["arguments"]])
}

/// Equal, except that sums of floating-point numbers can differ in the last digits.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => {
            let (a, b) = (a.as_f64().unwrap_or(f64::NAN), b.as_f64().unwrap_or(f64::NAN));
            (a - b).abs() <= 1e-9 * a.abs().max(b.abs())
        }
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        _ => a == b,
    }
}

fn load(dir: &Path) -> Vec<Case> {
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(dir).map(|entries| entries.flatten().map(|entry| entry.path()).collect()).unwrap_or_default();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    let case = |path: &PathBuf| Case {
        name: path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default(),
        fields: serde_json::from_slice(&std::fs::read(path).expect("a file"))
            .unwrap_or_else(|error| panic!("{}: {error}", path.display())),
    };
    paths.iter().map(case).collect()
}

fn judge(cases: &[Case]) {
    let mut failures = Vec::new();
    for case in cases {
        let expected = case.fields["expected"].as_object().expect("what is expected");
        for variant in VARIANTS {
            let Some(spans) = case.run(variant) else { continue };
            let found = match &spans[..] {
                [span] => disagreements(expected, span),
                spans => vec![format!("{} spans", spans.len())],
            };
            failures.extend(found.iter().map(|found| format!("{} by {variant}: {found}", case.name)));
        }
    }
    assert!(failures.is_empty(), "{} disagreements:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn our_cases_match() {
    let cases = load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("cases/wire"));
    assert!(!cases.is_empty(), "no cases");
    judge(&cases);
}

#[test]
fn the_shared_cases_match() {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/cases/wire");
    let dir = std::env::var_os("LLM_TRACE_CASES").map_or_else(beside, PathBuf::from);
    if !dir.is_dir() {
        eprintln!("skipped: no cases in {}", dir.display());
        return;
    }
    judge(&load(&dir));
}
