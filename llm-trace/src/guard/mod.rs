//! Redaction before export: layers and processors that redact spans, events and log records of other crates.

mod callsite_cache;
#[cfg(feature = "otel")]
mod export_recheck;
pub(crate) mod field_rewriter;
#[cfg(feature = "fmt")]
mod fmt_fields;
#[cfg(feature = "logs")]
pub(crate) mod log_record;
mod recorded_values;
mod redact_layer;
#[cfg(feature = "logs")]
mod redact_log_processor;
#[cfg(feature = "otel")]
mod redact_processor;
#[cfg(feature = "otel")]
pub(crate) mod shrink;

#[cfg(feature = "init")]
pub(crate) use export_recheck::is_note;
pub(crate) use field_rewriter::FieldRewriter;
#[cfg(feature = "fmt")]
pub use fmt_fields::{FmtFields, fmt_fields};
pub(crate) use redact_layer::Wrapped;
pub use redact_layer::{RedactLayer, redact};
#[cfg(feature = "logs")]
pub(crate) use redact_log_processor::RedactLogExporter;
#[cfg(feature = "logs")]
pub use redact_log_processor::RedactLogProcessor;
#[cfg(feature = "otel")]
pub use redact_processor::RedactProcessor;
#[cfg(feature = "otel")]
pub(crate) use redact_processor::{RedactExporter, is_installed, recheck};
