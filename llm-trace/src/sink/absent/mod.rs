//! The sinks of a build without OpenTelemetry.

pub(crate) mod events;
pub(crate) mod metrics;
