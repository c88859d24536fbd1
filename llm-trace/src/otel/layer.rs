//! The layer: it carries the policy and, if asked, brings the OpenTelemetry layer along.

use std::any::TypeId;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use opentelemetry::trace::{Tracer, TracerProvider};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Dispatch, Event, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use super::brought::Brought;
use super::compat::Compat;
use super::pipeline::{Pipeline, PipelineRef};
use super::tracer::CallTracer;
use crate::call::{Nested, OpenCalls};
use crate::cost::{Prices, SharedPrices};
use crate::diag;
use crate::redact::{Passing, Policy, PolicyHandle, context, wordy};
use crate::scope::{TraceBackend, fields};
use crate::semconv::Profile;

/// The layer that turns annotated calls into GenAI spans.
///
/// ```
/// use opentelemetry_sdk::trace::SdkTracerProvider;
/// use tracing_subscriber::prelude::*;
///
/// let provider = SdkTracerProvider::builder().build();
/// let subscriber = tracing_subscriber::registry()
///     .with(llm_trace::layer().with_tracer_provider(&provider));
/// # let _ = subscriber;
/// ```
///
/// Beside an OpenTelemetry layer that is already there, in either order:
///
/// ```
/// # use opentelemetry::trace::TracerProvider as _;
/// # use opentelemetry_sdk::trace::SdkTracerProvider;
/// # use tracing_subscriber::prelude::*;
/// # let tracer = SdkTracerProvider::builder().build().tracer("app");
/// let subscriber = tracing_subscriber::registry()
///     .with(tracing_opentelemetry::layer().with_tracer(tracer))
///     .with(llm_trace::layer());
/// # let _ = subscriber;
/// ```
///
/// Content is off unless [`with_policy`](LlmLayer::with_policy) or the environment says on: see
/// [`Policy::from_env`].
pub fn layer<S>() -> LlmLayer<S> {
    let policy = Policy::from_env().unwrap_or_else(|error| {
        diag::warn_once("policy", &error.to_string());
        error.into_policy()
    });
    LlmLayer::with(policy, Profile::from_env())
}

/// See [`layer`].
///
/// ```
/// use llm_trace::{Capture, Compat, Policy, Profile};
/// use opentelemetry_sdk::trace::SdkTracerProvider;
/// use tracing_subscriber::prelude::*;
///
/// let provider = SdkTracerProvider::builder().build();
/// let layer = llm_trace::layer()
///     .with_policy(Policy::new().capture(Capture::Span))
///     .with_profile(Profile::default())
///     .with_compat(Compat::LiteLlm)
///     .with_tracer_provider(&provider);
/// let subscriber = tracing_subscriber::registry().with(layer);
/// # let _ = subscriber;
/// ```
pub struct LlmLayer<S> {
    pipeline: PipelineRef,
    inner: Option<Brought<S>>,
    /// For what other crates write of whole requests and answers.
    passing: Passing,
    /// Shared with the tracer that was brought along.
    normalize: Arc<AtomicBool>,
    /// The same under the other profile's scope, should that be asked for later.
    spare: Option<Box<dyn Layer<S> + Send + Sync>>,
}

impl<S> fmt::Debug for LlmLayer<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LlmLayer").field("pipeline", &self.pipeline).finish_non_exhaustive()
    }
}

impl<S> LlmLayer<S> {
    pub(crate) fn with(policy: impl Into<PolicyHandle>, profile: Profile) -> Self {
        LlmLayer {
            pipeline: PipelineRef(Arc::new(Pipeline::new(policy.into(), profile))),
            inner: None,
            spare: None,
            passing: Passing::default(),
            normalize: Arc::default(),
        }
    }

    /// The OpenTelemetry layer that was brought along and is used.
    fn inner(&self) -> Option<&(dyn Layer<S> + Send + Sync)> {
        self.inner.as_ref().and_then(Brought::layer)
    }

    /// Whether what is written under this target has to be rewritten on its way to the layer that was
    /// brought along: no attribute will tell the processors whose it is.
    fn is_wordy(&self, target: &str) -> bool {
        wordy::any() && self.pipeline.0.policy.is_wordy(target)
    }

    /// The pipeline, while nobody shares it: a layer is set up before it is used.
    fn set(mut self, change: impl FnOnce(&mut Pipeline)) -> Self {
        if let Some(pipeline) = Arc::get_mut(&mut self.pipeline.0) {
            change(pipeline);
        }
        self
    }

    /// Registers this layer's calls with a guard that ends them.
    #[cfg(feature = "init")]
    pub(crate) fn with_open_calls(self, open: OpenCalls) -> Self {
        self.set(|pipeline| pipeline.open = open)
    }

