//! What gives way where a span is too large or there are too many: content first.

use std::sync::Arc;

use opentelemetry_sdk::trace::SpanData;

use super::apply::{Owner, Treatment, write};
use super::keys::{Class, class};
use super::permit::PolicyState;
use super::policy::{Capture, Policy};
use super::report::Report;

/// Whether content stands under this key.
pub(crate) fn is_content(key: &str) -> bool {
    matches!(class(key), Class::Content(..))
}

/// Leaves out the content of a span, and says so in it. Returns whether there was any.
pub(crate) fn drop_content(span: &mut SpanData) -> bool {
    let before = span.attributes.len();
    span.attributes.retain(|attribute| !is_content(attribute.key.as_str()));
    for event in &mut span.events.events {
        event.attributes.retain(|attribute| !is_content(attribute.key.as_str()));
    }
    let dropped = before - span.attributes.len();
    if dropped > 0 {
        let mut report = Report::default();
        report.cut("content", dropped as u64);
        write(report, &mut span.attributes);
    }
    dropped > 0
}

/// Cuts content and long texts so that the span is about this many bytes at most, and says so in it.
///
/// What the policy has masked stays masked: only lengths are looked at here.
pub(crate) fn shrink(span: &mut SpanData, bytes: usize) {
    let policy = Policy::new()
        .capture(Capture::SpanAndEvent)
        .error_text(true)
        .text_limit(bytes / 8)
        .attribute_limit(bytes / 4)
        .span_limit(bytes / 2)
        .media_limit(bytes / 8);
    Treatment::new(&PolicyState::new(arc_swap::Guard::from_inner(Arc::new(policy))), None).span(
        span,
        Owner::Call,
        0..0,
    );
}
