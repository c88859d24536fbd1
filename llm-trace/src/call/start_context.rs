//! Where a call stands: read with its arguments, and kept.

use std::sync::{Arc, Weak};

use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, TraceContextExt, TraceId};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

use super::active_call::ActiveCall;
use super::call_arguments::CallArguments;
use super::current;
use super::pipeline::Pipeline;
use crate::ambient::mask_context::SharedMasks;
use crate::ambient::{Continued, mask_context};
use crate::policy::{Masks, PolicyState, Stamp};

/// Where a call stands: its layer, its masks with what the scopes say, its parent if told.
pub(crate) struct StartContext {
    pub(crate) pipeline: Option<Arc<Pipeline>>,
    pub(crate) masks: SharedMasks,
    /// Of the policy before anything was read.
    pub(crate) stamp: Option<Stamp>,
    parent: Option<Context>,
    continued: Option<Continued>,
}

/// What a call's span is put below.
pub(crate) struct Parent {
    pub(crate) context: Context,
    /// The span that would have been the parent.
    pub(crate) link: Option<SpanContext>,
    /// The call around, in the same trace.
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

    /// Takes on what holds where the span starts, which may be later and elsewhere: masks hold on
    /// either side; what a scope says of callers counts if none did when the arguments were read.
    pub(crate) fn adopt_scopes(&mut self) {
        let mut places = mask_context::of_span(&Context::current());
        if !places.iter().all(|place| self.masks.is_within(place)) {
            places.insert(0, self.masks.clone());
            self.masks = SharedMasks::child_of(Masks::new(), places);
        }
    }

    /// The trace that the span will belong to, if somebody asks and it is known by now.
    pub(crate) fn trace(&self, policy: &PolicyState) -> Option<TraceId> {
        if !policy.is_share() {
            return None;
        }
        let continued = self.continued.as_ref().map(Continued::trace_id);
        let told = self.parent.as_ref().map(|parent| parent.span().span_context().trace_id());
        let trace = told.or(continued).unwrap_or_else(|| here().span().span_context().trace_id());
        Some(trace).filter(|trace| *trace != TraceId::INVALID)
    }

    /// Whether it was told to stand elsewhere than below the call around.
    pub(crate) fn has_explicit_parent(&self) -> bool {
        self.parent.is_some() || self.continued.is_some() || Context::map_current(Continued::pending).is_some()
    }

    /// Asked when the span starts.
    pub(crate) fn parent(&self) -> Parent {
        let here = here();
        let live = here.span().span_context().clone();
        if let Some(told) = &self.parent {
            let parent = told.span().span_context().clone();
            let other = live.is_valid() && live.trace_id() != parent.trace_id();
            return Parent { context: told.clone(), link: other.then_some(live), call: None };
        }
        let context = match &self.continued {
            Some(continued) if Continued::pending(&here).is_none() => continued.onto(&here),
            _ => here,
        };
        match Continued::pending(&context) {
            Some(continued) => Parent { link: continued.link().cloned(), context, call: None },
            None => Parent { context, link: None, call: current::get().map(|call| Arc::downgrade(&call)) },
        }
    }
}

/// The context a new span is a child of here.
fn here() -> Context {
    Context::map_current(|cx| cx.has_active_span().then(|| cx.clone())).unwrap_or_else(|| {
        // With context activation off, the OpenTelemetry layer keeps contexts on its spans only.
        let here = Span::current().context();
        if here.has_active_span() { here } else { Context::current() }
    })
}
