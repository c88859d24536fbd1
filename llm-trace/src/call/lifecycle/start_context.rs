//! The surroundings of a call, read together with its arguments.

use std::sync::{Arc, Weak};

use tracing::Span;

use super::active_call::ActiveCall;
use super::pipeline::Pipeline;
use crate::ambient::mask_context::SharedMasks;
use crate::ambient::{Continued, mask_context};
use crate::arguments::call_arguments::CallArguments;
use crate::json::Mode;
use crate::model::Operation;
use crate::otel::{Context, OpenTelemetrySpanExt, SpanContext, TraceContextExt, TraceId};
use crate::policy::{Masks, PolicyState, Side, Stamp};

/// The surroundings of a call: its layer, its masks and inherited facts, and its explicit parent, if any.
pub(crate) struct StartContext {
    pub(crate) pipeline: Option<Arc<Pipeline>>,
    pub(crate) masks: SharedMasks,
    /// Policy version at the start, to detect changes while the call runs.
    pub(crate) stamp: Option<Stamp>,
    parent: Option<Context>,
    continued: Option<Continued>,
}

/// The parent of a call's span.
pub(crate) struct Parent {
    pub(crate) context: Context,
    /// The span that would have been the parent.
    pub(crate) link: Option<SpanContext>,
    /// The surrounding call in the same trace.
    pub(crate) call: Option<Weak<ActiveCall>>,
}

impl StartContext {
    pub(crate) fn of(setup: &mut CallArguments<'_>) -> Self {
        let masks = Masks::new().mask_input(setup.mask_input).mask_output(setup.mask_output);
        let pipeline = Pipeline::current();
        let parent = setup.parent.take();
        let is_of_other_trace = parent.as_ref().is_some_and(|parent| {
            let here = here();
            let live = here.span().span_context().clone();
            live.is_valid() && live.trace_id() != parent.span().span_context().trace_id()
        });
        let above = match is_of_other_trace {
            true => Context::map_current(mask_context::of_other_trace),
            false => Context::map_current(mask_context::of_span),
        };
        Self {
            stamp: pipeline.as_ref().map(|pipeline| pipeline.policy.stamp()),
            pipeline,
            masks: SharedMasks::child_of(masks, above),
            parent,
            continued: Context::map_current(Continued::pending),
        }
    }

    /// Adopts the scopes of the place where the span starts, which may be later and elsewhere. The masks of both places
    /// apply. Facts are adopted only if there were none when the arguments were read.
    pub(crate) fn adopt_scopes(&mut self) {
        let mut places = mask_context::of_span(&Context::current());
        if !places.iter().all(|place| self.masks.is_within(place)) {
            places.insert(0, self.masks.clone());
            self.masks = SharedMasks::child_of(Masks::new(), places);
        }
    }

    /// Adds the mask for free text of other code inside a model call.
    pub(crate) fn mask_inside(&self, operation: &Operation) {
        if operation.is_model_call() {
            self.masks.add(Masks::inside_model_call());
        }
    }

    /// The trace of the span, if it is needed and already known.
    pub(crate) fn trace(&self, policy: &PolicyState) -> Option<TraceId> {
        if !policy.is_share() {
            return None;
        }
        let continued = self.continued.as_ref().map(Continued::trace_id);
        let explicit = self.parent.as_ref().map(|parent| parent.span().span_context().trace_id());
        let trace = explicit.or(continued).unwrap_or_else(|| here().span().span_context().trace_id());
        Some(trace).filter(|trace| *trace != TraceId::INVALID)
    }

    /// The part of the input's content that the policy permits to read, if the span is recorded.
    pub(crate) fn mode_of_input(&self) -> Option<Mode> {
        self.pipeline.as_ref()?.policy.state().permit(Side::Input, self.masks.get()).mode()
    }

    /// Whether the call has an explicit parent in place of the surrounding call.
    pub(crate) fn has_explicit_parent(&self) -> bool {
        self.parent.is_some() || self.continued.is_some() || Context::map_current(Continued::pending).is_some()
    }

    /// The parent, determined when the span starts. `above` is the surrounding call.
    pub(crate) fn parent(&self, above: Option<&Arc<ActiveCall>>) -> Parent {
        let here = here();
        let live = here.span().span_context().clone();
        if let Some(context) = &self.parent {
            let parent = context.span().span_context().clone();
            let other = live.is_valid() && live.trace_id() != parent.trace_id();
            return Parent { context: context.clone(), link: other.then_some(live), call: None };
        }
        let context = match &self.continued {
            Some(continued) if Continued::pending(&here).is_none() => continued.onto(&here),
            _ => here,
        };
        match Continued::pending(&context) {
            Some(continued) => Parent { link: continued.link().cloned(), context, call: None },
            None => Parent { context, link: None, call: above.map(Arc::downgrade) },
        }
    }
}

/// The context that contains the parent of a new span.
fn here() -> Context {
    Context::map_current(|cx| cx.has_active_span().then(|| cx.clone())).unwrap_or_else(|| {
        // Without context activation, the OpenTelemetry layer stores contexts on its spans only.
        let here = Span::current().context();
        if here.has_active_span() { here } else { Context::current() }
    })
}
