//! Spans of LLM calls say who wrote them and by which version of the conventions.

use std::time::Duration;

use opentelemetry::{Context, InstrumentationScope};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{Span, SpanData, SpanProcessor};

use crate::semconv::Profile;

/// Every LLM span has it, no other span does.
const MARK: &str = "gen_ai.operation.name";

/// Gives the spans of LLM calls the scope `llm-trace`, its version and the schema URL, and hands all spans on.
///
/// One `tracing` layer has one tracer, so all its spans share a scope; only a processor can tell them apart.
///
/// ```
/// use llm_trace::export::StampProcessor;
/// use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SimpleSpanProcessor};
///
/// let exporter = InMemorySpanExporter::default();
/// let provider = SdkTracerProvider::builder()
///     .with_span_processor(StampProcessor::new(SimpleSpanProcessor::new(exporter)))
///     .build();
/// ```
#[derive(Debug)]
pub struct StampProcessor<P> {
    inner: P,
    scope: InstrumentationScope,
}

impl<P: SpanProcessor> StampProcessor<P> {
    /// Stands before `inner`; the schema is that of [`Profile::from_env`].
    pub fn new(inner: P) -> Self {
        Self::with_profile(inner, Profile::from_env())
    }

    /// Stands before `inner`; the schema is that of `profile`, which is to be the layer's.
    pub fn with_profile(inner: P, profile: Profile) -> Self {
        let scope = InstrumentationScope::builder("llm-trace")
            .with_version(env!("CARGO_PKG_VERSION"))
            .with_schema_url(profile.schema_url())
            .build();
        Self { inner, scope }
    }
}

impl<P: SpanProcessor> SpanProcessor for StampProcessor<P> {
    fn on_start(&self, span: &mut Span, cx: &Context) {
        self.inner.on_start(span, cx);
    }

    fn on_end(&self, mut span: SpanData) {
        if span.attributes.iter().any(|attribute| attribute.key.as_str() == MARK) {
            span.instrumentation_scope = self.scope.clone();
            crate::otel::settle_status(&mut span);
        }
        self.inner.on_end(span);
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.inner.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.inner.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.inner.set_resource(resource);
    }
}
