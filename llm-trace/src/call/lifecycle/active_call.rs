//! A running call.

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::{Instant, SystemTime};

use tracing::Span;

use super::agent_totals::Agent;
use super::call_ref::CallRef;
use super::current::{self, EnteredCall};
use super::open_calls::{OpenCall, OpenCallSlot};
use super::open_handles::OpenHandles;
use super::pipeline::Pipeline;
use crate::ambient::context::MaskContext;
use crate::ambient::mask_context::SharedMasks;
use crate::model::Outcome;
use crate::otel::{Context, KeyValue, TraceContextExt, TraceId, current_context};
use crate::policy::{Masks, Permit, PolicyState, Side, Stamp};
use crate::record::{CallRecord, StartAttributes, error_type_label};
use crate::semconv::{AttributeValue, Fact, Profile};

/// A running call. It ends its span exactly once.
pub(crate) struct ActiveCall {
    pub(super) span: Span,
    /// The call's own OpenTelemetry context, if it has a span.
    pub(super) context: Option<Context>,
    pub(super) recording: bool,
    /// Facts are written as fields of `span`, and not as OpenTelemetry attributes.
    pub(super) has_fields: bool,
    /// A span, metric, event or hook receives the call.
    pub(super) has_consumers: bool,
    /// The layer's hooks receive the call.
    pub(super) hooked: bool,
    pub(super) pipeline: Option<Arc<Pipeline>>,
    pub(super) masks: SharedMasks,
    /// Policy version at the start, to detect changes while the call runs.
    pub(super) stamp: Option<Stamp>,
    /// The surrounding call in the same trace.
    pub(super) parent: Option<Weak<ActiveCall>>,
    /// The outer call this one was merged into; this call then has no span of its own.
    pub(super) outer: Option<Arc<ActiveCall>>,
    pub(super) start_instant: Instant,
    /// The same moment in wall-clock time.
    pub(super) start_time: SystemTime,
    pub(super) agent: Agent,
    pub(super) reference: OnceLock<CallRef>,
    pub(super) start_attributes: StartAttributes,
    pub(super) slot: Mutex<Option<OpenCallSlot>>,
    pub(super) holders: OpenHandles,
    pub(super) record: Mutex<Box<CallRecord>>,
}

impl fmt::Debug for ActiveCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ActiveCall").field("span", &self.span).finish_non_exhaustive()
    }
}

impl ActiveCall {
    /// The outer call this one was merged into.
    pub(crate) fn outer(&self) -> Option<&Arc<ActiveCall>> {
        self.outer.as_ref()
    }

    /// Makes the call available as the parent of calls inside it.
    pub(crate) fn register(self: Arc<Self>) -> Arc<ActiveCall> {
        let active: Weak<ActiveCall> = Arc::downgrade(&self);
        self.masks.own_span().call = Some(active);
        if let Some(pipeline) = &self.pipeline {
            let open: Weak<ActiveCall> = Arc::downgrade(&self);
            pipeline.open.insert(open, |slot| *self.slot() = Some(slot));
        }
        self
    }

    /// Removes the call from those that a shutdown ends.
    pub(crate) fn unregister(&self) {
        let slot = self.slot().take();
        if let (Some(slot), Some(pipeline)) = (slot, &self.pipeline) {
            pipeline.open.remove(slot);
        }
    }

