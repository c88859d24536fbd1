//! Settings of a layer.

use std::sync::Arc;

use tracing_subscriber::filter::LevelFilter;

use super::llm_layer::LlmLayer;
use crate::ambient::TraceBackend;
use crate::call::lifecycle::OpenCalls;
use crate::cost::{Prices, SharedPrices};
use crate::model::Nested;
use crate::policy::PolicyHandle;
use crate::semconv::Profile;
use crate::sink::hook::Hook;
use crate::sink::{CallHooks, Compat, FinishedCall};

impl<S> LlmLayer<S> {
    /// Registers this layer's calls with a guard that ends them.
    pub(crate) fn with_open_calls(self, open: OpenCalls) -> Self {
        self.set(|pipeline| pipeline.open = open)
    }

    /// Registers this layer's hooks with a guard that flushes them.
    pub(crate) fn with_hook_registry(self, registry: CallHooks) -> Self {
        self.set(|pipeline| pipeline.hook_registry = registry)
    }

    /// The closures passed to [`with_call_hook`](Self::with_call_hook), to flush and count them.
    pub fn call_hooks(&self) -> CallHooks {
        self.pipeline.0.hook_registry.clone()
    }

    /// The open calls of this layer. See [`OpenCalls`].
    pub fn open_calls(&self) -> OpenCalls {
        self.pipeline.0.open.clone()
    }

    /// Sets the policy: a [`Policy`](crate::Policy), or a [`PolicyHandle`] that can be changed while the program runs.
    ///
    /// ```
    /// use llm_trace::{Capture, Policy};
    /// use tracing_subscriber::prelude::*;
    ///
    /// let layer = llm_trace::layer().with_policy(Policy::new().capture(Capture::Span));
    /// tracing_subscriber::registry().with(layer).init();
    /// ```
    ///
    /// For a layer of [`Parts`](crate::export::Parts), it is the policy of all their layers and of the guards in front of
    /// their exporters too, until another one is set. `Parts::policy` and a handle given here then share one policy.
    #[must_use]
    pub fn with_policy(self, policy: impl Into<PolicyHandle>) -> Self {
        let policy = policy.into();
        if self.has_guards {
            self.pipeline.0.policy.follow(&policy);
            return self;
        }
        self.set(|pipeline| pipeline.policy = policy)
    }

    /// Sets the policy, which guards in front of the exporters have too.
    #[cfg(feature = "init")]
    pub(crate) fn with_policy_of_guards(self, policy: &PolicyHandle) -> Self {
        let mut layer = self.with_policy(policy);
        layer.has_guards = true;
        layer
    }

    /// Sets the version of the conventions that names the attributes. The default comes from
    /// `OTEL_SEMCONV_STABILITY_OPT_IN`.
    ///
    /// ```
    /// use llm_trace::Profile;
    /// use tracing_subscriber::prelude::*;
    ///
    /// tracing_subscriber::registry().with(llm_trace::layer().with_profile(Profile::Latest)).init();
    /// ```
    #[must_use]
    pub fn with_profile(self, profile: Profile) -> Self {
        self.instrumentation_profile.set(profile);
        self.set(|pipeline| pipeline.profile = profile)
    }

    /// Sets the most verbose level of events of HTTP crates and the OpenTelemetry SDK that become span events. Default:
    /// `INFO`.
    ///
    /// `hyper`, `h2`, `reqwest`, `rustls`, `tower` and the like log many `DEBUG` and `TRACE` events for each request. If
    /// the subscriber enables them, other layers still see all of them. The level does not apply to events of other crates.
    ///
    /// ```
    /// use tracing_subscriber::filter::LevelFilter;
    /// use tracing_subscriber::prelude::*;
    ///
    /// tracing_subscriber::registry().with(llm_trace::layer().with_event_level(LevelFilter::TRACE)).init();
    /// ```
    #[must_use]
    pub fn with_event_level(mut self, level: impl Into<LevelFilter>) -> Self {
        self.event_level = level.into();
        self
    }

    /// Sets how model calls nest by default. See [`Nested`].
    ///
    /// ```
    /// use llm_trace::Nested;
    /// use tracing_subscriber::prelude::*;
    ///
    /// tracing_subscriber::registry().with(llm_trace::layer().with_nested(Nested::Separate)).init();
    /// ```
    #[must_use]
    pub fn with_nested(self, nested: Nested) -> Self {
        self.set(|pipeline| pipeline.nested = nested)
    }

    /// Adds attributes under another tool's names.
    ///
    /// ```
    /// use llm_trace::Compat;
    /// use tracing_subscriber::prelude::*;
    ///
    /// tracing_subscriber::registry().with(llm_trace::layer().with_compat(Compat::LiteLlm)).init();
    /// ```
    #[must_use]
    pub fn with_compat(self, compat: Compat) -> Self {
        self.set(|pipeline| pipeline.compat.push(compat))
    }

    /// Sets the backend whose attribute names [`Scope::update_trace`](crate::Scope::update_trace) uses.
    ///
    /// ```
    /// use llm_trace::TraceBackend;
    /// use tracing_subscriber::prelude::*;
    ///
    /// tracing_subscriber::registry().with(llm_trace::layer().with_trace_backend(TraceBackend::Phoenix)).init();
    /// ```
    #[must_use]
    pub fn with_trace_backend(self, backend: TraceBackend) -> Self {
        self.set(|pipeline| pipeline.trace_backend = backend)
    }

