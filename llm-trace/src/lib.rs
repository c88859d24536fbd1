//! Trace the LLM calls of a Rust program with OpenTelemetry.
//!
//! Annotate the functions that call an LLM and start the export. You keep your HTTP client:
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
//! Each call becomes one span that follows the [GenAI semantic conventions]. The span holds the model, the token counts
//! and other facts of the request and the response or stream, and the outcome: completed, error, truncated,
//! cancelled, panicked and so on. Prompts and responses are not recorded by default. [`init`] prints the spans as a
//! tree, or exports them to the endpoint in `OTEL_ENDPOINT`.
//!
//! To use your own subscriber, add the [`layer()`] instead of calling [`init`]. The [`Policy`] decides which content is
//! recorded:
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
//! | add attributes to the current call, or end it by hand | [`LlmCall`] |
//! | trace a call without a macro | [`CallBuilder`] |
//! | trace an HTTP client without annotations | `client` |
//! | configure everything from the environment | [`init`], [`export`] |
//! | add the layer to your own subscriber | [`layer()`] |
//! | capture and mask content, also at run time | [`Policy`], [`PolicyHandle`] |
//! | mask spans and log records of other crates | [`redact()`], [`RedactProcessor`], [`RedactLogProcessor`] |
//! | convert spans of `rig`, `genai` and similar crates | [`LlmLayer::with_normalization`], [`NormalizeProcessor`] |
//! | set the user, the session and the trace of calls | [`scope()`] |
//! | record a type that is neither JSON nor `Serialize` | [`RecordRequest`], [`RecordResponse`] |
//! | price calls, evaluate responses | [`PriceTable`], [`evaluation`] |
//! | receive each finished call in a closure | [`LlmLayer::with_call_hook`] |
//! | find out why no spans arrive | [`check()`] |
//! | test which spans your calls record | the feature `testing` |
//!
//! The guides in [`docs/`] cover one task each and list every variable and attribute. [`examples/clients`] has an
//! example for each client crate.
//!
//! # Features
//!
//! A library that only annotates functions sets `default-features = false`, which depends on `tracing` and `serde_json`
//! alone, and adds the features of the types in its signatures, such as `reqwest-0-13` and `stream`. Without the feature
//! of its client, errors have no status and responses are not read. See [libraries].
//!
//! | on by default | | crates that it adds |
//! |---|---|---|
//! | `fields` | the layer, the policy, and calls as fields of `tracing` spans | `tracing-subscriber`, `hmac-sha256` |
//! | `otel` | OpenTelemetry spans, metrics and events | `opentelemetry`, `opentelemetry_sdk`, `tracing-opentelemetry` |
//! | `http`, `bytes`, `stream` | requests and responses of type `http::Response` and `Bytes`; streams | `http`, `bytes`, `futures-core` |
//! | `init` | [`init()`](init) and the export configured by environment variables | `url` |
//! | `otlp-http` | OTLP over HTTP, with a thread for each signal | `ureq` with `rustls`, `prost`, `opentelemetry-proto` |
//!
//! | optional | | crates that it adds |
//! |---|---|---|
//! | `reqwest-0-12`, `reqwest-0-13`, `ureq-3` | the errors and responses of these crates | none that your client does not have |
//! | `async-openai-0-41`, `async-openai-0-42`, `async-openai-0-43` | the errors of these versions | none that your client does not have |
//! | `aws-sdk`, `aws-eventstream`, `http-body` | calls through the AWS SDK, binary event streams of Bedrock, `http_body::Body` | none that your client does not have |
//! | `reqwest-middleware`, `reqwest-middleware-0-4`, `tower` | calls traced in the HTTP client, without annotations; a response without a stream is kept up to 16 MiB | `async-trait`, `tower-layer` |
//! | `otlp-grpc` | OTLP over gRPC | `tonic`, `tokio`, `prost`, `opentelemetry-proto` |
//! | `metrics`, `logs` | `init()` exports GenAI metrics, and events as log records; `RedactLogProcessor` | none |
//! | `scrub-rules` | built-in scrubbing rules, each run over every recorded text | `regex` |
//! | `fmt` | a field formatter for two `fmt` layers in one subscriber | none |
//! | `testing` | assertions on spans for your own tests | `prost`, `opentelemetry-proto` |
//!
//! [Benchmarks](https://github.com/llm-trace/llm-trace/blob/main/docs/benchmarks.md) has the time and memory of a call.
//! `bench/footprint.sh` measures the build.
//!
//! # Public dependencies
//!
//! The public API uses types of these crates: `tracing` 0.1, `tracing-subscriber` 0.3, `tracing-opentelemetry` 0.34,
//! `opentelemetry` and `opentelemetry_sdk` 0.33, `http` 1, `http-body` 1, `serde` 1, `bytes` 1, `futures-core` 0.3,
//! `aws-smithy-runtime-api` 1, `reqwest-middleware` 0.5, `tower-layer` and `tower-service` 0.3.
//!
//! [libraries]: https://github.com/llm-trace/llm-trace/blob/main/docs/libraries.md
//! [`docs/`]: https://github.com/llm-trace/llm-trace/tree/main/docs
//! [`examples/clients`]: https://github.com/llm-trace/llm-trace/tree/main/examples/clients
//! [GenAI semantic conventions]: https://github.com/open-telemetry/semantic-conventions/tree/v1.41.1/docs/gen-ai
#![deny(unsafe_code)]
// Unused code is checked with all features, which these two stand for.
#![cfg_attr(
    not(all(feature = "internal", feature = "testing")),
    allow(dead_code, unreachable_code, unreachable_pub, unused_imports, unused_macros, unused_mut, unused_variables)
)]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "fields")]
mod ambient;
mod arguments;
#[cfg(feature = "aws-sdk")]
pub mod aws;
mod builder;
mod cache_padded;
mod call;
mod capture;
#[cfg(feature = "fields")]
mod check;
#[cfg(any(feature = "reqwest-middleware", feature = "reqwest-middleware-0-4", feature = "tower"))]
pub mod client;
#[cfg(feature = "fields")]
mod cost;
mod credentials;
mod diag;
#[cfg(feature = "fields")]
mod downcast;
#[cfg(feature = "init")]
pub mod export;
mod files;
#[cfg(feature = "fields")]
mod guard;
mod json;
#[cfg(feature = "fields")]
mod layer;
#[cfg(feature = "fields")]
mod message;
mod model;
#[cfg(feature = "otel")]
mod normalize;
mod otel;
#[cfg(feature = "fields")]
mod policy;
mod process;
#[cfg(feature = "fields")]
mod record;
#[cfg_attr(not(feature = "fields"), allow(unreachable_pub))]
mod semconv;
#[cfg(feature = "fields")]
mod sink;
#[cfg(any(feature = "stream", feature = "http-body"))]
mod stream;
#[cfg(feature = "testing")]
pub mod testing;
mod threads;
mod user_code;
#[cfg(feature = "fields")]
mod wire;

