//! Normalization for programs with their own OpenTelemetry layer, as a span processor.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError, Weak};

use opentelemetry::Context;
use opentelemetry::trace::{Span as _, SpanId};
use opentelemetry_sdk::trace::{Span, SpanData, SpanProcessor};

use crate::call::ActiveCall;
use crate::semconv::Profile;
use crate::sink::otel::forward_to_inner;

/// Normalizes spans of crates that emit `gen_ai.*` themselves, such as `rig` and `genai`, to the conventions before the
/// wrapped processor receives them: names, kind, types and messages. Tokens that an enclosing annotated call counts are
/// not recorded twice.
///
/// With [`LlmLayer::with_tracer_provider`](crate::LlmLayer::with_tracer_provider) you do not need it: the layer does
/// the same with [`with_normalization`](crate::LlmLayer::with_normalization). With your own OpenTelemetry layer, wrap the
/// guard in it, so that the guard receives messages in a known format:
///
/// ```
/// use llm_trace::{NormalizeProcessor, Policy, RedactProcessor};
/// use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SimpleSpanProcessor};
///
/// let exporting = SimpleSpanProcessor::new(InMemorySpanExporter::default());
/// let guarded = RedactProcessor::new(exporting, Policy::new());
/// let provider = SdkTracerProvider::builder().with_span_processor(NormalizeProcessor::new(guarded)).build();
/// opentelemetry::global::set_tracer_provider(provider);
/// ```
pub struct NormalizeProcessor<P> {
    inner: P,
    profile: Profile,
    /// The enclosing annotated calls, which count the tokens of these spans.
    around: Mutex<HashMap<SpanId, Weak<ActiveCall>>>,
}

impl<P: fmt::Debug> fmt::Debug for NormalizeProcessor<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NormalizeProcessor").field("inner", &self.inner).finish_non_exhaustive()
    }
}

impl<P> NormalizeProcessor<P> {
    /// Wraps `inner`. `OTEL_SEMCONV_STABILITY_OPT_IN` selects the profile.
    pub fn new(inner: P) -> Self {
        Self { inner, profile: Profile::from_env(), around: Mutex::default() }
    }

    /// Uses the attribute names of this profile.
    #[must_use]
    pub fn with_profile(mut self, profile: Profile) -> Self {
        self.profile = profile;
        self
    }
}

impl<P: SpanProcessor> SpanProcessor for NormalizeProcessor<P> {
    fn on_start(&self, span: &mut Span, cx: &Context) {
        if let Some(around) = super::outer_call(cx) {
            let id = span.span_context().span_id();
            self.around.lock().unwrap_or_else(PoisonError::into_inner).insert(id, around);
        }
        self.inner.on_start(span, cx);
    }

    fn on_end(&self, mut span: SpanData) {
        let id = span.span_context.span_id();
        let around = self.around.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
        if super::is_foreign(&span.attributes) {
            span.attributes = super::attributes(std::mem::take(&mut span.attributes), self.profile);
            if let Some(around) = &around {
                super::move_usage(&mut span.attributes, around);
            }
            span.span_kind = super::kind(&span.attributes, span.span_kind.clone());
            super::settle(&mut span.attributes, &mut span.status);
            if let Some(name) = super::new_name(&span.attributes, &span.name) {
                span.name = name;
            }
        }
        self.inner.on_end(span);
    }

    forward_to_inner!();
}
