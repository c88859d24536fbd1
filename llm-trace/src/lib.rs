//! Trace the LLM calls of any Rust program with OpenTelemetry.
//!
//! Annotate the functions that already call an LLM, add one layer, keep your HTTP client:
//!
//! ```no_run
//! use llm_trace::llm_call;
//! # struct Client;
//! # impl Client { fn post(&self, _: &serde_json::Value) -> std::io::Result<serde_json::Value> { todo!() } }
//!
//! #[llm_call(provider = "openai", request = body)]
//! fn chat(http: &Client, body: &serde_json::Value) -> std::io::Result<serde_json::Value> {
//!     http.post(body)
//! }
//!
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let _telemetry = llm_trace::init()?;
//!     let body = serde_json::json!({"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hello"}]});
//!     chat(&Client, &body)?;
//!     Ok(())
//! }
//! ```
//!
//! Each call becomes one span as the [GenAI semantic conventions] have it, with what the request, the answer or the
//! stream told, and how it ended: answered, refused, cut, cancelled, panicked. Without a variable set, the spans are
//! printed as a tree; `OTEL_ENDPOINT` sends them.
//!
//! A subscriber of your own takes the layer instead of `init()`, and the policy says what content may leave:
//!
//! ```
//! use llm_trace::{Capture, Policy, llm_call, redact};
//! use opentelemetry_sdk::trace::SdkTracerProvider;
//! use tracing_subscriber::{fmt, prelude::*};
//!
//! let provider = SdkTracerProvider::builder().build();
//! let policy = Policy::new().capture(Capture::Span).mask_output(true);
//! let subscriber = tracing_subscriber::registry()
//!     .with(llm_trace::layer().with_policy(policy).with_tracer_provider(&provider))
//!     .with(redact(fmt::layer()));
//!
//! #[llm_call(provider = "anthropic", model = "claude-sonnet-4-5", input = prompt, mask_input)]
//! fn ask(prompt: &str) -> String {
//!     prompt.to_uppercase()
//! }
//! tracing::subscriber::with_default(subscriber, || ask("Hello"));
//! ```
//!
//! | to | see |
//! |---|---|
//! | annotate a function that calls a model | [`llm_call`] |
//! | annotate tools, agents, workflows, retrieval, guardrails | [`llm_tool`], [`llm_agent`], [`llm_workflow`], [`llm_retrieval`], [`llm_guardrail`] |
//! | add to the call from inside, or end it by hand | [`LlmCall`] |
//! | make a call without the macro | [`CallBuilder`] |
//! | trace a client without annotating anything | `client` |
//! | set everything up from the environment | [`init`], [`export`] |
//! | add the layer to a subscriber of your own | [`layer`] |
//! | say what content may leave, at run time too | [`Policy`], [`PolicyHandle`] |
//! | mask what other crates record | [`redact()`], [`RedactProcessor`], [`RedactLogProcessor`] |
//! | make spans of `rig`, `genai` and the like conform | [`LlmLayer::normalize`], [`NormalizeProcessor`] |
//! | say whose calls these are, and in which trace | [`scope()`] |
//! | record a type that is neither JSON nor `Serialize` | [`RecordRequest`], [`RecordResponse`] |
//! | price calls, judge answers | [`PriceTable`], [`evaluation`] |
//! | find out why nothing arrives | [`check()`] |
//! | test what your calls tell, and what they keep in | the feature `testing` |
//!
//! One page per task, with tables of every variable and attribute, is in [`docs/`]; each client crate has an example in
//! [`examples/clients`].
//!
//! # Features
//!
//! A library that only annotates needs none of them, and pays for `tracing` alone (`default-features = false`).
//!
//! | on by default | |
//! |---|---|
//! | `otel` | the layer, the policy and everything that makes OpenTelemetry spans |
//! | `serde`, `http`, `bytes`, `stream` | requests and answers that are `Serialize`, `http::Response`, `Bytes`, streams |
//! | `init` | [`init()`](init) and the export by environment variables |
//! | `otlp-http` | OTLP over HTTP |
//!
//! | on demand | |
//! |---|---|
//! | `reqwest-0-12`, `reqwest-0-13`, `ureq-3`, `async-openai`, `anyhow` | what the errors (and responses) of these crates tell |
//! | `aws-sdk`, `aws-eventstream`, `http-body` | calls through the AWS SDK, Bedrock's binary streams, `http_body::Body` |
//! | `reqwest-middleware`, `tower` | calls without annotations, by what is sent |
//! | `otlp-grpc` | OTLP over gRPC |
//! | `metrics`, `logs` | GenAI metrics, and events as log records |
//! | `scrub-rules` | ready scrubbing rules |
//! | `fmt` | a field formatter for two `fmt` layers side by side |
//! | `testing` | for your own tests |
//!
//! # Other crates in the interface
//!
//! A version of this crate goes with one version of each: `tracing` 0.1, `tracing-subscriber` 0.3,
//! `tracing-opentelemetry` 0.34, `opentelemetry` and `opentelemetry_sdk` 0.33, `http` 1, `http-body` 1, `serde` 1,
//! `bytes` 1, `futures-core` 0.3, `aws-smithy-runtime-api` 1, `reqwest-middleware` 0.5, `tower-layer` and `tower-service` 0.3.
//!
//! [`docs/`]: https://github.com/llm-trace/llm-trace/tree/main/docs
//! [`examples/clients`]: https://github.com/llm-trace/llm-trace/tree/main/examples/clients
//! [GenAI semantic conventions]: https://github.com/open-telemetry/semantic-conventions/tree/v1.41.1/docs/gen-ai
#![deny(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "otel")]
mod ambient;
#[cfg(feature = "aws-sdk")]
#[cfg_attr(docsrs, doc(cfg(feature = "aws-sdk")))]
pub mod aws;
mod builder;
#[cfg(feature = "otel")]
mod cache_padded;
mod call;
mod capture;
#[cfg(feature = "otel")]
mod check;
#[cfg(any(feature = "reqwest-middleware", feature = "tower"))]
#[cfg_attr(docsrs, doc(cfg(any(feature = "reqwest-middleware", feature = "tower"))))]
pub mod client;
#[cfg(feature = "otel")]
mod cost;
#[cfg(feature = "otel")]
mod credentials;
mod diag;
#[cfg(feature = "otel")]
mod downcast;
#[cfg(feature = "init")]
pub mod export;
#[cfg(feature = "otel")]
mod files;
#[cfg(feature = "otel")]
mod guard;
mod guarded;
#[cfg(feature = "serde")]
#[cfg_attr(not(feature = "otel"), allow(dead_code, unused_imports, unused_macros))]
mod json;
#[cfg(feature = "otel")]
mod layer;
#[cfg(feature = "otel")]
mod message;
mod model;
#[cfg(feature = "otel")]
mod normalize;
#[cfg(feature = "otel")]
mod policy;
#[cfg_attr(not(feature = "otel"), allow(dead_code, unreachable_pub, unused_imports))]
mod semconv;
#[cfg(feature = "otel")]
mod sink;
#[cfg(any(feature = "stream", feature = "http-body"))]
mod stream;
#[cfg(feature = "testing")]
#[cfg_attr(docsrs, doc(cfg(feature = "testing")))]
pub mod testing;
#[cfg(feature = "otel")]
mod wire;

