//! Metrics and events of a call, and helpers of span processors.

pub(crate) mod events;
mod forward_processor;
pub(crate) mod metrics;

use opentelemetry::InstrumentationScope;

pub(crate) use forward_processor::forward_to_inner;

use crate::semconv::{Fact, Profile};

/// The name of the instrumentation scope.
pub(crate) const SCOPE: &str = "llm-trace";

/// The instrumentation scope of this library.
pub(crate) fn scope(profile: Profile) -> InstrumentationScope {
    InstrumentationScope::builder(SCOPE)
        .with_version(env!("CARGO_PKG_VERSION"))
        .with_schema_url(profile.schema_url())
        .build()
}

/// Sets the span status by the call's outcome. The OpenTelemetry layer sets the status to `Error` for any `error!`
/// event inside a span, even if the call succeeded.
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