    /// Writes the facts of calls as fields of their `tracing` spans, which every layer sees: a
    /// `tracing-opentelemetry` layer of any version, Datadog's, `fmt`. `false` turns this off.
    ///
    /// By default facts are fields if no layer of `tracing-opentelemetry` 0.34 takes the span. Beside such a layer,
    /// `true` replaces the attributes that are written through OpenTelemetry. Lists become JSON text, and
    /// your own attributes and metadata become one JSON object in `llm_trace.attributes`. Fields do not contain
    /// content: see [`with_content_fields`](Self::with_content_fields).
    ///
    /// ```
    /// use tracing_subscriber::{fmt, prelude::*};
    ///
    /// tracing_subscriber::registry()
    ///     .with(llm_trace::layer().with_fields(true))
    ///     .with(fmt::layer().json())
    ///     .init();
    /// ```
    #[must_use]
    pub fn with_fields(self, fields: bool) -> Self {
        self.set(|pipeline| pipeline.fields = Some(fields))
    }

    /// Writes permitted content as fields too, where facts are fields. Off by default.
    ///
    /// A `fmt` layer prints the fields of a span on every line inside it, except with
    /// [`without_calls`](crate::FmtFields::without_calls). The [`Policy`](crate::Policy) permits, masks and cuts content as for
    /// OpenTelemetry spans.
    ///
    /// ```
    /// use llm_trace::{Capture, Policy};
    /// use tracing_subscriber::{fmt, prelude::*};
    ///
    /// let policy = Policy::new().capture(Capture::Span).mask_input(true);
    /// tracing_subscriber::registry()
    ///     .with(llm_trace::layer().with_policy(policy).with_content_fields(true))
    ///     .with(fmt::layer().json())
    ///     .init();
    /// ```
    #[must_use]
    pub fn with_content_fields(self, content: bool) -> Self {
        self.set(|pipeline| pipeline.content_fields = content)
    }

    /// Sets the span status to `Error` for cancelled calls and dropped streams. Off by default.
    ///
    /// ```
    /// use tracing_subscriber::prelude::*;
    ///
    /// tracing_subscriber::registry().with(llm_trace::layer().with_cancelled_as_error(true)).init();
    /// ```
    #[must_use]
    pub fn with_cancelled_as_error(self, error: bool) -> Self {
        self.set(|pipeline| pipeline.cancelled_as_error = error)
    }

    /// Passes each finished call to a closure, for example to write usage to a database, watch budgets or count per
    /// team.
    ///
    /// The closure runs on its own thread, one call at a time, in the order in which calls end. A call never waits for
    /// it. Up to 4,096 calls or 32 MiB are queued. Further calls are dropped and counted; if the bytes run out, content
    /// is dropped first. [`CallHooks`] has the counts and flushes the queue, as does the guard of [`init`](crate::init)
    /// and [`export`](crate::export). If `with_call_hook` is used several times, each closure has its own thread.
    ///
    /// The closure receives unsampled calls too, and needs no OpenTelemetry layer. A call that is merged into its outer
    /// call ([`Nested`]) is part of that call. If the closure panics, it misses that call and receives the next one.
    /// Calls that the closure makes are traced but not passed to a hook. Make them on the closure's own thread: a call
    /// in a task that it spawns is passed to the hook, which could repeat without end.
    ///
    /// The thread starts with the first call. In a forked child it starts again with an empty queue.
    ///
    /// ```
    /// use std::sync::mpsc::channel;
    ///
    /// use llm_trace::FinishedCall;
    /// use tracing_subscriber::prelude::*;
    ///
    /// let (rows, inbox) = channel();
    /// let layer = llm_trace::layer().with_call_hook(move |call: &FinishedCall| {
    ///     let row = (call.caller_team_id().map(str::to_owned), call.model().map(str::to_owned), call.cost());
    ///     if rows.send(row).is_err() {
    ///         eprintln!("the receiver is gone");
    ///     }
    /// });
    /// tracing_subscriber::registry().with(layer).init();
    /// # drop(inbox);
    /// ```
    #[must_use]
    pub fn with_call_hook(self, hook: impl FnMut(&FinishedCall) + Send + 'static) -> Self {
        let hook = Arc::new(Hook::new(hook));
        self.set(|pipeline| {
            pipeline.hook_registry.add(Arc::clone(&hook));
            pipeline.hooks.push(hook);
        })
    }

    /// Sets the prices of calls: a [`PriceTable`](crate::PriceTable) or a closure. By default only costs reported by
    /// the provider are recorded.
    ///
    /// See [`Prices`] for examples.
    #[must_use]
    pub fn with_prices(self, prices: impl Prices) -> Self {
        self.with_shared_prices(SharedPrices::new(prices))
    }

    pub(crate) fn with_shared_prices(self, prices: SharedPrices) -> Self {
        self.set(|pipeline| pipeline.prices = Some(prices))
    }
}
