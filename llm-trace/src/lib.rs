//! Trace LLM calls with OpenTelemetry.
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "aws-sdk")]
#[cfg_attr(docsrs, doc(cfg(feature = "aws-sdk")))]
pub mod aws;
mod call;
#[doc(hidden)]
pub mod capture;
#[cfg(feature = "otel")]
mod check;
#[cfg(feature = "otel")]
mod cost;
#[cfg(feature = "otel")]
mod diag;
#[cfg(feature = "init")]
pub mod export;
#[cfg(feature = "otel")]
mod facts;
#[cfg(feature = "init")]
mod init;
#[cfg(feature = "serde")]
#[cfg_attr(not(feature = "otel"), allow(dead_code))]
mod json;
#[cfg(feature = "otel")]
mod message;
#[cfg(feature = "otel")]
mod otel;
#[cfg(feature = "otel")]
mod provider;
#[cfg(feature = "otel")]
mod record;
#[cfg(feature = "otel")]
mod redact;
#[cfg(feature = "otel")]
mod scope;
#[cfg(feature = "otel")]
mod semconv;
#[cfg(any(feature = "stream", feature = "http-body"))]
#[doc(hidden)]
pub mod stream;
#[cfg(feature = "otel")]
mod usage;
mod value;

pub use llm_trace_macros::llm_call;

#[cfg(feature = "otel")]
pub use call::OpenCalls;
pub use call::{CallBuilder, LlmCall, Operation, Outcome, Provider};
#[cfg(feature = "logs")]
pub use call::{CallRef, Evaluation, evaluation};
#[cfg(feature = "otel")]
pub use check::{Check, check};
#[cfg(feature = "otel")]
pub use cost::{Billed, Cost, PriceTable, Prices, PricesError};
#[cfg(feature = "init")]
pub use init::init;
#[cfg(feature = "otel")]
pub use otel::{LlmLayer, layer};
#[cfg(feature = "otel")]
pub use record::{RecordRequest, RecordResponse, RequestRecord, ResponseRecord};
#[cfg(feature = "otel")]
pub use redact::{
    Capture, HashKey, MaskFlag, Masks, Metadata, Place, Policy, PolicyError, PolicyHandle, RedactLayer,
    RedactProcessor, Style, TextKind, redact,
};
#[cfg(feature = "fmt")]
pub use redact::{FmtFields, fmt_fields};
#[cfg(feature = "scrub-rules")]
pub use redact::{PatternError, Rule, ScrubRules};
#[cfg(feature = "otel")]
pub use scope::{Caller, ExistingTrace, Id, IdGenerator, InScope, Scope, Scoped, TraceError, TraceUpdate, scope};
#[cfg(feature = "otel")]
pub use semconv::Profile;
#[cfg(all(feature = "stream", feature = "serde"))]
pub use stream::StreamItem;
#[cfg(feature = "stream")]
pub use stream::Traced;
#[cfg(feature = "http-body")]
pub use stream::TracedBody;
#[cfg(feature = "otel")]
pub use usage::Usage;
pub use value::AttributeValue;

#[cfg(feature = "internal")]
#[doc(hidden)]
pub mod internal;

/// What the macros' expansions call. No stability.
#[doc(hidden)]
pub mod __private {
    pub use ::core;
    pub use tracing;

    pub use crate::call::{
        Captured, LlmCall, MakeSpan, Operation, Prepared, Setup, StartFields, StreamCall, TracedFuture, enabled,
        trace_future,
    };
    pub use crate::value::Maybe;

    pub use crate::capture;
    #[cfg(feature = "stream")]
    pub use crate::stream;
}
