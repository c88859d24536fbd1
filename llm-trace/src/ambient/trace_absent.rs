//! Without OpenTelemetry no scope sets a trace.

use crate::otel::{Context, SpanContext, TraceId};

/// The parent that a scope sets.
#[derive(Clone, Debug)]
pub(crate) enum Continued {}

impl Continued {
    pub(crate) fn pending(_: &Context) -> Option<Continued> {
        None
    }

    pub(crate) fn onto(&self, _: &Context) -> Context {
        match *self {}
    }

    pub(crate) fn trace_id(&self) -> TraceId {
        match *self {}
    }

    pub(crate) fn link(&self) -> Option<&SpanContext> {
        match *self {}
    }
}
