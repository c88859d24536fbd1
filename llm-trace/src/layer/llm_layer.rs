//! The layer, which holds the policy and can embed the OpenTelemetry layer.

use std::any::TypeId;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Dispatch, Event, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use super::http_events;
use super::instrumentation_profile::AtomicProfile;
use super::otel::EmbeddedLayer;
use crate::ambient::{mask_context, scope_fields};
use crate::call::Pipeline;
use crate::call::lifecycle::pipeline::PipelineRef;
use crate::diag;
use crate::guard::FieldRewriter;
use crate::otel::{TraceContextExt as _, current_context};
use crate::policy::{Policy, PolicyHandle, PolicyState, content_targets};
use crate::semconv::Profile;
use crate::sink::fields;

/// Creates the layer that records annotated calls as GenAI spans.
///
/// ```
/// use opentelemetry_sdk::trace::SdkTracerProvider;
/// use tracing_subscriber::prelude::*;
///
/// let provider = SdkTracerProvider::builder().build();
/// tracing_subscriber::registry()
///     .with(llm_trace::layer().with_tracer_provider(&provider))
///     .init();
/// ```
///
/// With an existing OpenTelemetry layer, in any order:
///
/// ```
/// # use opentelemetry::trace::TracerProvider as _;
/// # use opentelemetry_sdk::trace::SdkTracerProvider;
/// # use tracing_subscriber::prelude::*;
/// # let tracer = SdkTracerProvider::builder().build().tracer("app");
/// tracing_subscriber::registry()
///     .with(tracing_opentelemetry::layer().with_tracer(tracer))
///     .with(llm_trace::layer())
///     .init();
/// ```
///
/// Content is not captured unless [`with_policy`](LlmLayer::with_policy) or the environment enables it. See
/// [`Policy::from_env`].
pub fn layer<S>() -> LlmLayer<S> {
    let policy = Policy::from_env().unwrap_or_else(|error| {
        diag::warn_once("policy", &error.to_string());
        error.into_policy()
    });
    LlmLayer::with(policy, Profile::from_env())
}

/// The layer that [`layer`] creates.
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
/// tracing_subscriber::registry().with(layer).init();
/// ```
pub struct LlmLayer<S> {
    pub(super) pipeline: PipelineRef,
    /// Guards in front of the exporters have the same policy handle.
    pub(super) has_guards: bool,
    pub(super) inner: Option<EmbeddedLayer<S>>,
    /// Rewrites fields of crates that log whole requests and responses.
    passing: FieldRewriter,
    /// Events of HTTP crates up to this level become span events.
    pub(super) event_level: LevelFilter,
    /// Shared with the tracer of the embedded layer.
    pub(super) normalize: Arc<AtomicBool>,
    /// The profile in the instrumentation scope of that tracer.
    pub(super) instrumentation_profile: Arc<AtomicProfile>,
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
            has_guards: false,
            inner: None,
            instrumentation_profile: Arc::new(AtomicProfile::new(profile)),
            passing: FieldRewriter::for_export(),
            event_level: LevelFilter::INFO,
            normalize: Arc::default(),
        }
    }

    /// The embedded OpenTelemetry layer, if it is used.
    fn inner(&self) -> Option<&(dyn Layer<S> + Send + Sync)> {
        self.inner.as_ref().and_then(EmbeddedLayer::layer)
    }

    /// Whether fields with this target must be rewritten before the embedded layer records them. Processors do not see
    /// the target of an attribute.
    fn is_content_target(&self, target: &str) -> bool {
        content_targets::any() && self.pipeline.0.policy.is_content_target(target)
    }

    /// The policy for values of other code at the current place.
    fn policy_here(&self) -> PolicyState {
        let policy = self.pipeline.0.policy.state();
        if !policy.is_share() {
            return policy;
        }
        policy.for_trace(current_context::map_current(|cx| cx.span().span_context().trace_id()))
    }

    /// Whether free text of other code at the current place is not exported.
    fn withholds_free_text(&self) -> bool {
        mask_context::current().is_some_and(|around| self.policy_here().withholds_free_text(around))
    }

    /// Changes the pipeline. A layer is configured before it is used, so nothing shares the pipeline yet.
    pub(super) fn set(mut self, change: impl FnOnce(&mut Pipeline)) -> Self {
        if let Some(pipeline) = Arc::get_mut(&mut self.pipeline.0) {
            change(pipeline);
        }
        self
    }
}

