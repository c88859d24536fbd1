//! Log records.

pub(crate) mod log_record;
mod redact_log_processor;

pub(crate) use redact_log_processor::RedactLogExporter;
pub use redact_log_processor::RedactLogProcessor;
