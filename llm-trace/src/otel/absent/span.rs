//! The absent span.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::time::SystemTime;

use super::context::Context;
use super::value::KeyValue;

#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) struct TraceId(());

#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) struct SpanId(());

impl TraceId {
    pub(crate) const INVALID: TraceId = TraceId(());

    pub(crate) fn to_bytes(self) -> [u8; 16] {
        [0; 16]
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("00000000000000000000000000000000")
    }
}

impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("0000000000000000")
    }
}

/// It belongs to no trace.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct SpanContext(());

impl SpanContext {
    pub(crate) fn is_valid(&self) -> bool {
        false
    }

    pub(crate) fn is_sampled(&self) -> bool {
        false
    }

    pub(crate) fn trace_id(&self) -> TraceId {
        TraceId::INVALID
    }

    pub(crate) fn span_id(&self) -> SpanId {
        SpanId(())
    }
}

/// It records nothing.
#[derive(Debug, Default)]
pub(crate) struct SpanRef<'c>(SpanContext, PhantomData<&'c ()>);

impl SpanRef<'_> {
    pub(crate) fn span_context(&self) -> &SpanContext {
        &self.0
    }

    pub(crate) fn is_recording(&self) -> bool {
        false
    }

    pub(crate) fn add_event_with_timestamp(&self, _: &'static str, _: SystemTime, _: Vec<KeyValue>) {}
    pub(crate) fn update_name(&self, _: String) {}
    pub(crate) fn set_attributes(&self, _: Vec<KeyValue>) {}
    pub(crate) fn set_status(&self, _: Status) {}
    pub(crate) fn end_with_timestamp(&self, _: SystemTime) {}
}

#[derive(Debug)]
pub(crate) struct Status(());

impl Status {
    pub(crate) fn error(_: impl Into<Cow<'static, str>>) -> Self {
        Self(())
    }
}

/// The reason why a parent cannot be set: there is no layer.
#[derive(Debug)]
pub(crate) enum SetParentError {
    LayerNotFound,
}

pub(crate) trait OpenTelemetrySpanExt {
    fn set_parent(&self, cx: Context) -> Result<(), SetParentError>;
    fn context(&self) -> Context;
    fn add_link(&self, span: SpanContext);
}

impl OpenTelemetrySpanExt for tracing::Span {
    fn set_parent(&self, _: Context) -> Result<(), SetParentError> {
        Err(SetParentError::LayerNotFound)
    }

    fn context(&self) -> Context {
        Context::default()
    }

    fn add_link(&self, _: SpanContext) {}
}