    /// The calls of this layer that have not ended: see [`OpenCalls`].
    pub fn open_calls(&self) -> OpenCalls {
        self.pipeline.0.open.clone()
    }

    /// What may leave the process: a [`Policy`](crate::Policy), or a [`PolicyHandle`] to change
    /// it while the program runs.
    ///
    /// ```
    /// # use tracing_subscriber::Registry;
    /// use llm_trace::{Capture, Policy};
    ///
    /// let layer = llm_trace::layer::<Registry>().with_policy(Policy::new().capture(Capture::Span));
    /// # let _ = layer;
    /// ```
    #[must_use]
    pub fn with_policy(self, policy: impl Into<PolicyHandle>) -> Self {
        self.set(|pipeline| pipeline.policy = policy.into())
    }

    /// Which state of the conventions names the attributes. Default: as
    /// `OTEL_SEMCONV_STABILITY_OPT_IN` says.
    ///
    /// ```
    /// # use tracing_subscriber::Registry;
    /// let layer = llm_trace::layer::<Registry>().with_profile(llm_trace::Profile::Latest);
    /// # let _ = layer;
    /// ```
    #[must_use]
    pub fn with_profile(mut self, profile: Profile) -> Self {
        if profile != self.pipeline.0.profile
            && let (Some(inner), Some(spare)) = (&mut self.inner, &mut self.spare)
        {
            inner.swap(spare);
        }
        self.set(|pipeline| pipeline.profile = profile)
    }

    /// What becomes of a model call that is made inside of another: see [`Nested`].
    ///
    /// ```
    /// # use tracing_subscriber::Registry;
    /// use llm_trace::Nested;
    ///
    /// let layer = llm_trace::layer::<Registry>().with_nested(Nested::Separate);
    /// # let _ = layer;
    /// ```
    #[must_use]
    pub fn with_nested(self, nested: Nested) -> Self {
        self.set(|pipeline| pipeline.nested = nested)
    }

    /// Adds another tool's names beside the conventions'.
    ///
    /// ```
    /// # use tracing_subscriber::Registry;
    /// use llm_trace::Compat;
    ///
    /// let layer = llm_trace::layer::<Registry>().with_compat(Compat::LiteLlm);
    /// # let _ = layer;
    /// ```
    #[must_use]
    pub fn with_compat(self, compat: Compat) -> Self {
        self.set(|pipeline| pipeline.compat.push(compat))
    }

    /// Which backend [`Scope::update_trace`](crate::Scope::update_trace) names the input and output
    /// of a trace for.
    ///
    /// ```
    /// # use tracing_subscriber::Registry;
    /// use llm_trace::TraceBackend;
    ///
    /// let layer = llm_trace::layer::<Registry>().with_trace_backend(TraceBackend::Phoenix);
    /// # let _ = layer;
    /// ```
    #[must_use]
    pub fn with_trace_backend(self, backend: TraceBackend) -> Self {
        self.set(|pipeline| pipeline.trace_backend = backend)
    }

    /// Who is told the calls' trace ids by [`inject`](crate::inject), and which baggage. Default:
    /// nobody.
    #[cfg(feature = "http")]
    #[must_use]
    pub fn with_propagation(self, propagation: crate::Propagation) -> Self {
        self.set(|pipeline| pipeline.propagation = propagation)
    }

    /// Gives calls that were cancelled, or whose stream was dropped, status Error. Off by
    /// default: giving up is no fault of the call's.
    ///
    /// ```
    /// # use tracing_subscriber::Registry;
    /// let layer = llm_trace::layer::<Registry>().with_given_up_as_error(true);
    /// # let _ = layer;
    /// ```
    #[must_use]
    pub fn with_given_up_as_error(self, error: bool) -> Self {
        self.set(|pipeline| pipeline.red_when_given_up = error)
    }

    /// Records metrics with this provider. Default: OpenTelemetry's global one, if there is one.
    ///
    /// ```
    /// # use tracing_subscriber::Registry;
    /// use opentelemetry_sdk::metrics::SdkMeterProvider;
    ///
    /// let provider = SdkMeterProvider::builder().build();
    /// let layer = llm_trace::layer::<Registry>().with_meter_provider(&provider);
    /// # let _ = layer;
    /// ```
    #[cfg(feature = "metrics")]
    #[must_use]
    pub fn with_meter_provider(self, provider: &impl opentelemetry::metrics::MeterProvider) -> Self {
        self.set(|pipeline| pipeline.metrics.set_provider(provider))
    }

