//! A running call.

use std::borrow::Cow;
use std::fmt;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::{Duration, Instant, SystemTime};

use tracing::Span;

use super::agent_totals::Agent;
use super::call_arguments::CallArguments;
use super::call_record::{CallRecord, document, found};
use super::current;
use super::current::CarriedCall;
pub use super::current::EnteredCall;
use super::nesting as inside;
use super::open_calls::OpenCallSlot;
use super::open_handles::OpenHandles;
use super::pipeline::Pipeline;
use super::start_attributes::Started;
use super::start_context::StartContext;
use super::start_fields::{MakeSpan, StartFields};
use crate::ambient::mask_context::SharedMasks;
use crate::guarded::{self, UserCode};
use crate::model::Outcome;
use crate::otel::{Context, KeyValue, OpenTelemetrySpanExt, SetParentError, TraceContextExt, TraceId};
use crate::policy::{Masks, Permit, PolicyState, Stamp};
use crate::semconv::identifier::{MAX_LABEL, is_name};
use crate::semconv::{AttributeValue, Fact, Profile};

/// Whether any llm-trace layer exists.
#[inline]
pub(crate) fn pipelines() -> bool {
    Pipeline::any()
}

/// Whether a call that starts here is passed to the layer's hooks. A call made by a hook is not, because it would never
/// end.
fn is_hooked(pipeline: &Pipeline) -> bool {
    !pipeline.hooks.is_empty() && !guarded::is_running(UserCode::Hook)
}

/// A running call. It ends its span exactly once.
pub(crate) struct ActiveCall {
    span: Span,
    /// The call's own OpenTelemetry context, if it has a span.
    context: Option<Context>,
    recording: bool,
    /// Facts are written as fields of `span`, and not as OpenTelemetry attributes.
    has_fields: bool,
    /// A span, metric, event or hook receives the call.
    has_consumers: bool,
    /// The layer's hooks receive the call.
    hooked: bool,
    pipeline: Option<Arc<Pipeline>>,
    masks: SharedMasks,
    /// Policy version at the start, to detect changes while the call runs.
    stamp: Option<Stamp>,
    carried: CarriedCall,
    /// The surrounding call in the same trace.
    parent: Option<Weak<ActiveCall>>,
    /// The outer call this one was merged into; this call then has no span of its own.
    outer: Option<Arc<ActiveCall>>,
    begun: Instant,
    /// The same moment in wall-clock time.
    begun_at: SystemTime,
    agent: Agent,
    #[cfg(feature = "otel")]
    reference: OnceLock<super::CallRef>,
    started: Started,
    slot: OnceLock<OpenCallSlot>,
    holders: OpenHandles,
    state: Mutex<Box<CallRecord>>,
}

impl fmt::Debug for ActiveCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ActiveCall").field("span", &self.span).finish_non_exhaustive()
    }
}

impl ActiveCall {
    /// Starts the span, then reads the content of the arguments if it is captured.
    pub(crate) fn start_now(mut setup: CallArguments<'_>) -> Option<ActiveCall> {
        let around = StartContext::of(&mut setup);
        let mut state = CallRecord::of(&mut setup);
        let Some(pipeline) = &around.pipeline else {
            state.take_given(&setup);
            return ActiveCall::start(setup.make_span, state, around);
        };
        let likely = pipeline.recorded.load(Ordering::Relaxed);
        state.read_arguments(&setup, found(&setup.request).as_ref());
        let live = ActiveCall::start(setup.make_span, state, around)?;
        let recorded = live.outer.as_deref().unwrap_or(&live).recording;
        if let Some(pipeline) = live.pipeline.as_ref().filter(|_| likely != recorded) {
            pipeline.recorded.store(recorded, Ordering::Relaxed);
        }
        if live.wants_content() {
            let permit = live.permit_input();
            let document = permit.mode().and_then(|mode| document(&setup.request, mode));
            let mut state = live.lock();
            state.read_input(&setup, document.as_ref(), permit);
            if let Some(given) = &setup.given {
                state.read_given(&given.content, |side| live.permit(side));
            }
            drop(state);
        }
        Some(live)
    }

