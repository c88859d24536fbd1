//! Writers of a call's data: OpenTelemetry attributes, fields of `tracing` spans, metrics, events, and the user's hook.

#[cfg(not(feature = "otel"))]
pub(crate) mod absent;
pub(crate) mod attributes;
pub(crate) mod call_attributes;
pub(crate) mod call_span;
pub(crate) mod compat;
pub(crate) mod ended_call;
pub(crate) mod fields;
pub(crate) mod hook;
pub(crate) mod identity;
pub(crate) mod measured;
pub(crate) mod openinference;
#[cfg(feature = "otel")]
pub(crate) mod otel;

#[cfg(not(feature = "otel"))]
pub(crate) use absent as otel;
pub use compat::Compat;
pub use hook::{CallHooks, FinishedCall};
