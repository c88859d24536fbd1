//! The last check of ended spans and of log records.

mod export_recheck;
#[cfg(feature = "logs")]
pub(crate) mod logs;
mod redact_processor;
pub(crate) mod shrink;

pub(crate) use export_recheck::is_note;
pub use redact_processor::RedactProcessor;
pub(crate) use redact_processor::{RedactExporter, is_installed, recheck};
