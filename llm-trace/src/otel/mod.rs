//! The types of OpenTelemetry's API with which calls are written. Without the feature `otel`, types of the same shape
//! that make no spans, so that a call's code is the same with and without OpenTelemetry.

#[cfg(not(feature = "otel"))]
mod absent;
pub(crate) mod current_context;

#[cfg(not(feature = "otel"))]
pub(crate) use absent::{
    Array, Context, ContextGuard, KeyValue, OpenTelemetrySpanExt, SetParentError, SpanContext, SpanId, SpanRef, Status,
    StringValue, TraceContextExt, TraceId, Value,
};
#[cfg(feature = "otel")]
pub(crate) use opentelemetry::{
    Array, Context, ContextGuard, KeyValue, StringValue, Value,
    trace::{SpanContext, SpanId, SpanRef, Status, TraceContextExt, TraceId},
};
#[cfg(feature = "otel")]
pub(crate) use tracing_opentelemetry::{OpenTelemetrySpanExt, SetParentError};
