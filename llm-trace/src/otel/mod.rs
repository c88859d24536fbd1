//! From facts to OpenTelemetry: attributes, status, the layer.

pub(crate) mod attributes;
mod layer;
mod pipeline;

pub use layer::{LlmLayer, layer};
pub(crate) use pipeline::Pipeline;