pub use llm_trace_macros::{llm_agent, llm_call, llm_guardrail, llm_retrieval, llm_tool, llm_workflow};

pub use builder::CallBuilder;
pub use call::LlmCall;
pub use capture::CallError;
pub use model::{Nested, Operation, Outcome, Provider};
pub use semconv::AttributeValue;

#[cfg(feature = "fields")]
pub use {
    ambient::{Caller, Id, InScope, MetadataError, Scope, Scoped, TraceBackend, TraceError, TraceUpdate, scope},
    call::lifecycle::OpenCalls,
    check::{Check, check},
    cost::{Cost, PriceTable, PricedCall, Prices, PricesError},
    guard::{RedactLayer, redact},
    layer::{LlmLayer, layer},
    message::{RecordRequest, RecordResponse, RequestRecord, ResponseRecord},
    model::Usage,
    policy::{
        Capture, HashKey, MaskFlag, MaskSource, Masks, Place, Policy, PolicyError, PolicyHandle, Style, TextKind,
    },
    semconv::Profile,
    sink::{CallHooks, Compat, FinishedCall},
};

#[cfg(feature = "otel")]
pub use {
    ambient::trace::{ExistingTrace, HeaderPair, HeaderText, TraceIdGenerator},
    call::lifecycle::{CallRef, Carrier, Evaluation, McpMeta, Propagation, evaluation, inject, inject_to},
    guard::otel::RedactProcessor,
    layer::otel::NarrowProcessor,
    normalize::NormalizeProcessor,
};

#[cfg(feature = "init")]
pub use export::{init, init_if_configured};
#[cfg(feature = "logs")]
pub use guard::otel::logs::RedactLogProcessor;
#[cfg(feature = "fmt")]
pub use guard::{FmtFields, fmt_fields};
#[cfg(feature = "scrub-rules")]
pub use policy::{PatternError, Rule, ScrubRules};
#[cfg(feature = "http-body")]
pub use stream::body::{ErrorTypeNameOnly, ReadError, TracedBody, TypedErrors};
#[cfg(feature = "stream")]
pub use stream::traced::{StreamItem, Traced};

#[cfg(feature = "internal")]
#[doc(hidden)]
pub mod internal;

/// Used by the code that the macros generate. Not part of the public API.
#[doc(hidden)]
pub mod __private {
    pub use ::core;
    pub use tracing;

    /// Whether a subscriber records calls at this level.
    #[cfg(not(feature = "fields"))]
    #[inline]
    pub fn enabled(level: tracing::Level) -> bool {
        crate::call::is_enabled(level)
    }
    pub use crate::arguments::{CallArguments, MakeSpan, ProbedValue, StartFields};
    pub use crate::call::{EnteredCall, LlmCall, Prepared, StreamCall, TracedFuture, trace_future};
    #[cfg(feature = "fields")]
    pub use crate::check::enabled;
    pub use crate::model::Operation;
    pub use crate::semconv::value::Maybe;
    pub use crate::semconv::{ContentField, Fact};

    pub mod capture {
        pub use crate::capture::*;
    }
    #[cfg(feature = "stream")]
    pub mod stream {
        pub use crate::stream::traced::*;
    }
}
