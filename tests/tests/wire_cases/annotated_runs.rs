//! Runs of a case through annotated functions.

use std::convert::Infallible;
use std::future::ready;

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, stream};
use llm_trace::Operation;
use serde::Serialize;
use serde_json::Value;

use crate::case::{Case, cut};

/// A custom type that is read by serializing it.
#[derive(Serialize)]
struct Typed(Value);

/// The description of a call as the user writes it.
#[derive(Clone)]
struct Call {
    operation: Operation,
    provider: String,
    server: Option<String>,
}

/// Functions with one attribute each for values, bytes and custom types, whole and streamed.
macro_rules! functions {
    ($module:ident, |$call:ident, $request:ident| $($argument:tt)*) => {
        mod $module {
            use llm_trace::llm_call;

            use super::*;

            #[llm_call($($argument)*)]
            pub(super) async fn value($call: Call, $request: &Value, answer: Value) -> Result<Value, Infallible> {
                Ok(answer)
            }

            #[llm_call($($argument)*)]
            pub(super) async fn bytes($call: Call, $request: &Bytes, answer: Bytes) -> Result<Bytes, Infallible> {
                Ok(answer)
            }

            #[llm_call($($argument)*)]
            pub(super) async fn typed($call: Call, $request: &Typed, answer: Typed) -> Result<Typed, Infallible> {
                Ok(answer)
            }

            #[llm_call($($argument)*)]
            pub(super) async fn values(
                $call: Call,
                $request: &Value,
                events: Vec<Value>,
            ) -> Result<impl Stream<Item = Result<Value, Infallible>> + use<>, Infallible> {
                Ok(stream::iter(events).map(Ok))
            }

            #[llm_call($($argument)*)]
            pub(super) async fn pieces(
                $call: Call,
                $request: &Bytes,
                pieces: Vec<Bytes>,
            ) -> Result<impl Stream<Item = Result<Bytes, Infallible>> + use<>, Infallible> {
                Ok(stream::iter(pieces).map(Ok))
            }

            #[llm_call($($argument)*)]
            pub(super) async fn items(
                $call: Call,
                $request: &Typed,
                events: Vec<Value>,
            ) -> Result<impl Stream<Item = Result<Typed, Infallible>> + use<>, Infallible> {
                Ok(stream::iter(events).map(|event| Ok(Typed(event))))
            }

            pub(super) async fn run(case: &Case, $call: Call, variant: &str) {
                let $request = &case.fields["request"];
                let body = case.fields["body"].clone();
                match (variant, case.is_stream()) {
                    ("value", false) => drop(value($call, $request, body).await),
                    ("bytes", false) => drop(bytes($call, &case.request(), case.pieces().concat().into()).await),
                    (_, false) => drop(typed($call, &Typed($request.clone()), Typed(body)).await),
                    ("value", true) => {
                        let Ok(events) = values($call, $request, case.events()).await;
                        events.for_each(|_| ready(())).await;
                    }
                    ("bytes", true) => {
                        let Ok(events) = pieces($call, &case.request(), cut(&case.pieces().concat())).await;
                        events.for_each(|_| ready(())).await;
                    }
                    (_, true) => {
                        let Ok(events) = items($call, &Typed($request.clone()), case.events()).await;
                        events.for_each(|_| ready(())).await;
                    }
                }
            }
        }
    };
}

functions!(unnamed, |call, request| server = call.server.as_deref(), request = request);
functions!(named, |call, request| provider = call.provider.clone(), server = call.server.as_deref(), request = request);
functions!(
    stated,
    |call, request| operation = call.operation.clone(),
    provider = call.provider.clone(),
    server = call.server.as_deref(),
    request = request
);

impl Case {
    /// Without a provider the attribute has the request alone, and without an operation the formats determine it.
    pub async fn annotated(&self, variant: &str) {
        let call = Call {
            operation: self.text("operation").unwrap_or_default().to_owned().into(),
            provider: self.text("provider").unwrap_or_default().to_owned(),
            server: self.text("path").map(|path| format!("https://{}{path}", self.host())),
        };
        match (self.text("provider"), self.text("operation")) {
            (None, _) => unnamed::run(self, call, variant).await,
            (_, None) => named::run(self, call, variant).await,
            (_, Some(_)) => stated::run(self, call, variant).await,
        }
    }
}
