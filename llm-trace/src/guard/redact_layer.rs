//! A wrapper that redacts the spans and events that a layer receives.

use std::any::TypeId;
use std::sync::OnceLock;
use std::{fmt, ptr};

use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Dispatch, Event, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use super::field_rewriter;
use super::field_rewriter::FieldRewriter;
use crate::ambient::{mask_context, span_masks};
use crate::policy::{Masks, PolicyHandle};
use crate::sink::fields;

/// Wraps a layer so that it receives no content that the [`Policy`](crate::Policy) does not allow, in the span and
/// event fields of any crate.
///
/// ```
/// use tracing_subscriber::prelude::*;
///
/// tracing_subscriber::registry()
///     .with(llm_trace::layer())
///     .with(llm_trace::redact(tracing_subscriber::fmt::layer()))
///     .init();
/// ```
///
/// The policy is that of the [`layer`](crate::layer()) in the same subscriber, unless
/// [`with_policy`](RedactLayer::with_policy) sets another one. The table in "What leaves your process" lists the
/// content fields. Inside a masked call or scope, the free text of other fields and of messages is masked as well.
/// A mask or a change of the policy applies to values that are recorded after it.
///
/// A call writes its content as attributes of its OpenTelemetry span, which pass no layer. They follow the policy of the
/// [`layer`](crate::layer()), and [`RedactProcessor`](crate::RedactProcessor) applies a stricter one to them.
///
/// Two `fmt` layers in one subscriber share the formatted fields of a span unless their field formatters have different
/// types, also if both are wrapped with different policies. See [`FmtFields`](crate::FmtFields).
pub fn redact<L>(layer: L) -> RedactLayer<L> {
    RedactLayer { inner: layer, own: None, found: OnceLock::new(), passing: FieldRewriter::default() }
}

/// The layer that [`redact`] returns.
///
/// ```
/// use llm_trace::{Policy, PolicyHandle, redact};
/// use tracing_subscriber::{fmt, prelude::*};
///
/// let policy = PolicyHandle::new(Policy::new().mask_input(true));
/// tracing_subscriber::registry().with(redact(fmt::layer().json()).with_policy(&policy)).init();
/// ```
pub struct RedactLayer<L> {
    inner: L,
    /// The policy set on this layer.
    own: Option<PolicyHandle>,
    /// The policy of the subscriber's layer.
    found: OnceLock<PolicyHandle>,
    passing: FieldRewriter,
}

/// Marks a subscriber with a wrapped layer; found by downcasting.
#[derive(Debug)]
pub(crate) struct Wrapped;

static WRAPPED: Wrapped = Wrapped;

impl<L: fmt::Debug> fmt::Debug for RedactLayer<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedactLayer").field("inner", &self.inner).finish_non_exhaustive()
    }
}

impl<L> RedactLayer<L> {
    /// Sets the policy of this layer, in place of the subscriber's. It applies to fields, also to those of calls.
    #[must_use]
    pub fn with_policy(mut self, policy: impl Into<PolicyHandle>) -> Self {
        self.own = Some(policy.into());
        self
    }

    fn policy(&self) -> &PolicyHandle {
        // Without a policy the default applies, which allows no content.
        self.own.as_ref().unwrap_or_else(|| self.found.get_or_init(PolicyHandle::default))
    }

    fn is_plain(&self, metadata: &'static Metadata<'static>) -> bool {
        self.passing.is_plain(self.policy(), metadata)
    }
}

/// The masks of the surroundings and of a span.
fn with_span<S>(around: Option<Masks>, span: Option<&Id>, cx: &Context<'_, S>) -> Option<Masks>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    let span = span.and_then(|id| span_masks::of(id, cx)).map(|masks| masks.get());
    around.into_iter().chain(span).reduce(Masks::union)
}

impl<S, L> Layer<S> for RedactLayer<L>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    L: Layer<S>,
{
    fn on_register_dispatch(&self, dispatch: &Dispatch) {
        if let Some(policy) = dispatch.downcast_ref::<PolicyHandle>() {
            // The first subscriber counts: a layer belongs to one subscriber only.
            let _ = self.found.set(policy.clone());
        }
        self.inner.on_register_dispatch(dispatch);
    }

