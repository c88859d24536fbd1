//! [`LlmLayer`] passes the policy to calls and can embed the OpenTelemetry layer.

#[cfg(feature = "otel")]
mod embedded_layer;
#[cfg(not(feature = "otel"))]
#[path = "absent/embedded_layer.rs"]
mod embedded_layer;
mod http_events;
mod llm_layer;
#[cfg(feature = "otel")]
mod narrow;
#[cfg(feature = "otel")]
mod otel_settings;
mod scope_profile;
mod settings;
#[cfg(feature = "otel")]
mod tracer;

pub use llm_layer::{LlmLayer, layer};
#[cfg(feature = "otel")]
pub use narrow::NarrowProcessor;
