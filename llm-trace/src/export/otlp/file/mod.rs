//! Telemetry on disk: one OTLP request per line, as JSON, in separate files per signal.
//!
//! The Collector's `otlpjsonfile` receiver reads the files. A directory is written by one process at a time.

mod json_lines;
#[cfg(test)]
mod json_lines_tests;
mod spill;

pub(crate) use json_lines::JsonLines;
pub(crate) use spill::Spill;
