//! The same names without OpenTelemetry: values are kept, and spans are none.

mod context;
mod span;
mod value;

pub(crate) use context::{Context, ContextGuard, TraceContextExt};
pub(crate) use span::{OpenTelemetrySpanExt, SetParentError, SpanContext, SpanId, SpanRef, Status, TraceId};
pub(crate) use value::{Array, KeyValue, StringValue, Value};