    fn on_layer(&mut self, subscriber: &mut S) {
        self.inner.on_layer(subscriber);
    }

    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        self.inner.register_callsite(metadata)
    }

    fn enabled(&self, metadata: &Metadata<'_>, cx: Context<'_, S>) -> bool {
        self.inner.enabled(metadata, cx)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        self.inner.max_level_hint()
    }

    fn on_new_span(&self, attrs: &Attributes<'_>, id: &Id, cx: Context<'_, S>) {
        let around = mask_context::current();
        let is_outside = around.is_none() && (attrs.parent().is_none() || !span_masks::any());
        if is_outside && self.is_plain(attrs.metadata()) {
            return self.inner.on_new_span(attrs, id, cx);
        }
        let own = span_masks::on_new_span(attrs, id, &cx);
        // A call's span has passed the policy of its layer.
        if self.own.is_none() && fields::is_call_span(attrs.metadata()) {
            return self.inner.on_new_span(attrs, id, cx);
        }
        let around = around.into_iter().chain(own).reduce(Masks::union);
        self.passing.span(&self.policy().state(), attrs, around, |attrs| self.inner.on_new_span(attrs, id, cx));
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, cx: Context<'_, S>) {
        let from = field_rewriter::metadata_of(values);
        // What a call records has passed the policy of its layer.
        if self.own.is_none() && from.is_some_and(|from| ptr::eq(from, fields::metadata())) {
            return self.inner.on_record(id, values, cx);
        }
        let around = with_span(mask_context::current(), Some(id), &cx);
        let span = cx.metadata(id);
        // Values may be recorded from another callsite than the span's.
        if let (None, Some(span), Some(from)) = (around, span, from)
            && self.is_plain(from)
            && (ptr::eq(span, from) || self.is_plain(span))
        {
            return self.inner.on_record(id, values, cx);
        }
        span_masks::on_record(id, values, &cx);
        let target = span.map(Metadata::target);
        let around = with_span(around, Some(id), &cx);
        let state = self.policy().state();
        self.passing.record(&state, values, target, around, |values| self.inner.on_record(id, values, cx));
    }

    fn on_follows_from(&self, id: &Id, follows: &Id, cx: Context<'_, S>) {
        self.inner.on_follows_from(id, follows, cx);
    }

    fn event_enabled(&self, event: &Event<'_>, cx: Context<'_, S>) -> bool {
        self.inner.event_enabled(event, cx)
    }

    fn on_event(&self, event: &Event<'_>, cx: Context<'_, S>) {
        // The masks of the current span are those of the thread.
        let around = with_span(mask_context::current(), event.parent(), &cx);
        if around.is_none() && self.is_plain(event.metadata()) {
            return self.inner.on_event(event, cx);
        }
        self.passing.event(&self.policy().state(), event, around, |event| self.inner.on_event(event, cx));
    }

    fn on_enter(&self, id: &Id, cx: Context<'_, S>) {
        span_masks::on_enter(id, &cx);
        self.inner.on_enter(id, cx);
    }

    fn on_exit(&self, id: &Id, cx: Context<'_, S>) {
        self.inner.on_exit(id, cx);
        span_masks::on_exit(id);
    }

    fn on_close(&self, id: Id, cx: Context<'_, S>) {
        self.inner.on_close(id, cx);
    }

    fn on_id_change(&self, old: &Id, new: &Id, cx: Context<'_, S>) {
        self.inner.on_id_change(old, new, cx);
    }

    crate::downcast::forward_downcast!();
}

impl<L: 'static> RedactLayer<L> {
    fn downcast_own(&self, id: TypeId) -> Option<*const ()> {
        if id == TypeId::of::<Wrapped>() {
            return Some(std::ptr::from_ref(&WRAPPED).cast());
        }
        (id == TypeId::of::<Self>()).then(|| std::ptr::from_ref(self).cast())
    }

    fn downcast_inner(&self) -> Option<&L> {
        Some(&self.inner)
    }
}
