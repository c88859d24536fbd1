//! A filter for the attributes that one of several destinations receives.

use std::fmt;

use opentelemetry::KeyValue;
use opentelemetry_sdk::trace::{SpanData, SpanProcessor};

use crate::sink::otel::forward_to_inner;
use crate::user_code::{self, UserCode};

type Keep = Box<dyn Fn(&str) -> bool + Send + Sync>;

/// Passes spans on with a subset of their attributes: a limited view for one destination, while another one receives
/// everything.
///
/// With a [`RedactProcessor`](crate::RedactProcessor) in front, each destination can have its own policy. A destination
/// never receives content that the layer's policy does not allow.
///
/// ```
/// use llm_trace::{Capture, NarrowProcessor, Policy, RedactProcessor};
/// use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SimpleSpanProcessor};
///
/// let (internal, vendor) = (InMemorySpanExporter::default(), InMemorySpanExporter::default());
/// let everything = Policy::new().capture(Capture::Span);
/// let little = Policy::new().mask_input(true).mask_output(true).hash_identity(*b"a secret key");
///
/// let narrow = NarrowProcessor::new(SimpleSpanProcessor::new(vendor), |key| key.starts_with("gen_ai."));
/// let provider = SdkTracerProvider::builder()
///     .with_span_processor(RedactProcessor::new(SimpleSpanProcessor::new(internal), everything))
///     .with_span_processor(RedactProcessor::new(narrow, little))
///     .build();
/// opentelemetry::global::set_tracer_provider(provider);
/// ```
pub struct NarrowProcessor<P> {
    inner: P,
    keep: Keep,
}

impl<P: fmt::Debug> fmt::Debug for NarrowProcessor<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NarrowProcessor").field("inner", &self.inner).finish_non_exhaustive()
    }
}

impl<P> NarrowProcessor<P> {
    /// Wraps `inner`, which receives the attributes of spans, events and links whose key `keep` accepts.
    pub fn new(inner: P, keep: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        Self { inner, keep: Box::new(keep) }
    }

    fn narrow(&self, attributes: &mut Vec<KeyValue>) {
        attributes.retain(|attribute| {
            user_code::run(UserCode::View, || (self.keep)(attribute.key.as_str())).unwrap_or(false)
        });
    }
}

impl<P: SpanProcessor> SpanProcessor for NarrowProcessor<P> {
    forward_to_inner!(on_start);

    fn on_end(&self, mut span: SpanData) {
        self.narrow(&mut span.attributes);
        span.events.events.iter_mut().for_each(|event| self.narrow(&mut event.attributes));
        span.links.links.iter_mut().for_each(|link| self.narrow(&mut link.attributes));
        self.inner.on_end(span);
    }
}