impl<S> Layer<S> for LlmLayer<S>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    fn on_register_dispatch(&self, dispatch: &Dispatch) {
        if dispatch.downcast_ref::<PipelineRef>().is_some_and(|found| !Arc::ptr_eq(&found.0, &self.pipeline.0)) {
            diag::warn_once(
                "two-of-ours",
                "the subscriber has two llm_trace::layer(), and calls follow the one that was added last: remove the other",
            );
        }
        if let Some(inner) = &self.inner {
            inner.on_register_dispatch(dispatch);
        } else if self.normalize.load(Ordering::Relaxed) {
            diag::warn_once(
                "normalize",
                "with_normalization(true) has no effect without with_tracer_provider(..): put NormalizeProcessor around \
                 the span processor instead",
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
        scope_fields::on_callsite(metadata);
        content_targets::on_callsite(metadata);
        self.inner().map_or_else(Interest::always, |inner| inner.register_callsite(metadata))
    }

    fn enabled(&self, metadata: &Metadata<'_>, ctx: Context<'_, S>) -> bool {
        self.inner().is_none_or(|inner| inner.enabled(metadata, ctx))
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        self.inner().and_then(|inner| inner.max_level_hint())
    }

    fn on_new_span(&self, attrs: &Attributes<'_>, id: &Id, ctx: Context<'_, S>) {
        current_context::on_new_span();
        if let Some(inner) = &self.inner {
            inner.search_at_first_span(id, &self.pipeline);
        }
        scope_fields::on_new_span(attrs, id, &ctx);
        let Some(inner) = self.inner() else { return };
        let metadata = attrs.metadata();
        // The values of a call's span have passed the policy.
        if (self.is_content_target(metadata.target()) || self.withholds_free_text()) && !fields::is_call_span(metadata)
        {
            let policy = self.policy_here();
            self.passing.span(&policy, attrs, mask_context::current(), |attrs| inner.on_new_span(attrs, id, ctx));
        } else {
            inner.on_new_span(attrs, id, ctx);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, ctx: Context<'_, S>) {
        scope_fields::on_record(id, values, &ctx);
        let Some(inner) = self.inner() else { return };
        let target = ctx.metadata(id).map(Metadata::target);
        match target.filter(|target| {
            (self.is_content_target(target) || self.withholds_free_text()) && !fields::is_recorded_here(values)
        }) {
            None => inner.on_record(id, values, ctx),
            target => {
                let (policy, around) = (self.policy_here(), mask_context::current());
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
        // Not by `enabled`: that would switch them off for other layers.
        if http_events::is_too_verbose(event, self.event_level) {
            return;
        }
        if self.withholds_free_text()
            || (content_targets::any() && self.is_content_target(&content_targets::target(event)))
        {
            let policy = self.policy_here();
            self.passing.event(&policy, event, mask_context::current(), |event| inner.on_event(event, ctx));
        } else {
            inner.on_event(event, ctx);
        }
    }

    fn on_enter(&self, id: &Id, ctx: Context<'_, S>) {
        // Before the OpenTelemetry span starts, because its processors read the masks.
        scope_fields::on_enter(id, &ctx);
        if let Some(inner) = self.inner() {
            inner.on_enter(id, ctx);
        }
    }

    fn on_exit(&self, id: &Id, ctx: Context<'_, S>) {
        if let Some(inner) = self.inner() {
            inner.on_exit(id, ctx);
        }
        scope_fields::on_exit(id);
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

    crate::downcast::forward_downcast!();
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
        self.inner.as_ref().and_then(EmbeddedLayer::layer_to_downcast)
    }
}
