//! Settings and sinks that a layer shares with its calls.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};

use super::open_calls::OpenCalls;
use super::propagation::Propagation;
use crate::ambient::TraceBackend;
use crate::cost::SharedPrices;
use crate::model::Nested;
use crate::policy::PolicyHandle;
use crate::semconv::Profile;
use crate::sink::hook::Hook;
use crate::sink::otel::events::Events;
use crate::sink::otel::metrics::Metrics;
use crate::sink::{CallHooks, Compat};

/// The number of pipelines.
static PIPELINES: AtomicUsize = AtomicUsize::new(0);

/// Settings and sinks that a layer shares with its calls.
// Every call changes the counter of the surrounding `Arc`. The alignment keeps the shared data on other cache lines.
#[derive(Debug)]
#[repr(align(128))]
pub(crate) struct Pipeline {
    pub(crate) policy: PolicyHandle,
    pub(crate) profile: Profile,
    /// Whether cancelled calls and dropped streams have the span status `Error`.
    pub(crate) cancelled_as_error: bool,
    /// Default for model calls inside model calls.
    pub(crate) nested: Nested,
    /// Conventions whose attributes are written in addition.
    pub(crate) compat: Vec<Compat>,
    /// The backend that takes a trace's input and output from spans.
    pub(crate) trace_backend: TraceBackend,
    /// The destinations that receive trace context.
    pub(crate) propagation: Propagation,
    pub(crate) open: OpenCalls,
    /// Whether facts are fields of the call's `tracing` span. Where it is not set, they are if no OpenTelemetry layer
    /// of the version that this crate uses takes the span.
    pub(crate) fields: Option<bool>,
    /// Whether permitted content may be a field too.
    pub(crate) content_fields: bool,
    pub(crate) metrics: Metrics,
    pub(crate) events: Events,
    pub(crate) prices: Option<SharedPrices>,
    /// The closures that receive each finished call of this layer.
    pub(crate) hooks: Vec<Arc<Hook>>,
    /// Where they are registered, to be flushed and counted. Layers of one guard share it.
    pub(crate) hook_registry: CallHooks,
    /// The receiver of the newest call's span.
    pub(crate) newest_span: NewestSpan,
    /// Whether the last call's span was recorded, as a prediction for the next one.
    pub(crate) recorded: AtomicBool,
    /// Whether the content of the last call's input was read, as a prediction for the next one.
    pub(crate) content_read: AtomicBool,
    _count: PipelineCount,
}

/// The receiver of a call's span, as far as OpenTelemetry layers of the version that this crate uses are concerned.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
pub(crate) enum SpanReceiver {
    /// A filter disables the span for all layers.
    Disabled,
    /// An OpenTelemetry layer takes the span.
    OtelLayer,
    /// A filter keeps the span from the OpenTelemetry layer.
    FilteredOtelLayer,
    /// No OpenTelemetry layer was found.
    NoOtelLayer,
}

/// The receiver of the newest call's span. A subscriber cannot be searched for layers without a span.
#[derive(Debug, Default)]
pub(crate) struct NewestSpan(AtomicU8);

impl NewestSpan {
    const ALL: [SpanReceiver; 4] =
        [SpanReceiver::Disabled, SpanReceiver::OtelLayer, SpanReceiver::FilteredOtelLayer, SpanReceiver::NoOtelLayer];

    pub(crate) fn set(&self, receiver: SpanReceiver) {
        let now = receiver as u8 + 1;
        // Calls on all threads share the place: it is written where it changes only.
        if self.0.load(Ordering::Relaxed) != now {
            self.0.store(now, Ordering::Relaxed);
        }
    }

    /// `None` before the first call.
    pub(crate) fn receiver(&self) -> Option<SpanReceiver> {
        Self::ALL.get(usize::from(self.0.load(Ordering::Relaxed)).checked_sub(1)?).copied()
    }
}

/// Counts a pipeline until it is dropped.
#[derive(Debug)]
struct PipelineCount;

impl Drop for PipelineCount {
    fn drop(&mut self) {
        PIPELINES.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Pipeline {
    pub(crate) fn new(policy: PolicyHandle, profile: Profile) -> Self {
        PIPELINES.fetch_add(1, Ordering::Relaxed);
        Self {
            policy,
            profile,
            cancelled_as_error: false,
            nested: Nested::default(),
            compat: Vec::new(),
            trace_backend: TraceBackend::default(),
            propagation: Propagation::new(),
            open: OpenCalls::default(),
            fields: None,
            content_fields: false,
            metrics: Metrics::default(),
            events: Events::default(),
            prices: None,
            hooks: Vec::new(),
            hook_registry: CallHooks::default(),
            newest_span: NewestSpan::default(),
            recorded: AtomicBool::new(true),
            content_read: AtomicBool::new(false),
            _count: PipelineCount,
        }
    }

    /// Whether any llm-trace layer exists.
    #[inline]
    pub(crate) fn any() -> bool {
        PIPELINES.load(Ordering::Relaxed) > 0
    }

    /// The pipeline of the current default subscriber.
    pub(crate) fn current() -> Option<Arc<Pipeline>> {
        if !Self::any() {
            return None;
        }
        tracing::dispatcher::get_default(|dispatch| {
            dispatch.downcast_ref::<PipelineRef>().map(|found| Arc::clone(&found.0))
        })
    }
}

/// The type that a `Dispatch` is downcast to, to find the pipeline.
#[derive(Clone, Debug)]
pub(crate) struct PipelineRef(pub(crate) Arc<Pipeline>);
