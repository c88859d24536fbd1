//! How a layer is set up.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use opentelemetry::trace::{Tracer, TracerProvider};
use tracing::Subscriber;
use tracing_subscriber::registry::LookupSpan;

use super::embedded_layer::EmbeddedLayer;
use super::llm_layer::LlmLayer;
use super::tracer::CallTracer;
use crate::ambient::TraceBackend;
use crate::call::OpenCalls;
use crate::cost::{Prices, SharedPrices};
use crate::model::Nested;
use crate::policy::PolicyHandle;
use crate::semconv::Profile;
use crate::sink::hook::Hook;
use crate::sink::{CallHooks, Compat, FinishedCall};

impl<S> LlmLayer<S> {
    /// Registers this layer's calls with a guard that ends them.
    #[cfg(feature = "init")]
    pub(crate) fn with_open_calls(self, open: OpenCalls) -> Self {
        self.set(|pipeline| pipeline.open = open)
    }

    /// Registers this layer's hooks with a guard that flushes them.
    #[cfg(feature = "init")]
    pub(crate) fn with_call_hooks(self, hooks: CallHooks) -> Self {
        self.set(|pipeline| pipeline.call_hooks = hooks)
    }

    /// The closures that [`on_call`](Self::on_call) was given, to be flushed and counted.
    pub fn call_hooks(&self) -> CallHooks {
        self.pipeline.0.call_hooks.clone()
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
    pub fn with_profile(self, profile: Profile) -> Self {
        self.scope_profile.set(profile);
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
    /// let layer = llm_trace::layer::<Registry>().with_cancelled_as_error(true);
    /// # let _ = layer;
    /// ```
    #[must_use]
    pub fn with_cancelled_as_error(self, error: bool) -> Self {
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

    /// Gives each finished call to a closure of yours: to write usage to a database, watch budgets, count per team.
    ///
    /// The closure runs on a thread of its own, one call at a time, in the order in which calls end. A call never waits
    /// for it. Up to 4,096 calls or 32 MiB wait in a queue; further ones are dropped and counted, and where bytes run
    /// out content goes first. [`CallHooks`] has the counts and flushes the queue, as does the guard of
    /// [`init`](crate::init) and [`export`](crate::export). Called several times, each closure has its own thread.
    ///
    /// The closure is given calls that no sampler takes, too, and needs no OpenTelemetry layer. A call that is merged
    /// into the one around it ([`Nested`]) is handed over as part of that one. If the closure panics, it misses that
    /// call and is given the next. Calls that it makes itself are traced, but not handed to a hook. Make them on the
    /// closure's own thread: a call in a task that it spawns elsewhere is as any other, and can start the closure anew
    /// without end.
    ///
    /// The thread starts with the first call. In a forked child it starts again, with an empty queue.
    ///
    /// ```
    /// # use tracing_subscriber::Registry;
    /// use std::sync::mpsc::channel;
    ///
    /// use llm_trace::FinishedCall;
    ///
    /// let (rows, inbox) = channel();
    /// let layer = llm_trace::layer::<Registry>().on_call(move |call: &FinishedCall| {
    ///     let row = (call.caller_team_id().map(str::to_owned), call.model().map(str::to_owned), call.cost());
    ///     // Whoever reads may be gone.
    ///     let _ = rows.send(row);
    /// });
    /// # drop((layer, inbox));
    /// ```
    #[must_use]
    pub fn on_call(self, hook: impl FnMut(&FinishedCall) + Send + 'static) -> Self {
        let hook = Arc::new(Hook::new(hook));
        self.set(|pipeline| {
            pipeline.call_hooks.add(Arc::clone(&hook));
            pipeline.hooks.push(hook);
        })
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
    /// Sends all spans to this provider through an OpenTelemetry layer embedded in this one, so that
    /// you need no layer of your own.
    #[must_use]
    pub fn with_tracer_provider<P>(mut self, provider: &P) -> Self
    where
        P: TracerProvider,
        P::Tracer: Tracer + Send + Sync + 'static,
        <P::Tracer as Tracer>::Span: Send + Sync,
    {
        // Attributes that the conventions do not name are left out. So are the status and the text of
        // other crates' error events: they can repeat a prompt.
        let otel = tracing_opentelemetry::layer()
            .with_tracer(CallTracer {
                core: provider.tracer_with_scope(crate::sink::scope(Profile::Core)),
                latest: provider.tracer_with_scope(crate::sink::scope(Profile::Latest)),
                profile: Arc::clone(&self.scope_profile),
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
        self
    }
}
