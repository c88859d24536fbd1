//! Records a request and its response as a call.

use http::{HeaderMap, Method};
use http_body::Body;

use super::answer::CallBody;
use super::endpoints::Endpoints;
use crate::arguments::captured_value::CapturedValue;
use crate::arguments::{CallArguments, ProbedValue};
use crate::call::lifecycle::inject_to;
use crate::call::{LlmCall, Prepared};
use crate::diag;
use crate::model::Provider;
use crate::semconv::Fact;
use crate::wire::detect;

/// The target of a request.
pub(super) struct Target<'a> {
    pub(super) method: &'a Method,
    pub(super) scheme: &'a str,
    pub(super) host: &'a str,
    pub(super) port: Option<u16>,
    pub(super) path: &'a str,
}

impl Target<'_> {
    /// The provider, if the request is an LLM call and a subscriber is interested.
    pub(super) fn provider(&self, endpoints: &Endpoints) -> Option<Provider> {
        if !(self.is_get() || *self.method == Method::POST) || !crate::__private::enabled(tracing::Level::INFO) {
            return None;
        }
        endpoints.provider(self.is_get(), self.host, self.port, self.path)
    }

    fn is_get(&self) -> bool {
        *self.method == Method::GET
    }

    /// The URL without user information and query, which can contain a key.
    fn url(&self) -> String {
        let Self { scheme, host, path, .. } = self;
        match self.port {
            Some(port) => format!("{scheme}://{host}:{port}{path}"),
            None => format!("{scheme}://{host}{path}"),
        }
    }

    /// Starts a call; inside an annotated call of the same kind it is merged into that call. Adds trace context to the
    /// headers if the layer's [`Propagation`](crate::Propagation) includes the host.
    pub(super) fn begin(&self, provider: Provider, body: Option<&[u8]>, headers: &mut HeaderMap) -> LlmCall {
        let url = self.url();
        let make = crate::__make_span!(target: "llm_trace::client", level: tracing::Level::INFO, name: "llm_call");
        let encoding = headers.get(http::header::CONTENT_ENCODING);
        let encoded = encoding.is_some_and(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity"));
        let body = body.filter(|body| !encoded && !body.is_empty());
        // Without a body, the path determines the operation.
        let operation = if body.is_some() { None } else { detect::operation_of(self.is_get(), self.path) };
        let mut setup = CallArguments::new(operation, make);
        setup.provider(outer_provider().unwrap_or(provider));
        setup.server(Some(url.as_str().into()));
        if let Some(body) = body {
            setup.request(ProbedValue(CapturedValue::Bytes(body)));
        }
        let call = setup.start();
        call.run(|| inject_to(&url, headers));
        call
    }
}

/// The provider of the enclosing annotated model call. It takes precedence over the provider derived from the host.
fn outer_provider() -> Option<Provider> {
    let around = LlmCall::current();
    let record = around.active()?.lock();
    record.provider.clone().filter(|_| record.operation.is_model_call())
}

/// A started call, in the form that traces a future.
pub(super) fn prepared(call: LlmCall) -> Prepared {
    Prepared::started(call)
}

/// Wraps the response's body, which ends the call.
pub(super) fn answered<B: Body, E>(call: LlmCall, status: u16, headers: &HeaderMap, body: B) -> CallBody<B, E> {
    let Some(active) = call.active() else { return CallBody::aside(body) };
    let (asked, path) = {
        let record = active.lock();
        let path = record.server.as_ref().and_then(|server| server.path.clone()).unwrap_or_default();
        (record.request.flag(Fact::RequestStream) == Some(true), path)
    };
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let encoding = header(http::header::CONTENT_ENCODING);
    if !encoding.is_empty() && !encoding.eq_ignore_ascii_case("identity") {
        diag::warn_once(
            "client-encoding",
            "an LLM response is compressed and cannot be read here, so its tokens and finish reasons are unknown: \
             put the decompression layer between llm_trace's layer and the network",
        );
        return CallBody::whole(call, status, false, body);
    }
    let kind = header(http::header::CONTENT_TYPE);
    if status < 400 && is_stream(kind.split(';').next().unwrap_or_default().trim(), asked, &path) {
        return CallBody::stream(&call, body);
    }
    CallBody::whole(call, status, true, body)
}

fn is_stream(content_type: &str, asked: bool, path: &str) -> bool {
    match content_type {
        "text/event-stream" | "application/x-ndjson" | "application/vnd.amazon.eventstream" | "application/jsonl" => {
            true
        }
        // Gemini streams one array; other APIs that were asked for a stream answered without one.
        "application/json" => asked && path.ends_with(":streamGenerateContent"),
        _ => asked,
    }
}

/// Ends the call without a response.
pub(super) fn failed(call: LlmCall, error: &(dyn std::error::Error + 'static)) {
    if call.is_enabled() {
        crate::capture::with_dyn_error(error, |error| call.finish_err(error));
    }
}
