//! The start of a call: its span, or its outer call.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Instant, SystemTime};

use tracing::Span;

use super::active_call::ActiveCall;
use super::agent_totals::Agent;
use super::current;
use super::nesting;
use super::open_handles::OpenHandles;
use super::pipeline::{Pipeline, SpanReceiver};
use super::start_context::{Parent, StartContext};
use crate::ambient::context::{CallStart, MaskContext};
use crate::arguments::call_arguments::CallArguments;
use crate::arguments::{MakeSpan, StartFields};
use crate::diag;
use crate::model::Provider;
use crate::otel::{Context, OpenTelemetrySpanExt, SetParentError, TraceContextExt, current_context};
use crate::policy::{Permit, Side};
use crate::record::{CallRecord, StartAttributes, document, found_in};
use crate::semconv::{Fact, Profile};
use crate::user_code::{self, UserCode};

/// Whether any llm-trace layer exists.
#[inline]
pub(crate) fn has_layer() -> bool {
    Pipeline::any()
}

/// Whether a span can start on this thread. `tracing-subscriber` and the OpenTelemetry layer panic while the thread's
/// thread-locals are dropped.
#[inline]
pub(crate) fn can_start() -> bool {
    #[cold]
    fn warn() {
        diag::warn_once(
            "ending-thread",
            "a call that starts while the thread-locals of its thread are dropped is not recorded: start it earlier",
        );
    }
    let can_start = current_context::can_start_span();
    if !can_start {
        warn();
    }
    can_start
}

/// Whether a call that starts here is passed to the layer's hooks. A call made by a hook is not, because it would never
/// end.
fn is_hooked(pipeline: &Pipeline) -> bool {
    !pipeline.hooks.is_empty() && !user_code::is_running(UserCode::Hook)
}

impl ActiveCall {
    /// Starts the span, then reads the content of the arguments if it is captured.
    pub(crate) fn start_now(mut setup: CallArguments<'_>) -> Option<Arc<ActiveCall>> {
        let around = StartContext::of(&mut setup);
        let mut record = CallRecord::of(&mut setup);
        let Some(pipeline) = &around.pipeline else {
            record.take_given(&setup);
            return ActiveCall::start(setup.make_span, record, around);
        };
        let likely = pipeline.recorded.load(Ordering::Relaxed);
        // Content is permitted once the span exists. If that is likely, the document is read now, and once.
        let likely_read = pipeline.content_read.load(Ordering::Relaxed);
        let before = if likely_read { around.mode_of_input() } else { None };
        let before = before.and_then(|mode| document(&setup.request, mode));
        record.read_arguments(&setup, found_in(&setup.request, before.as_ref()).as_ref());
        let active = ActiveCall::start(setup.make_span, record, around)?;
        let recorded = active.outer.as_deref().unwrap_or(&active).recording;
        if let Some(pipeline) = active.pipeline.as_ref().filter(|_| likely != recorded) {
            pipeline.recorded.store(recorded, Ordering::Relaxed);
        }
        let permit = active.permit(Side::Input);
        let read = permit.mode().is_some();
        if let Some(pipeline) = active.pipeline.as_ref().filter(|_| likely_read != read) {
            pipeline.content_read.store(read, Ordering::Relaxed);
        }
        if !matches!(permit, Permit::Off) {
            let document = permit.mode().and_then(|mode| {
                let before = before.filter(|document| document.mode() == mode);
                before.or_else(|| document(&setup.request, mode))
            });
            let mut record = active.lock();
            record.read_input(&setup, document.as_ref(), permit);
            if let Some(given) = &setup.given {
                record.read_given(&given.content, |side| active.permit(side));
            }
            drop(record);
        }
        Some(active)
    }

