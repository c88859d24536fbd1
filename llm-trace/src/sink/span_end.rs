//! The end of a call's span: OpenTelemetry attributes, or fields of the `tracing` span.

use std::time::SystemTime;

use tracing::Span;

use super::fields;
use crate::ambient::mask_context::{SharedMasks, WrittenContent};
use crate::otel::{Context, KeyValue, SpanRef, Status, TraceContextExt};
use crate::semconv::Fact;

/// Everything that is written when a call's span ends.
pub(crate) struct SpanEnd<'e> {
    /// Each key once, the most important first.
    pub(crate) attributes: Vec<KeyValue>,
    pub(crate) failure: Option<Failure<'e>>,
    pub(crate) time: SystemTime,
}

/// The status of a failed call's span.
pub(crate) struct Failure<'f> {
    /// The error's text, if it may be recorded.
    pub(crate) description: Option<&'f str>,
}

/// Writes the end of a call's span. Exactly one sink does, since nothing removes duplicate attributes.
pub(crate) trait SpanSink {
    fn end(self, end: SpanEnd<'_>);
}

/// The call's OpenTelemetry span, with the masks that its processors read.
pub(crate) struct OtelSpan<'c> {
    pub(crate) span: SpanRef<'c>,
    pub(crate) masks: &'c SharedMasks,
}

impl SpanSink for OtelSpan<'_> {
    fn end(self, SpanEnd { attributes, failure, time }: SpanEnd<'_>) {
        let known = attributes.iter().position(|attribute| attribute.key.as_str() == Fact::Outcome.key());
        if let Some(before) = known {
            let written = WrittenContent { key: Fact::Outcome.key(), before, count: attributes.len() };
            self.masks.set_written(written);
        }
        self.span.set_attributes(attributes);
        if let Some(failure) = failure {
            self.span.set_status(Status::error(failure.description.unwrap_or_default().to_owned()));
        }
        self.span.end_with_timestamp(time);
    }
}

/// The call's `tracing` span, and its OpenTelemetry context if a layer of our version sees it.
pub(crate) struct SpanFields<'c> {
    pub(crate) span: &'c Span,
    pub(crate) context: Option<&'c Context>,
}

impl SpanSink for SpanFields<'_> {
    fn end(self, SpanEnd { attributes, failure, time }: SpanEnd<'_>) {
        // An OpenTelemetry layer ends a span where it was exited last, which for a stream is before its end.
        let _entered = self.context.is_none().then(|| self.span.enter());
        fields::record(self.span, &attributes, failure.as_ref());
        if let Some(context) = self.context {
            context.span().end_with_timestamp(time);
        }
    }
}
