//! Spans of LLM calls say who wrote them and by which version of the conventions.

use opentelemetry::InstrumentationScope;
use opentelemetry_sdk::trace::{SpanData, SpanProcessor};

use crate::semconv::Profile;
use crate::sink::forward_to_inner;

/// What a span of the GenAI conventions has, whoever made it; messages of the Model Context Protocol that call no
/// tool have none.
const MARK: &str = "gen_ai.operation.name";

/// Gives the spans that have a `gen_ai.operation.name` the scope `llm-trace`, its version and the schema URL, and hands
/// all spans on. Those of other crates that trace LLM calls are among them: [`NormalizeProcessor`](crate::NormalizeProcessor)
/// makes them what the schema says.
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
        Self { inner, scope: scope(Profile::from_env()) }
    }

    /// The schema is that of this profile, which is to be the layer's.
    ///
    /// ```
    /// use llm_trace::{Profile, export::StampProcessor};
    /// use opentelemetry_sdk::trace::{InMemorySpanExporter, SimpleSpanProcessor};
    ///
    /// let inner = SimpleSpanProcessor::new(InMemorySpanExporter::default());
    /// let processor = StampProcessor::new(inner).with_profile(Profile::Latest);
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

impl<P: SpanProcessor> SpanProcessor for StampProcessor<P> {
    forward_to_inner!(on_start);

    fn on_end(&self, mut span: SpanData) {
        if span.attributes.iter().any(|attribute| attribute.key.as_str() == MARK) {
            span.instrumentation_scope = self.scope.clone();
            crate::sink::settle_status(&mut span);
        }
        self.inner.on_end(span);
    }
}
