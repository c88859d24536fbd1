//! Settings that need OpenTelemetry.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use opentelemetry::trace::{Tracer, TracerProvider};
use tracing::Subscriber;
use tracing_subscriber::registry::LookupSpan;

use super::embedded_layer::EmbeddedLayer;
use super::tracer::CallTracer;
use crate::call::lifecycle::pipeline::SpanReceiver;
use crate::layer::llm_layer::LlmLayer;
use crate::semconv::Profile;

impl<S> LlmLayer<S> {
    /// Sets the destinations that receive trace context by [`inject`](crate::inject), and the baggage keys that they
    /// receive. By default there are none.
    #[must_use]
    pub fn with_propagation(self, propagation: crate::Propagation) -> Self {
        self.set(|pipeline| pipeline.propagation = propagation)
    }

    /// Sets the meter provider. The default is OpenTelemetry's global provider, if one is set.
    ///
    /// ```
    /// use opentelemetry_sdk::metrics::SdkMeterProvider;
    /// use tracing_subscriber::prelude::*;
    ///
    /// let provider = SdkMeterProvider::builder().build();
    /// tracing_subscriber::registry().with(llm_trace::layer().with_meter_provider(&provider)).init();
    /// ```
    #[must_use]
    pub fn with_meter_provider(self, provider: &impl opentelemetry::metrics::MeterProvider) -> Self {
        self.set(|pipeline| pipeline.metrics.set_provider(provider))
    }

    /// Adds attributes of calls to their metrics, besides those that the conventions define. Content is never added.
    ///
    /// Each value creates separate time series, so choose attributes with few values. A series keeps its values although
    /// the policy changes: set [`hash_identity`](crate::Policy::hash_identity) and
    /// [`mask_metadata`](crate::Policy::mask_metadata) at the start.
    ///
    /// ```
    /// use tracing_subscriber::prelude::*;
    ///
    /// let layer = llm_trace::layer().with_metric_attributes(["llm_trace.outcome", "app.tenant"]);
    /// tracing_subscriber::registry().with(layer).init();
    /// ```
    #[must_use]
    pub fn with_metric_attributes<K: Into<String>>(self, keys: impl IntoIterator<Item = K>) -> Self {
        self.set(|pipeline| pipeline.metrics.allow(keys.into_iter().map(Into::into)))
    }

    /// Sets the logger provider for events. Without one no events are emitted.
    ///
    /// Events hold content if the policy's [`Capture`](crate::Capture) includes events.
    ///
    /// ```
    /// use llm_trace::{Capture, Policy};
    /// use opentelemetry_sdk::logs::SdkLoggerProvider;
    /// use tracing_subscriber::prelude::*;
    ///
    /// let provider = SdkLoggerProvider::builder().build();
    /// let layer = llm_trace::layer()
    ///     .with_logger_provider(&provider)
    ///     .with_policy(Policy::new().capture(Capture::Event));
    /// tracing_subscriber::registry().with(layer).init();
    /// ```
    #[must_use]
    pub fn with_logger_provider<P>(self, provider: &P) -> Self
    where
        P: opentelemetry::logs::LoggerProvider,
        P::Logger: Send + Sync + 'static,
    {
        self.set(|pipeline| pipeline.events.set_provider(provider))
    }

    /// Converts spans of crates that trace LLM calls themselves, such as `rig` and `genai`, to the conventions: span
    /// kind, name, types, current attribute names, and the structure of messages. Off by default.
    ///
    /// It applies to the OpenTelemetry layer embedded by [`with_tracer_provider`](Self::with_tracer_provider). With
    /// your own OpenTelemetry layer, use [`NormalizeProcessor`](crate::NormalizeProcessor). As for all spans of other
    /// crates, the [`RedactProcessor`](crate::RedactProcessor) decides which content is exported.
    ///
    /// ```
    /// # use opentelemetry_sdk::trace::SdkTracerProvider;
    /// use tracing_subscriber::prelude::*;
    ///
    /// # let provider = SdkTracerProvider::builder().build();
    /// let layer = llm_trace::layer().with_tracer_provider(&provider).with_normalization(true);
    /// tracing_subscriber::registry().with(layer).init();
    /// ```
    #[must_use]
    pub fn with_normalization(self, normalize: bool) -> Self {
        self.normalize.store(normalize, Ordering::Relaxed);
        self
    }
}

impl<S> LlmLayer<S>
where
    S: Subscriber + for<'span> LookupSpan<'span> + Send + Sync,
{
    /// Exports all spans to this provider through an embedded OpenTelemetry layer, so that you need none of your own.
    #[must_use]
    pub fn with_tracer_provider<P>(mut self, provider: &P) -> Self
    where
        P: TracerProvider,
        P::Tracer: Tracer + Send + Sync + 'static,
        <P::Tracer as Tracer>::Span: Send + Sync,
    {
        // Attributes outside of the conventions are omitted. So are the status and the text of other crates' error
        // events, which may repeat a prompt.
        let otel = tracing_opentelemetry::layer()
            .with_tracer(CallTracer {
                core: provider.tracer_with_scope(crate::sink::otel::scope(Profile::Core)),
                latest: provider.tracer_with_scope(crate::sink::otel::scope(Profile::Latest)),
                profile: Arc::clone(&self.instrumentation_profile),
                normalize: Arc::clone(&self.normalize),
            })
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_tracked_inactivity(false)
            .with_error_events_to_status(false)
            .with_error_events_to_exceptions(false)
            .with_error_fields_to_exceptions(false)
            .with_error_records_to_exceptions(false);
        self.inner = Some(EmbeddedLayer::new(Box::new(otel)));
        self.set(|pipeline| pipeline.newest_span.set(SpanReceiver::OtelLayer))
    }
}
