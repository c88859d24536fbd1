//! A call that runs.

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::{Duration, Instant, SystemTime};

use opentelemetry::trace::{TraceContextExt, TraceId};
use opentelemetry::{Context, KeyValue};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

use super::agent::Agent;
use super::around::Around;
pub use super::current::Entered;
use super::current::{self, Carried};
use super::fields::{MakeSpan, StartFields};
use super::open::Slot;
use super::outcome::Outcome;
use super::setup::Setup;
use super::state::State;
use crate::otel::Pipeline;
use crate::redact::context::{MaskContext, SharedMasks};
use crate::redact::{Masks, Permit, PolicyState};
use crate::value::AttributeValue;

/// Whether any layer of ours is alive.
#[inline]
pub(crate) fn pipelines() -> bool {
    Pipeline::any()
}

/// A call whose arguments are read, before its span starts.
pub(crate) struct Ready(Box<Parts>);

struct Parts {
    make_span: MakeSpan,
    state: State,
    around: Around,
}

impl fmt::Debug for Ready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ready")
    }
}

impl Ready {
    pub(crate) fn new(mut setup: Setup<'_>) -> Self {
        let around = Around::of(&mut setup);
        let mut state = State::of(&setup);
        if let Some(pipeline) = &around.pipeline {
            let policy = pipeline.policy.state();
            // Before the start the trace may not be known: then content is read, and left out at the end.
            let policy = match around.trace(&policy) {
                Some(trace) => policy.of_trace(trace),
                None => policy,
            };
            state.read_input(&setup, policy.input(around.masks.get()));
        }
        Ready(Box::new(Parts { make_span: setup.make_span, state, around }))
    }

    pub(crate) fn start(self) -> Option<Live> {
        let Parts { make_span, state, around } = *self.0;
        Live::start(make_span, state, around)
    }
}

/// A call that runs. Its span ends with it, exactly once.
pub(crate) struct Live {
    span: Span,
    /// The call's own OpenTelemetry context, if its span is one.
    context: Option<Context>,
    recording: bool,
    pipeline: Option<Arc<Pipeline>>,
    masks: SharedMasks,
    carried: Carried,
    /// The call around, in the same trace.
    parent: Option<Weak<Live>>,
    begun: Instant,
    /// The same moment by the wall clock.
    begun_at: SystemTime,
    agent: Agent,
    #[cfg(feature = "logs")]
    reference: OnceLock<super::CallRef>,
    started: Started,
    slot: OnceLock<Slot>,
    state: Mutex<State>,
}

/// Which of the attributes were there when the span started.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Started {
    pub(crate) model: bool,
    pub(crate) server: bool,
}

impl fmt::Debug for Live {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Live").field("span", &self.span).finish_non_exhaustive()
    }
}

impl Live {
    /// Starts the span, then reads the content of the arguments if anyone wants it.
    pub(crate) fn start_now(mut setup: Setup<'_>) -> Option<Live> {
        let around = Around::of(&mut setup);
        let mut state = State::of(&setup);
        let live = Live::start(setup.make_span, std::mem::take(&mut state), around)?;
        if live.wants_content() {
            let permit = live.permit_input();
            live.lock().read_input(&setup, permit);
        }
        Some(live)
    }

    fn start(make_span: MakeSpan, mut state: State, mut around: Around) -> Option<Live> {
        crate::check::at_first_call();
        if around.pipeline.as_ref().is_some_and(|pipeline| pipeline.policy.state().masks_metadata()) {
            state.name = None;
        }
        let (begun, begun_at) = (Instant::now(), SystemTime::now());
        let span = make_span(&StartFields {
            name: &state.span_name(),
            kind: state.operation.kind(),
            operation: state.operation.as_str(),
            provider: state.provider.as_ref().map(super::Provider::as_str),
            model: state.request.model.as_deref(),
            server_address: state.server.as_ref().map(|server| server.address.as_str()),
            server_port: state.server.as_ref().and_then(|server| server.port).map(i64::from),
        });
        if around.pipeline.is_none() && span.is_disabled() {
            return None;
        }
        around.settle();
        let parent = around.parent();
        let Around { pipeline, masks, .. } = around;
        let agent = pipeline.as_ref().map_or_else(Agent::default, |p| Agent::of(p, &state.operation));
        let carried = Carried::new(begun_at);
        let mut context = None;
        if pipeline.is_some() && !span.is_disabled() {
            if let Some(link) = parent.link {
                span.add_link(link);
            }
            let with_call = MaskContext::with(&parent.context, masks.clone()).with_value(carried.clone());
            // Without an OpenTelemetry layer there is no span to set it on, and `context()` is empty.
            let _ = span.set_parent(with_call.clone());
            // The span starts here, below what the id generator sees as current.
            let _current = with_call.attach();
            context = Some(span.context()).filter(Context::has_active_span);
            if let Some(context) = &context {
                masks.set_own_span(context.span().span_context().span_id());
            }
        }
        // Whether or not the call has a span: no other may start when it did.
        let _ = carried.take_start();
        let recording = context.as_ref().is_some_and(|cx| cx.span().is_recording());
        Some(Live {
            span,
            context,
            recording,
            pipeline,
            masks,
            carried,
            begun,
            begun_at,
            agent,
            #[cfg(feature = "logs")]
            reference: OnceLock::new(),
            parent: parent.call,
            started: Started { model: state.request.model.is_some(), server: state.server.is_some() },
            slot: OnceLock::new(),
            state: Mutex::new(state),
        })
    }