    /// Makes these attributes of calls labels of their metrics, besides the few that the
    /// conventions name. Content never becomes one.
    ///
    /// Each value makes series of its own: allow none that has many.
    ///
    /// ```
    /// # use tracing_subscriber::Registry;
    /// let layer = llm_trace::layer::<Registry>().with_metric_attributes(["llm_trace.outcome", "app.tenant"]);
    /// # let _ = layer;
    /// ```
    #[cfg(feature = "metrics")]
    #[must_use]
    pub fn with_metric_attributes<K: Into<String>>(self, keys: impl IntoIterator<Item = K>) -> Self {
        self.set(|pipeline| pipeline.metrics.allow(keys.into_iter().map(Into::into)))
    }

    /// Sends events to this provider. Without one there are none.
    ///
    /// Content is on them where the policy's [`Capture`](crate::Capture) says so.
    ///
    /// ```
    /// # use tracing_subscriber::Registry;
    /// use llm_trace::{Capture, Policy};
    /// use opentelemetry_sdk::logs::SdkLoggerProvider;
    ///
    /// let provider = SdkLoggerProvider::builder().build();
    /// let layer = llm_trace::layer::<Registry>()
    ///     .with_logger_provider(&provider)
    ///     .with_policy(Policy::new().capture(Capture::Event));
    /// # let _ = layer;
    /// ```
    #[cfg(feature = "logs")]
    #[must_use]
    pub fn with_logger_provider<P>(self, provider: &P) -> Self
    where
        P: opentelemetry::logs::LoggerProvider,
        P::Logger: Send + Sync + 'static,
    {
        self.set(|pipeline| pipeline.events.set_provider(provider))
    }

    /// Makes spans of crates that trace LLM calls themselves, such as `rig` and `genai`, what the
    /// conventions say: kind, name, types, names of today, the shape of messages. Off by default.
    ///
    /// It works on the OpenTelemetry layer that
    /// [`with_tracer_provider`](Self::with_tracer_provider) brings along. Beside a layer of your
    /// own use [`NormalizeProcessor`](crate::NormalizeProcessor). What may leave of them is up to
    /// the [`RedactProcessor`](crate::RedactProcessor), as for all spans of other crates.
    ///
    /// ```
    /// # use opentelemetry_sdk::trace::SdkTracerProvider;
    /// # use tracing_subscriber::Registry;
    /// # let provider = SdkTracerProvider::builder().build();
    /// let layer = llm_trace::layer::<Registry>().with_tracer_provider(&provider).normalize(true);
    /// # let _ = layer;
    /// ```
    #[must_use]
    pub fn normalize(self, normalize: bool) -> Self {
        self.normalize.store(normalize, Ordering::Relaxed);
        self
    }

    /// Says what calls cost: a [`PriceTable`](crate::PriceTable) or a closure. Without it only a
    /// cost that the provider states is known.
    ///
    /// See [`Prices`](crate::Prices) for examples.
    #[must_use]
    pub fn prices(self, prices: impl Prices) -> Self {
        self.with_prices(SharedPrices::new(prices))
    }

    pub(crate) fn with_prices(self, prices: SharedPrices) -> Self {
        self.set(|pipeline| pipeline.prices = Some(prices))
    }
}

impl<S> LlmLayer<S>
where
    S: Subscriber + for<'span> LookupSpan<'span> + Send + Sync,
{
    /// Brings an OpenTelemetry layer along, so that no other is needed: all spans go to this
    /// provider.
    #[must_use]
    pub fn with_tracer_provider<P>(mut self, provider: &P) -> Self
    where
        P: TracerProvider,
        P::Tracer: Tracer + Send + Sync + 'static,
        <P::Tracer as Tracer>::Span: Send + Sync,
    {
        let brought = |profile: Profile| -> Box<dyn Layer<S> + Send + Sync> {
            // Nothing that the conventions do not name, and no status or text from other crates'
            // error events: those can echo a prompt.
            let otel = tracing_opentelemetry::layer()
                .with_tracer(CallTracer {
                    inner: provider.tracer_with_scope(super::scope(profile)),
                    profile,
                    normalize: self.normalize.clone(),
                })
                .with_location(false)
                .with_threads(false)
                .with_target(false)
                .with_tracked_inactivity(false)
                .with_error_events_to_status(false)
                .with_error_events_to_exceptions(false)
                .with_error_fields_to_exceptions(false)
                .with_error_records_to_exceptions(false);
            Box::new(otel)
        };
        let (profile, other) = match self.pipeline.0.profile {
            Profile::Core => (Profile::Core, Profile::Latest),
            Profile::Latest => (Profile::Latest, Profile::Core),
        };
        self.inner = Some(Brought::new(brought(profile)));
        self.spare = Some(brought(other));
        self
    }
}

