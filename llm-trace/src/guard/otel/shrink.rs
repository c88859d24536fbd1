//! Shrinks spans that are too large or too many, content first.

use std::sync::Arc;

use opentelemetry_sdk::trace::SpanData;

use crate::policy::keys::{Class, class};
use crate::policy::redactor::{Owner, Redactor};
use crate::policy::write_report;
use crate::policy::{Capture, Policy, PolicyState, Report};

/// Whether this key holds content.
pub(crate) fn is_content(key: &str) -> bool {
    matches!(class(key), Class::Content(..))
}

/// Removes the content of a span and reports it on the span. Returns whether there was any.
pub(crate) fn drop_content(span: &mut SpanData) -> bool {
    let mut dropped = 0;
    let events = span.events.events.iter_mut().map(|event| &mut event.attributes);
    for attributes in events.chain([&mut span.attributes]) {
        let before = attributes.len();
        attributes.retain(|attribute| !is_content(attribute.key.as_str()));
        dropped += before - attributes.len();
    }
    if dropped > 0 {
        let mut report = Report::default();
        report.cut("content", dropped as u64);
        write_report(report, &mut span.attributes);
    }
    dropped > 0
}

/// Cuts content and long texts to about this many bytes per span, and reports it on the span.
///
/// Only lengths matter here: masked texts stay masked.
pub(crate) fn shrink(span: &mut SpanData, bytes: usize) {
    Redactor::new(&length_limits(bytes), None).span(span, Owner::Call, 0..0);
}

/// A policy that cuts long texts and removes nothing.
pub(super) fn length_limits(bytes: usize) -> PolicyState {
    let policy = Policy::new()
        .capture(Capture::SpanAndEvent)
        .error_text(true)
        .text_limit(bytes / 8)
        .attribute_limit(bytes / 4)
        .span_limit(bytes / 2)
        .media_limit(bytes / 8);
    PolicyState::new(arc_swap::Guard::from_inner(Arc::new(policy)))
}