    /// Makes the call findable from below.
    pub(crate) fn register(self) -> Arc<Live> {
        let live = Arc::new(self);
        live.carried.set(Arc::downgrade(&live));
        if let Some(pipeline) = &live.pipeline {
            let _ = live.slot.set(pipeline.open.insert(Arc::downgrade(&live)));
        }
        live
    }

    /// Makes the call no longer findable by a shutdown.
    pub(crate) fn unregister(&self) {
        if let (Some(slot), Some(pipeline)) = (self.slot.get(), &self.pipeline) {
            pipeline.open.remove(*slot);
        }
    }

    /// Ends a call that a shutdown finds open, with what is known of it.
    pub(crate) fn end_unfinished(&self) {
        self.drop_stream(Outcome::Unfinished);
    }

    pub(crate) fn current() -> Option<Arc<Live>> {
        current::get()
    }

    pub(crate) fn enter(self: &Arc<Self>) -> Entered<'_> {
        current::enter(self)
    }

    pub(crate) fn span(&self) -> &Span {
        &self.span
    }

    pub(crate) fn masks(&self) -> &SharedMasks {
        &self.masks
    }

    /// The call around, in the same trace, if it still runs.
    pub(crate) fn parent(&self) -> Option<Arc<Live>> {
        self.parent.as_ref()?.upgrade()
    }

    /// The host that the call goes to, if known.
    #[cfg(feature = "http")]
    pub(crate) fn server_address(&self) -> Option<String> {
        self.lock().server.as_ref().map(|server| server.address.clone())
    }

    pub(crate) fn begun(&self) -> Instant {
        self.begun
    }

    /// By the wall clock, and never before the beginning.
    pub(crate) fn ended(&self, duration: Duration) -> SystemTime {
        self.begun_at.checked_add(duration).unwrap_or(self.begun_at)
    }

    pub(crate) fn agent(&self) -> &Agent {
        &self.agent
    }

    /// What stays of the call when it is over, once somebody has asked for it.
    #[cfg(feature = "logs")]
    pub(crate) fn reference(&self) -> &OnceLock<super::CallRef> {
        &self.reference
    }

    pub(crate) fn started(&self) -> Started {
        self.started
    }

    pub(crate) fn recording(&self) -> bool {
        self.recording
    }

    pub(crate) fn context(&self) -> Option<&Context> {
        self.context.as_ref()
    }

    pub(crate) fn pipeline(&self) -> Option<&Arc<Pipeline>> {
        self.pipeline.as_ref()
    }

    /// The context to attach below a span that has none of its own.
    pub(crate) fn detached_context(&self) -> Option<Context> {
        (self.context.is_none() && self.pipeline.is_some())
            .then(|| MaskContext::with(&Context::current(), self.masks.clone()).with_value(self.carried.clone()))
    }

    /// The policy as it is now, for this call's trace.
    pub(crate) fn policy(&self, pipeline: &Pipeline) -> PolicyState {
        let trace = self.context.as_ref().map_or(TraceId::INVALID, |cx| cx.span().span_context().trace_id());
        pipeline.policy.state().of_trace(trace)
    }

    /// Whether anyone looks at content. On spans a sampler's "no" ends all content work.
    pub(crate) fn wants_content(&self) -> bool {
        self.recording || self.pipeline.as_ref().is_some_and(|p| p.events.wanted() && self.policy(p).event_content())
    }

    pub(crate) fn permit_input(&self) -> Permit {
        self.pipeline.as_ref().map_or(Permit::Off, |p| self.policy(p).input(self.masks.get()))
    }

    pub(crate) fn permit_output(&self) -> Permit {
        if !self.wants_content() {
            return Permit::Off;
        }
        self.pipeline.as_ref().map_or(Permit::Off, |p| self.policy(p).output(self.masks.get()))
    }

    pub(crate) fn permit_error_text(&self) -> Permit {
        self.pipeline.as_ref().map_or(Permit::Off, |p| self.policy(p).error_text(self.masks.get()))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn attribute(&self, key: Cow<'static, str>, value: AttributeValue) {
        self.lock().attributes.push((key, value));
    }

    pub(crate) fn mask(&self, input: bool, output: bool) {
        self.masks.add(Masks::new().mask_input(input).mask_output(output));
    }

    pub(crate) fn error_type(&self, error_type: Cow<'static, str>) {
        self.lock().error.by_user = Some(error_type);
    }

    /// Counts an attempt, as an event of the span.
    pub(crate) fn attempt(&self, error_type: Cow<'static, str>) {
        let mut state = self.lock();
        state.attempts += 1;
        let number = i64::from(state.attempts);
        drop(state);
        if let Some(context) = self.context.as_ref().filter(|_| self.recording) {
            let attributes = vec![KeyValue::new("llm_trace.attempt", number), KeyValue::new("error.type", error_type)];
            context.span().add_event_with_timestamp("llm_trace.attempt", SystemTime::now(), attributes);
        }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        // The last handle is gone and nobody has ended the call: a handle that was kept, or a
        // stream type whose end cannot be seen.
        self.finish(Outcome::Completed);
    }
}
