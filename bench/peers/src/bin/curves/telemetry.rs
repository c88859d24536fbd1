//! Subscribers and providers.

use llm_trace::{Capture, Policy};
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::Dispatch;
use tracing_subscriber::prelude::*;

use crate::null::Null;

/// A provider that drops all spans, so that only their making is measured.
pub fn dropping() -> SdkTracerProvider {
    SdkTracerProvider::builder().with_span_processor(Null).build()
}

/// Our layer with this provider.
pub fn subscriber_of(provider: &SdkTracerProvider, capture: Capture) -> Dispatch {
    let layer = llm_trace::layer().with_policy(Policy::new().capture(capture)).with_tracer_provider(provider);
    Dispatch::new(tracing_subscriber::registry().with(layer))
}

/// Our layer with a provider that drops all spans.
pub fn subscriber(capture: Capture) -> Dispatch {
    subscriber_of(&dropping(), capture)
}
