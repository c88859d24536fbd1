//! Writers of a call's data: OpenTelemetry attributes, fields of `tracing` spans, metrics, events, and the user's hook.

#[cfg(not(feature = "otel"))]
mod absent;
pub(crate) mod attributes;
pub(crate) mod call_attributes;
pub(crate) mod call_span;
pub(crate) mod compat;
pub(crate) mod ended_call;
#[cfg(feature = "otel")]
pub(crate) mod events;
pub(crate) mod fields;
#[cfg(feature = "otel")]
mod forward_processor;
pub(crate) mod hook;
pub(crate) mod identity;
pub(crate) mod measured;
#[cfg(feature = "otel")]
pub(crate) mod metrics;
pub(crate) mod openinference;

#[cfg(feature = "otel")]
use opentelemetry::InstrumentationScope;

#[cfg(not(feature = "otel"))]
pub(crate) use absent::{events, metrics};
pub use compat::Compat;
#[cfg(feature = "otel")]
pub(crate) use forward_processor::forward_to_inner;
pub use hook::{CallHooks, FinishedCall};

#[cfg(feature = "otel")]
use crate::semconv::{Fact, Profile};

/// The name of the instrumentation scope.
#[cfg(feature = "otel")]
pub(crate) const SCOPE: &str = "llm-trace";

/// The instrumentation scope of this library.
#[cfg(feature = "otel")]
pub(crate) fn scope(profile: Profile) -> InstrumentationScope {
    InstrumentationScope::builder(SCOPE)
        .with_version(env!("CARGO_PKG_VERSION"))
        .with_schema_url(profile.schema_url())
        .build()
}

/// Sets the span status by the call's outcome. The OpenTelemetry layer sets the status to `Error` for any `error!`
/// event inside a span, even if the call succeeded.
#[cfg(feature = "otel")]
pub(crate) fn settle_status(span: &mut opentelemetry_sdk::trace::SpanData) {
    if span.status == opentelemetry::trace::Status::Unset {
        return;
    }
    let has = |key: &str| span.attributes.iter().any(|attribute| attribute.key.as_str() == key);
    let described =
        matches!(&span.status, opentelemetry::trace::Status::Error { description } if !description.is_empty());
    if !described && has(Fact::Outcome.key()) && !has(Fact::ErrorType.key()) {
        span.status = opentelemetry::trace::Status::Unset;
    }
}
