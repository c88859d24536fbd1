//! Redaction before export: layers and processors that redact spans, events and log records of other crates.

mod callsite_cache;
pub(crate) mod field_rewriter;
#[cfg(feature = "fmt")]
mod fmt_fields;
#[cfg(feature = "otel")]
pub(crate) mod otel;
mod recorded_values;
mod redact_layer;

pub(crate) use field_rewriter::FieldRewriter;
#[cfg(feature = "fmt")]
pub use fmt_fields::{FmtFields, fmt_fields};
pub(crate) use redact_layer::Wrapped;
pub use redact_layer::{RedactLayer, redact};