    fn slot(&self) -> MutexGuard<'_, Option<OpenCallSlot>> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn holders(&self) -> &OpenHandles {
        &self.holders
    }

    pub(crate) fn current() -> Option<Arc<ActiveCall>> {
        current::get()
    }

    pub(crate) fn enter(self: &Arc<Self>) -> Option<EnteredCall<'_>> {
        current::enter(self)
    }

    pub(crate) fn span(&self) -> &Span {
        &self.span
    }

    pub(crate) fn masks(&self) -> &SharedMasks {
        &self.masks
    }

    /// Whether the policy is the one under which all content was read.
    pub(crate) fn is_read_by(&self, stamp: Stamp) -> bool {
        self.stamp == Some(stamp)
    }

    /// The surrounding call in the same trace, if it is still running.
    pub(crate) fn parent(&self) -> Option<Arc<ActiveCall>> {
        self.parent.as_ref()?.upgrade()
    }

    /// The host of the server, if known.
    pub(crate) fn server_address(&self) -> Option<String> {
        let known = self.lock().server.as_ref().map(|server| server.address.clone());
        known.or_else(|| self.outer.as_ref()?.server_address())
    }

    pub(crate) fn start_instant(&self) -> Instant {
        self.start_instant
    }

    /// The start in wall-clock time.
    pub(crate) fn start_time(&self) -> SystemTime {
        self.start_time
    }

    pub(crate) fn agent(&self) -> &Agent {
        &self.agent
    }

    /// The reference that outlives the call.
    pub(crate) fn reference(&self) -> CallRef {
        let Some(pipeline) = &self.pipeline else { return CallRef::default() };
        let new = || {
            let span = self.context().map(|context| context.span().span_context().clone());
            CallRef::new(
                Arc::clone(pipeline),
                span,
                self.masks.clone(),
                self.lock().response.facts.text(Fact::ResponseId).map(str::to_owned),
            )
        };
        self.reference.get_or_init(new).clone()
    }

    /// Passes the id of the response to the reference, if one was requested.
    pub(crate) fn set_response_id(&self, id: &str) {
        if let Some(reference) = self.reference.get() {
            reference.set_response_id(id);
        }
    }

    pub(crate) fn start_attributes(&self) -> StartAttributes {
        self.start_attributes
    }

    pub(crate) fn has_consumers(&self) -> bool {
        self.has_consumers
    }

    /// Whether the layer's hooks receive the call.
    pub(crate) fn is_hooked(&self) -> bool {
        self.hooked
    }

    pub(crate) fn recording(&self) -> bool {
        self.recording
    }

    /// Whether facts are written as fields of the `tracing` span.
    pub(crate) fn has_fields(&self) -> bool {
        self.has_fields
    }

    pub(crate) fn context(&self) -> Option<&Context> {
        self.context.as_ref().or_else(|| self.outer.as_ref()?.context())
    }

    pub(crate) fn profile(&self) -> Profile {
        self.pipeline.as_ref().map(|pipeline| pipeline.profile).unwrap_or_default()
    }

    pub(crate) fn pipeline(&self) -> Option<&Arc<Pipeline>> {
        self.pipeline.as_ref()
    }

    /// The context to attach for a call whose span has none.
    pub(crate) fn detached_context(&self) -> Option<Context> {
        if self.context.is_some() || self.pipeline.is_none() {
            return None;
        }
        let here = current_context::current();
        // A stream may be polled where the surrounding call is not entered.
        let around = self.context().filter(|_| !here.has_active_span()).unwrap_or(&here);
        Some(MaskContext::with_call(around, self.masks.clone()))
    }

    /// The current policy for this call's trace.
    pub(crate) fn policy(&self, pipeline: &Pipeline) -> PolicyState {
        let trace = self.context().map_or(TraceId::INVALID, |cx| cx.span().span_context().trace_id());
        pipeline.policy.state().for_trace(trace)
    }

    /// Whether content is needed. An unsampled span needs none; events and hooks are independent of sampling.
    fn wants_content(&self) -> bool {
        if let Some(outer) = &self.outer {
            return outer.wants_content();
        }
        let Some(pipeline) = &self.pipeline else { return false };
        let is_on_span = if self.has_fields { pipeline.content_fields } else { self.recording };
        is_on_span
            || (pipeline.events.wanted() && self.policy(pipeline).event_content())
            || (self.hooked && self.policy(pipeline).captures())
    }

    /// The permission for the content of a side: none if nothing receives it.
    pub(crate) fn permit(&self, side: Side) -> Permit {
        let pipeline = self.pipeline.as_ref().filter(|pipeline| pipeline.policy.captures() && self.wants_content());
        pipeline.map_or(Permit::Off, |pipeline| self.policy(pipeline).permit(side, self.masks.get()))
    }

    /// The permission for the messages of the response.
    pub(crate) fn permit_output(&self) -> Permit {
        if self.start_attributes.returns_no_message { Permit::Off } else { self.permit(Side::Output) }
    }

    pub(crate) fn permit_error_text(&self) -> Permit {
        self.pipeline.as_ref().map_or(Permit::Off, |p| self.policy(p).error_text(self.masks.get()))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Box<CallRecord>> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn attribute(&self, key: Cow<'static, str>, value: AttributeValue) {
        let mut record = self.lock();
        if !record.finished {
            record.attributes.push((key, value));
        }
    }

    pub(crate) fn mask(&self, input: bool, output: bool) {
        self.masks.add(Masks::new().mask_input(input).mask_output(output));
        if let Some(outer) = &self.outer {
            outer.mask(input, output);
        }
    }

    pub(crate) fn error_type(&self, error_type: Cow<'static, str>) {
        self.lock().error.by_user = Some(error_type);
    }

    pub(crate) fn set_panicked(&self) {
        self.lock().panicked = true;
    }

    /// Records an attempt as a span event.
    pub(crate) fn attempt(&self, error_type: Cow<'static, str>) {
        if let Some(outer) = &self.outer {
            return outer.attempt(error_type);
        }
        let error_type = error_type_label(error_type);
        let mut record = self.lock();
        record.attempts += 1;
        let number = i64::from(record.attempts);
        drop(record);
        if let Some(context) = self.context.as_ref().filter(|_| self.recording) {
            let attributes =
                vec![KeyValue::new(Fact::Attempt.key(), number), KeyValue::new(Fact::ErrorType.key(), error_type)];
            context.span().add_event_with_timestamp(Fact::Attempt.key(), SystemTime::now(), attributes);
        }
    }
}

impl OpenCall for ActiveCall {
    fn is_nested(&self) -> bool {
        self.outer.is_some()
    }

    fn finish_early(&self) {
        self.finish_as(Outcome::Unfinished);
    }
}

impl Drop for ActiveCall {
    fn drop(&mut self) {
        self.finish_unheld();
    }
}
