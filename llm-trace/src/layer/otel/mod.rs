//! The parts of a layer that need OpenTelemetry.

mod embedded_layer;
mod narrow;
mod settings;
mod tracer;

pub(super) use embedded_layer::EmbeddedLayer;
pub use narrow::NarrowProcessor;
