//! [`LlmLayer`] passes the policy to calls and can embed the OpenTelemetry layer.

mod embedded_layer;
mod llm_layer;
mod narrow;
mod settings;
mod tracer;

pub use llm_layer::{LlmLayer, layer};
pub use narrow::NarrowProcessor;