impl<S> Layer<S> for LlmLayer<S>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    fn on_register_dispatch(&self, dispatch: &Dispatch) {
        if let Some(inner) = &self.inner {
            inner.registered(dispatch);
        } else if self.normalize.load(Ordering::Relaxed) {
            diag::warn_once(
                "normalize",
                "normalize(true) has no effect without with_tracer_provider(..): put NormalizeProcessor around the span \
                 processor instead",
            );
        }
        if let Some(inner) = self.inner() {
            inner.on_register_dispatch(dispatch);
        }
    }

    fn on_layer(&mut self, subscriber: &mut S) {
        if let Some(inner) = &mut self.inner {
            inner.layer_mut().on_layer(subscriber);
        }
    }

    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        fields::on_callsite(metadata);
        wordy::on_callsite(metadata);
        self.inner().map_or_else(Interest::always, |inner| inner.register_callsite(metadata))
    }

    fn enabled(&self, metadata: &Metadata<'_>, ctx: Context<'_, S>) -> bool {
        self.inner().is_none_or(|inner| inner.enabled(metadata, ctx))
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        self.inner().and_then(|inner| inner.max_level_hint())
    }

    fn on_new_span(&self, attrs: &Attributes<'_>, id: &Id, ctx: Context<'_, S>) {
        if let Some(inner) = &self.inner {
            inner.decide(attrs.metadata());
        }
        fields::on_new_span(attrs, id, &ctx);
        let Some(inner) = self.inner() else { return };
        if self.is_wordy(attrs.metadata().target()) {
            let policy = self.pipeline.0.policy.state();
            self.passing.span(&policy, attrs, context::current(), |attrs| inner.on_new_span(attrs, id, ctx));
        } else {
            inner.on_new_span(attrs, id, ctx);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, ctx: Context<'_, S>) {
        fields::on_record(id, values, &ctx);
        let Some(inner) = self.inner() else { return };
        match ctx.metadata(id).map(Metadata::target).filter(|target| self.is_wordy(target)) {
            None => inner.on_record(id, values, ctx),
            target => {
                let (policy, around) = (self.pipeline.0.policy.state(), context::current());
                self.passing.record(&policy, values, target, around, |values| inner.on_record(id, values, ctx));
            }
        }
    }

    fn on_follows_from(&self, id: &Id, follows: &Id, ctx: Context<'_, S>) {
        if let Some(inner) = self.inner() {
            inner.on_follows_from(id, follows, ctx);
        }
    }

    fn event_enabled(&self, event: &Event<'_>, ctx: Context<'_, S>) -> bool {
        self.inner().is_none_or(|inner| inner.event_enabled(event, ctx))
    }

    fn on_event(&self, event: &Event<'_>, ctx: Context<'_, S>) {
        let Some(inner) = self.inner() else { return };
        if wordy::any() && self.is_wordy(&wordy::target(event)) {
            let policy = self.pipeline.0.policy.state();
            self.passing.event(&policy, event, context::current(), |event| inner.on_event(event, ctx));
        } else {
            inner.on_event(event, ctx);
        }
    }

    fn on_enter(&self, id: &Id, ctx: Context<'_, S>) {
        // Before the OpenTelemetry span starts: its processors ask for the masks.
        fields::on_enter(id, &ctx);
        if let Some(inner) = self.inner() {
            inner.on_enter(id, ctx);
        }
    }

    fn on_exit(&self, id: &Id, ctx: Context<'_, S>) {
        if let Some(inner) = self.inner() {
            inner.on_exit(id, ctx);
        }
        fields::on_exit(id);
    }

    fn on_close(&self, id: Id, ctx: Context<'_, S>) {
        if let Some(inner) = self.inner() {
            inner.on_close(id, ctx);
        }
    }

    fn on_id_change(&self, old: &Id, new: &Id, ctx: Context<'_, S>) {
        if let Some(inner) = self.inner() {
            inner.on_id_change(old, new, ctx);
        }
    }

    llm_trace_macros::__forward_downcast!();
}

impl<S: 'static> LlmLayer<S> {
    fn downcast_own(&self, id: TypeId) -> Option<*const ()> {
        if id == TypeId::of::<Self>() {
            Some(std::ptr::from_ref(self).cast())
        } else if id == TypeId::of::<PipelineRef>() {
            Some(std::ptr::from_ref(&self.pipeline).cast())
        } else if id == TypeId::of::<PolicyHandle>() {
            Some(std::ptr::from_ref(&self.pipeline.0.policy).cast())
        } else {
            None
        }
    }

    fn downcast_inner(&self) -> Option<&(dyn Layer<S> + Send + Sync)> {
        self.inner()
    }
}
