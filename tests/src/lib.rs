//! What the tests share: an OTLP collector inside the process.

pub mod collector;
