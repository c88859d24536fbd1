//! Telemetry on disk: one request of OTLP a line, as JSON, in files of one signal.
//!
//! The Collector's `otlpjsonfile` receiver reads the files. A directory is written by one process at a time.

mod json_lines;
mod spill;

pub(crate) use json_lines::JsonLines;
pub(crate) use spill::Spill;