    pub(super) fn start(make_span: MakeSpan, mut state: Box<CallRecord>, around: StartContext) -> Option<ActiveCall> {
        if around.pipeline.as_ref().is_some_and(|pipeline| pipeline.policy.state().masks_metadata()) {
            state.name = None;
        }
        if let Some(outer) = around.pipeline.as_ref().and_then(|pipeline| inside::outer(&state, pipeline))
            && !around.has_explicit_parent()
        {
            return Some(ActiveCall::within(outer, state, around));
        }
        let (begun, begun_at) = (Instant::now(), SystemTime::now());
        let latest = around.pipeline.as_ref().is_some_and(|pipeline| pipeline.profile == Profile::Latest);
        let agent = around.pipeline.as_ref().map_or_else(Agent::default, |_| Agent::of(&state));
        if let Some(name) = agent.name().filter(|_| latest && state.belongs_to_agent()) {
            state.subject().facts.set(Fact::AgentName, name.to_owned().into());
        }
        let internal_agent = latest && state.is_internal_agent();
        let span = make_span(&StartFields {
            name: &state.span_name(),
            kind: state.kind(),
            operation: state.operation_name(),
            // An agent in this process may use several providers, so the latest conventions define none.
            provider: state.provider.as_ref().filter(|_| !internal_agent).map(crate::model::Provider::as_str),
            model: state.request.model.as_deref(),
            server_address: state.server.as_ref().map(|server| server.address.as_str()),
            server_port: state.server.as_ref().and_then(|server| server.port).map(i64::from),
            agent: state.fact(Fact::AgentName),
            tool: state.fact(Fact::ToolName),
            tool_type: state.fact(Fact::ToolType),
        });
        if around.pipeline.is_none() && span.is_disabled() {
            return None;
        }
        let parent = around.pipeline.is_some().then(|| around.parent());
        let StartContext { pipeline, masks, stamp, .. } = around;
        if state.operation.is_model_call() {
            masks.add(Masks::inside_model_call());
        }
        let likely = pipeline.as_ref().is_some_and(|pipeline| pipeline.recorded.load(Ordering::Relaxed));
        let carried = CarriedCall::new(begun_at, likely);
        let mut context = None;
        let mut has_fields = pipeline.as_ref().and_then(|pipeline| pipeline.fields).unwrap_or(false);
        let (parent, above) = parent.map_or((None, None), |parent| (Some((parent.context, parent.link)), parent.call));
        if let Some((parent, link)) = parent.filter(|_| !span.is_disabled()) {
            if let Some(link) = link {
                span.add_link(link);
            }
            let with_call = carried.onto(&parent, masks.clone());
            // Without an OpenTelemetry layer this fails, and `context()` is empty.
            let found = !matches!(span.set_parent(with_call.clone()), Err(SetParentError::LayerNotFound));
            if let Some(pipeline) = &pipeline {
                pipeline.otel_layer.set(found);
                has_fields = pipeline.fields.unwrap_or(!found);
            }
            // The span starts here. The id generator reads the current context.
            let _current = with_call.attach();
            context = Some(span.context()).filter(Context::has_active_span);
            if let Some(context) = &context {
                masks.set_own_span(context.span().span_context());
            }
        }
        // Even if the call has no span: no other span may use its start time.
        let _ = carried.take_start();
        let recording = context.as_ref().is_some_and(|cx| cx.span().is_recording());
        has_fields &= !span.is_disabled();
        let hooked = pipeline.as_ref().is_some_and(|pipeline| is_hooked(pipeline));
        let has_consumers = recording
            || has_fields
            || hooked
            || pipeline.as_ref().is_some_and(|p| p.events.wanted() || p.metrics.any());
        Some(ActiveCall {
            span,
            context,
            recording,
            has_fields,
            has_consumers,
            hooked,
            pipeline,
            masks,
            stamp,
            carried,
            begun,
            begun_at,
            agent,
            #[cfg(feature = "otel")]
            reference: OnceLock::new(),
            parent: above,
            outer: None,
            started: Started::of(&state),
            slot: OnceLock::new(),
            holders: OpenHandles::default(),
            state: Mutex::new(state),
        })
    }

    /// A call that is merged into the surrounding call.
    fn within(outer: Arc<ActiveCall>, state: Box<CallRecord>, mut around: StartContext) -> ActiveCall {
        around.adopt_scopes();
        outer.take_masks(&around.masks);
        let carried = CarriedCall::new(SystemTime::now(), false);
        // It starts no span.
        let _ = carried.take_start();
        ActiveCall {
            span: Span::none(),
            context: None,
            recording: false,
            has_fields: false,
            has_consumers: outer.has_consumers,
            hooked: around.pipeline.as_ref().is_some_and(|pipeline| is_hooked(pipeline)),
            pipeline: around.pipeline,
            masks: around.masks,
            stamp: around.stamp,
            carried,
            begun: Instant::now(),
            begun_at: SystemTime::now(),
            agent: outer.agent.clone(),
            #[cfg(feature = "otel")]
            reference: OnceLock::new(),
            parent: Some(Arc::downgrade(&outer)),
            outer: Some(outer),
            started: Started::of(&state),
            slot: OnceLock::new(),
            holders: OpenHandles::default(),
            state: Mutex::new(state),
        }
    }

    /// The outer call this one was merged into.
    pub(crate) fn outer(&self) -> Option<&Arc<ActiveCall>> {
        self.outer.as_ref()
    }

