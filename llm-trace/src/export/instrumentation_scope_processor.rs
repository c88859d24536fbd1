//! Sets the instrumentation scope and the schema URL of LLM spans.

use opentelemetry::InstrumentationScope;
use opentelemetry_sdk::trace::{SpanData, SpanProcessor};

use crate::semconv::Profile;
use crate::sink::otel::forward_to_inner;

/// Present on every GenAI span, whichever crate created it, except for Model Context Protocol messages that call no
/// tool.
const MARK: &str = "gen_ai.operation.name";

/// Sets the scope `llm-trace`, its version and the schema URL on spans with a `gen_ai.operation.name`, and passes on
/// all spans. This includes the LLM spans of other crates: [`NormalizeProcessor`](crate::NormalizeProcessor) makes them
/// conform to the schema.
///
/// A `tracing` layer has one tracer, so all its spans share a scope. Only a processor can distinguish them.
///
/// ```
/// use llm_trace::export::InstrumentationScopeProcessor;
/// use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SimpleSpanProcessor};
///
/// let exporter = InMemorySpanExporter::default();
/// let provider = SdkTracerProvider::builder()
///     .with_span_processor(InstrumentationScopeProcessor::new(SimpleSpanProcessor::new(exporter)))
///     .build();
/// ```
#[derive(Debug)]
pub struct InstrumentationScopeProcessor<P> {
    inner: P,
    scope: InstrumentationScope,
}

impl<P: SpanProcessor> InstrumentationScopeProcessor<P> {
    /// Wraps `inner`. The schema is that of [`Profile::from_env`].
    pub fn new(inner: P) -> Self {
        Self { inner, scope: scope(Profile::from_env()) }
    }

    /// Uses the schema of this profile, which should be the layer's.
    ///
    /// ```
    /// use llm_trace::{Profile, export::InstrumentationScopeProcessor};
    /// use opentelemetry_sdk::trace::{InMemorySpanExporter, SimpleSpanProcessor};
    ///
    /// let inner = SimpleSpanProcessor::new(InMemorySpanExporter::default());
    /// let processor = InstrumentationScopeProcessor::new(inner).with_profile(Profile::Latest);
    /// ```
    #[must_use]
    pub fn with_profile(mut self, profile: Profile) -> Self {
        self.scope = scope(profile);
        self
    }
}

fn scope(profile: Profile) -> InstrumentationScope {
    InstrumentationScope::builder("llm-trace")
        .with_version(env!("CARGO_PKG_VERSION"))
        .with_schema_url(profile.schema_url())
        .build()
}

impl<P: SpanProcessor> SpanProcessor for InstrumentationScopeProcessor<P> {
    forward_to_inner!(on_start);

    fn on_end(&self, mut span: SpanData) {
        if span.attributes.iter().any(|attribute| attribute.key.as_str() == MARK) {
            span.instrumentation_scope = self.scope.clone();
            crate::sink::otel::settle_status(&mut span);
        }
        self.inner.on_end(span);
    }
}