pub use llm_trace_macros::{llm_agent, llm_call, llm_guardrail, llm_retrieval, llm_tool, llm_workflow};

#[cfg(feature = "otel")]
pub use ambient::{
    Caller, ExistingTrace, Headers, Id, IdGenerator, InScope, MetadataError, Scope, Scoped, TraceBackend, TraceError,
    TraceUpdate, scope,
};
pub use builder::CallBuilder;
pub use call::LlmCall;
#[cfg(feature = "otel")]
pub use call::OpenCalls;
#[cfg(feature = "logs")]
pub use call::{CallRef, Evaluation, evaluation};
#[cfg(all(feature = "otel", feature = "http"))]
pub use call::{Propagation, inject, inject_to};
#[cfg(feature = "otel")]
pub use check::{Check, check};
#[cfg(feature = "otel")]
pub use cost::{Cost, PriceTable, PricedCall, Prices, PricesError};
#[cfg(feature = "init")]
pub use export::init;
#[cfg(feature = "logs")]
pub use guard::RedactLogProcessor;
#[cfg(feature = "fmt")]
pub use guard::{FmtFields, fmt_fields};
#[cfg(feature = "otel")]
pub use guard::{RedactLayer, RedactProcessor, redact};
#[cfg(feature = "otel")]
pub use layer::{LlmLayer, NarrowProcessor, layer};
#[cfg(feature = "otel")]
pub use message::{RecordRequest, RecordResponse, RequestRecord, ResponseRecord};
#[cfg(feature = "otel")]
pub use model::Usage;
pub use model::{Nested, Operation, Outcome, Provider};
#[cfg(feature = "otel")]
pub use normalize::NormalizeProcessor;
#[cfg(feature = "otel")]
pub use policy::{
    Capture, HashKey, MaskFlag, Masks, Metadata, Place, Policy, PolicyError, PolicyHandle, Style, TextKind,
};
#[cfg(feature = "scrub-rules")]
pub use policy::{PatternError, Rule, ScrubRules};
pub use semconv::AttributeValue;
#[cfg(feature = "otel")]
pub use semconv::Profile;
#[cfg(feature = "otel")]
pub use sink::{CallHooks, Compat, FinishedCall};
#[cfg(all(feature = "stream", feature = "serde"))]
pub use stream::StreamItem;
#[cfg(feature = "stream")]
pub use stream::Traced;
#[cfg(feature = "http-body")]
pub use stream::{ErrorTypeNameOnly, ReadError, TracedBody, TypedErrors};

#[cfg(feature = "internal")]
#[doc(hidden)]
pub mod internal;

/// What the macros' expansions call. No stability.
#[doc(hidden)]
pub mod __private {
    pub use ::core;
    pub use tracing;

    /// Whether anything would record a call at this level.
    #[cfg(not(feature = "otel"))]
    #[inline]
    pub fn enabled(level: tracing::Level) -> bool {
        crate::call::is_enabled(level)
    }
    pub use crate::call::{
        CallArguments, EnteredCall, LlmCall, MakeSpan, Prepared, ProbedValue, StartFields, StreamCall, TracedFuture,
        trace_future,
    };
    #[cfg(feature = "otel")]
    pub use crate::check::enabled;
    pub use crate::model::Operation;
    pub use crate::semconv::value::Maybe;
    pub use crate::semconv::{ContentField, Fact};

    pub mod capture {
        pub use crate::capture::*;
    }
    #[cfg(feature = "stream")]
    pub mod stream {
        pub use crate::stream::*;
    }
}