    /// Makes the call available as the parent of calls inside it.
    pub(crate) fn register(self) -> Arc<ActiveCall> {
        let live = Arc::new(self);
        live.carried.set(Arc::downgrade(&live));
        if let Some(pipeline) = &live.pipeline {
            pipeline.open.insert(Arc::downgrade(&live), |slot| {
                let _ = live.slot.set(slot);
            });
        }
        live
    }

    /// Removes the call from those that a shutdown ends.
    pub(crate) fn unregister(&self) {
        if let (Some(slot), Some(pipeline)) = (self.slot.get(), &self.pipeline) {
            pipeline.open.remove(*slot);
        }
    }

    /// Ends an open call at shutdown, with the facts known so far.
    pub(crate) fn end_unfinished(&self) {
        self.end_with(Outcome::Unfinished);
    }

    pub(super) fn holders(&self) -> &OpenHandles {
        &self.holders
    }

    pub(crate) fn current() -> Option<Arc<ActiveCall>> {
        current::get()
    }

    pub(crate) fn enter(self: &Arc<Self>) -> EnteredCall<'_> {
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
    #[cfg(feature = "otel")]
    pub(crate) fn server_address(&self) -> Option<String> {
        let known = self.lock().server.as_ref().map(|server| server.address.clone());
        known.or_else(|| self.outer.as_ref()?.server_address())
    }

    pub(crate) fn begun(&self) -> Instant {
        self.begun
    }

    /// The start in wall-clock time.
    pub(crate) fn begun_at(&self) -> SystemTime {
        self.begun_at
    }

    /// The end in wall-clock time, never before the start.
    pub(crate) fn ended(&self, duration: Duration) -> SystemTime {
        self.begun_at.checked_add(duration).unwrap_or(self.begun_at)
    }

    pub(crate) fn agent(&self) -> &Agent {
        &self.agent
    }

    /// The reference that outlives the call, if one was requested.
    #[cfg(feature = "otel")]
    pub(crate) fn reference(&self) -> &OnceLock<super::CallRef> {
        &self.reference
    }

    pub(crate) fn started(&self) -> Started {
        self.started
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
        let here = Context::current();
        // A stream may be polled where the surrounding call is not entered.
        let around = self.context().filter(|_| !here.has_active_span()).unwrap_or(&here);
        Some(self.carried.onto(around, self.masks.clone()))
    }

    /// The current policy for this call's trace.
    pub(crate) fn policy(&self, pipeline: &Pipeline) -> PolicyState {
        let trace = self.context().map_or(TraceId::INVALID, |cx| cx.span().span_context().trace_id());
        pipeline.policy.state().for_trace(trace)
    }

    /// Whether content is needed. An unsampled span needs none; events and hooks are independent of sampling.
    pub(crate) fn wants_content(&self) -> bool {
        if let Some(outer) = &self.outer {
            return outer.wants_content();
        }
        let Some(pipeline) = &self.pipeline else { return false };
        let is_on_span = if self.has_fields { pipeline.content_fields } else { self.recording };
        is_on_span
            || (pipeline.events.wanted() && self.policy(pipeline).event_content())
            || (self.hooked && self.policy(pipeline).captures())
    }

    pub(crate) fn permit_input(&self) -> Permit {
        self.pipeline.as_ref().map_or(Permit::Off, |p| self.policy(p).input(self.masks.get()))
    }

    pub(crate) fn permit_output(&self) -> Permit {
        if self.started.returns_no_message || !self.wants_content() {
            return Permit::Off;
        }
        self.pipeline.as_ref().map_or(Permit::Off, |p| self.policy(p).output(self.masks.get()))
    }

    pub(crate) fn permit_error_text(&self) -> Permit {
        self.pipeline.as_ref().map_or(Permit::Off, |p| self.policy(p).error_text(self.masks.get()))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Box<CallRecord>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn attribute(&self, key: Cow<'static, str>, value: AttributeValue) {
        self.lock().attributes.push((key, value));
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
        // It may be the text of an error.
        let fits = is_name(&error_type) && error_type.len() <= MAX_LABEL;
        let error_type = if fits { error_type } else { Cow::Borrowed("_OTHER") };
        let mut state = self.lock();
        state.attempts += 1;
        let number = i64::from(state.attempts);
        drop(state);
        if let Some(context) = self.context.as_ref().filter(|_| self.recording) {
            let attributes =
                vec![KeyValue::new(Fact::Attempt.key(), number), KeyValue::new(Fact::ErrorType.key(), error_type)];
            context.span().add_event_with_timestamp(Fact::Attempt.key(), SystemTime::now(), attributes);
        }
    }
}

impl Drop for ActiveCall {
    fn drop(&mut self) {
        self.end_unheld();
    }
}
