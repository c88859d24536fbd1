//! Normalization in the embedded OpenTelemetry layer: a foreign span's attributes are held until it ends.
//!
//! The SDK cannot rename or replace attributes, and it fixes a span's kind at the start.

use std::borrow::Cow;
use std::sync::Weak;
use std::time::SystemTime;

use opentelemetry::trace::{Span, SpanBuilder, SpanContext, SpanKind, Status};
use opentelemetry::{Context, Key, KeyValue};

use crate::call::ActiveCall;
use crate::semconv::{Fact, Profile};

/// Attributes that samplers can use; set at the start.
const AT_START: &[&str] = &[
    Fact::OperationName.key(),
    Fact::ProviderName.key(),
    Fact::RequestModel.key(),
    Fact::ServerAddress.key(),
    Fact::ServerPort.key(),
];

/// The state of a foreign span until its end.
#[derive(Debug)]
pub(crate) struct Held {
    /// The attributes as the crate set them.
    attributes: Vec<KeyValue>,
    /// Keys that are already on the span.
    given: Vec<Key>,
    profile: Profile,
    around: Option<Weak<ActiveCall>>,
    name: String,
    failed: bool,
}

impl Held {
    /// Takes the attributes of a foreign span that is about to start, and sets its kind, name and initial attributes.
    /// `None` for other spans.
    pub(crate) fn of(builder: &mut SpanBuilder, parent: &Context, profile: Profile) -> Option<Box<Held>> {
        let attributes = builder.attributes.take_if(|given| super::is_foreign(given))?;
        let around = super::outer_call(parent);
        let mut at_start = super::attributes(attributes.clone(), profile);
        builder.span_kind = Some(super::kind(&at_start, builder.span_kind.clone().unwrap_or(SpanKind::Internal)));
        if let Some(name) = super::new_name(&at_start, &builder.name) {
            builder.name = name;
        }
        at_start.retain(|kv| AT_START.contains(&kv.key.as_str()));
        let given = at_start.iter().map(|kv| kv.key.clone()).collect();
        builder.attributes = Some(at_start);
        let name = builder.name.to_string();
        Some(Box::new(Held { attributes, given, profile, around, name, failed: false }))
    }

    fn flush<S: Span>(self, span: &mut S) {
        let mut known = super::attributes(self.attributes, self.profile);
        if let Some(around) = &self.around {
            super::move_usage(&mut known, around);
        }
        if let Some(name) = super::new_name(&known, &self.name) {
            span.update_name(name);
        }
        if self.failed {
            super::settle(&mut known, &mut Status::error(""));
        }
        known.retain(|kv| !self.given.contains(&kv.key));
        span.set_attributes(known);
    }
}

/// A span of the inner tracer. The attributes of foreign spans are held.
#[derive(Debug)]
pub(crate) struct ForeignSpan<S: Span> {
    inner: S,
    held: Option<Box<Held>>,
}

impl<S: Span> ForeignSpan<S> {
    pub(crate) fn new(inner: S, held: Option<Box<Held>>) -> Self {
        // Spans that are not recorded need no normalization.
        let held = held.filter(|_| inner.is_recording());
        Self { inner, held }
    }

    fn flush(&mut self) {
        if let Some(held) = self.held.take() {
            held.flush(&mut self.inner);
        }
    }
}

impl<S: Span> Drop for ForeignSpan<S> {
    fn drop(&mut self) {
        // The inner span ends immediately after this.
        self.flush();
    }
}

impl<S: Span> Span for ForeignSpan<S> {
    fn add_event_with_timestamp<T>(&mut self, name: T, timestamp: SystemTime, attributes: Vec<KeyValue>)
    where
        T: Into<Cow<'static, str>>,
    {
        self.inner.add_event_with_timestamp(name, timestamp, attributes);
    }

    fn span_context(&self) -> &SpanContext {
        self.inner.span_context()
    }

    fn is_recording(&self) -> bool {
        self.inner.is_recording()
    }

    fn set_attribute(&mut self, attribute: KeyValue) {
        match &mut self.held {
            Some(held) => held.attributes.push(attribute),
            None => self.inner.set_attribute(attribute),
        }
    }

    fn set_attributes(&mut self, attributes: impl IntoIterator<Item = KeyValue>) {
        match &mut self.held {
            Some(held) => held.attributes.extend(attributes),
            None => self.inner.set_attributes(attributes),
        }
    }

    fn set_status(&mut self, status: Status) {
        match (&mut self.held, &status) {
            (Some(_), Status::Ok) => {}
            (Some(held), Status::Error { .. }) => {
                held.failed = true;
                self.inner.set_status(status);
            }
            _ => self.inner.set_status(status),
        }
    }

    fn update_name<T>(&mut self, new_name: T)
    where
        T: Into<Cow<'static, str>>,
    {
        match &mut self.held {
            // Normalized spans have the name that the conventions define.
            Some(_) => {}
            None => self.inner.update_name(new_name),
        }
    }

    fn add_link(&mut self, span_context: SpanContext, attributes: Vec<KeyValue>) {
        self.inner.add_link(span_context, attributes);
    }

    fn end_with_timestamp(&mut self, timestamp: SystemTime) {
        self.flush();
        self.inner.end_with_timestamp(timestamp);
    }

    fn end(&mut self) {
        self.flush();
        self.inner.end();
    }
}
