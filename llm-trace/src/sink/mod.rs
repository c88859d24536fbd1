//! Writers of a call's facts: OpenTelemetry attributes, metrics and events.

pub(crate) mod attributes;
pub(crate) mod compat;
pub(crate) mod events;
mod forward_processor;
pub(crate) mod hook;
pub(crate) mod identity;
pub(crate) mod measured;
pub(crate) mod metrics;
pub(crate) mod openinference;

use opentelemetry::InstrumentationScope;

pub use compat::Compat;
pub(crate) use forward_processor::forward_to_inner;
pub use hook::{CallHooks, FinishedCall};

use crate::semconv::{Fact, Profile};

/// The name of [`scope`].
pub(crate) const SCOPE: &str = "llm-trace";

/// The scope of everything this library makes.
pub(crate) fn scope(profile: Profile) -> InstrumentationScope {
    InstrumentationScope::builder(SCOPE)
        .with_version(env!("CARGO_PKG_VERSION"))
        .with_schema_url(profile.schema_url())
        .build()
}

/// A call's own outcome decides its status. The OpenTelemetry layer turns a span red for any
/// `error!` inside it, whatever it is told, also where the call went well.
pub(crate) fn settle_status(span: &mut opentelemetry_sdk::trace::SpanData) {
    let has = |key: &str| span.attributes.iter().any(|attribute| attribute.key.as_str() == key);
    let described =
        matches!(&span.status, opentelemetry::trace::Status::Error { description } if !description.is_empty());
    if !described && has(Fact::Outcome.key()) && !has(Fact::ErrorType.key()) {
        span.status = opentelemetry::trace::Status::Unset;
    }
}