    pub(crate) fn start(
        make_span: MakeSpan,
        mut record: Box<CallRecord>,
        around: StartContext,
    ) -> Option<Arc<ActiveCall>> {
        let Some(pipeline) = &around.pipeline else {
            around.mask_inside(&record.operation);
            let span = make_span(&start_fields(&record, &record.span_name(), false));
            return (!span.is_disabled())
                .then(|| Arc::new(ActiveCall::new(span, record, around, now(), Agent::default())));
        };
        if pipeline.policy.state().masks_metadata() {
            record.name = None;
        }
        let above = current::get();
        if let Some(outer) = nesting::outer(above.as_ref(), &record, pipeline)
            && !around.has_explicit_parent()
        {
            return Some(Arc::new(ActiveCall::within(outer, record, around)));
        }
        let times = now();
        let latest = pipeline.profile == Profile::Latest;
        let agent = Agent::of(&record, above.as_ref().map(|above| above.agent()));
        if let Some(name) = agent.name().filter(|_| latest && record.belongs_to_agent()) {
            record.subject().facts.set(Fact::AgentName, name.to_owned().into());
        }
        let parent = around.parent(above.as_ref());
        let context = MaskContext::with_call(&parent.context, around.masks.clone());
        let likely = pipeline.recorded.load(Ordering::Relaxed);
        around.masks.own_span().start = Some(CallStart { time: times.1, likely });
        around.mask_inside(&record.operation);
        let span = make_span(&start_fields(&record, &record.span_name(), latest));
        let mut call = ActiveCall::new(span, record, around, times, agent);
        call.join(parent, context);
        // Even if the call has no span: no other span may use its start.
        call.masks.own_span().start = None;
        call.recording = call.context.as_ref().is_some_and(|cx| cx.span().is_recording());
        let others = call.pipeline.as_ref().is_some_and(|p| p.events.wanted() || p.metrics.any());
        call.has_consumers = call.recording || call.has_fields || call.hooked || others;
        Some(Arc::new(call))
    }

    /// Starts the span below its parent. `context` holds the parent and the call.
    fn join(&mut self, Parent { link, call, .. }: Parent, context: Context) {
        self.parent = call;
        let (span, Some(pipeline)) = (&self.span, &self.pipeline) else { return };
        if span.is_disabled() {
            return pipeline.newest_span.set(SpanReceiver::Disabled);
        }
        if let Some(link) = link {
            span.add_link(link);
        }
        // Without an OpenTelemetry layer this fails, and `context()` is empty.
        let found = !matches!(span.set_parent(context.clone()), Err(SetParentError::LayerNotFound));
        // The span starts here. The id generator reads the current context.
        let _current = context.attach();
        self.context = Some(span.context()).filter(Context::has_active_span);
        if let Some(context) = &self.context {
            self.masks.set_own_span(context.span().span_context());
        }
        let receiver = match (found, &self.context) {
            (_, Some(_)) => SpanReceiver::OtelLayer,
            (true, None) => SpanReceiver::FilteredOtelLayer,
            (false, None) => SpanReceiver::NoOtelLayer,
        };
        pipeline.newest_span.set(receiver);
        self.has_fields = pipeline.fields.unwrap_or(self.context.is_none());
    }

    /// A call that is merged into the surrounding call.
    fn within(outer: Arc<ActiveCall>, record: Box<CallRecord>, mut around: StartContext) -> ActiveCall {
        around.adopt_scopes();
        outer.take_masks(&around.masks);
        let mut call = ActiveCall::new(Span::none(), record, around, now(), outer.agent.clone());
        call.has_consumers = outer.has_consumers;
        call.parent = Some(Arc::downgrade(&outer));
        call.outer = Some(outer);
        call
    }

    /// A call before it has a parent.
    fn new(
        span: Span,
        record: Box<CallRecord>,
        around: StartContext,
        (start_instant, start_time): (Instant, SystemTime),
        agent: Agent,
    ) -> ActiveCall {
        let StartContext { pipeline, masks, stamp, .. } = around;
        ActiveCall {
            span,
            context: None,
            recording: false,
            has_fields: false,
            has_consumers: false,
            hooked: pipeline.as_ref().is_some_and(|pipeline| is_hooked(pipeline)),
            pipeline,
            masks,
            stamp,
            parent: None,
            outer: None,
            start_instant,
            start_time,
            agent,
            reference: OnceLock::new(),
            start_attributes: StartAttributes::of(&record),
            slot: Mutex::default(),
            holders: OpenHandles::default(),
            record: Mutex::new(record),
        }
    }
}

/// The same moment on both clocks.
fn now() -> (Instant, SystemTime) {
    (Instant::now(), SystemTime::now())
}

/// The fields that samplers and filters can read.
fn start_fields<'r>(record: &'r CallRecord, name: &'r str, latest: bool) -> StartFields<'r> {
    // An agent in this process may use several providers, so the latest conventions define none.
    let has_provider = !latest || !record.is_internal_agent();
    StartFields {
        name,
        kind: record.kind(),
        operation: record.operation_name(),
        provider: record.provider.as_ref().filter(|_| has_provider).map(Provider::as_str),
        model: record.request.text(Fact::RequestModel),
        server_address: record.server.as_ref().map(|server| server.address.as_str()),
        server_port: record.server.as_ref().and_then(|server| server.port).map(i64::from),
        agent: record.fact(Fact::AgentName),
        tool: record.fact(Fact::ToolName),
        tool_type: record.fact(Fact::ToolType),
    }
}
