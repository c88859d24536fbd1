//! [`LlmLayer`] passes the policy to calls and can embed the OpenTelemetry layer.

#[cfg(not(feature = "otel"))]
mod absent;
mod http_events;
mod instrumentation_profile;
mod llm_layer;
#[cfg(feature = "otel")]
pub(crate) mod otel;
mod settings;

#[cfg(not(feature = "otel"))]
use absent as otel;
pub use llm_layer::{LlmLayer, layer};
