//! Settings and sinks that a layer shares with its calls.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::open_calls::OpenCalls;
use crate::ambient::TraceBackend;
use crate::cost::SharedPrices;
use crate::model::Nested;
use crate::policy::PolicyHandle;
use crate::semconv::Profile;
use crate::sink::events::Events;
use crate::sink::hook::Hook;
use crate::sink::metrics::Metrics;
use crate::sink::{CallHooks, Compat};

static ALIVE: AtomicUsize = AtomicUsize::new(0);

/// Settings and sinks that a layer shares with its calls.
// Every call changes the counter of the surrounding `Arc`. The alignment keeps the shared data on other cache lines.
#[derive(Debug)]
#[repr(align(128))]
pub(crate) struct Pipeline {
    pub(crate) policy: PolicyHandle,
    pub(crate) profile: Profile,
    /// Whether cancelled calls and dropped streams have the span status `Error`.
    pub(crate) red_when_given_up: bool,
    /// Default for model calls inside model calls.
    pub(crate) nested: Nested,
    /// Conventions whose attributes are written in addition.
    pub(crate) compat: Vec<Compat>,
    /// The backend that takes a trace's input and output from spans.
    pub(crate) trace_backend: TraceBackend,
    /// The destinations that receive trace context.
    pub(crate) propagation: crate::call::propagation::Propagation,
    pub(crate) open: OpenCalls,
    pub(crate) metrics: Metrics,
    pub(crate) events: Events,
    pub(crate) prices: Option<SharedPrices>,
    /// The closures that receive each finished call.
    pub(crate) hooks: Vec<Arc<Hook>>,
    /// The same hooks, shared with the code that flushes them.
    pub(crate) call_hooks: CallHooks,
    /// Whether the last call's span was recorded, as a prediction for the next one.
    pub(crate) recorded: AtomicBool,
    _alive: Alive,
}

#[derive(Debug)]
struct Alive;

impl Drop for Alive {
    fn drop(&mut self) {
        ALIVE.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Pipeline {
    pub(crate) fn new(policy: PolicyHandle, profile: Profile) -> Self {
        ALIVE.fetch_add(1, Ordering::Relaxed);
        Self {
            policy,
            profile,
            red_when_given_up: false,
            nested: Nested::default(),
            compat: Vec::new(),
            trace_backend: TraceBackend::default(),
            propagation: crate::call::propagation::Propagation::new(),
            open: OpenCalls::default(),
            metrics: Metrics::default(),
            events: Events::default(),
            prices: None,
            hooks: Vec::new(),
            call_hooks: CallHooks::default(),
            recorded: AtomicBool::new(true),
            _alive: Alive,
        }
    }

    /// Whether any llm-trace layer exists.
    #[inline]
    pub(crate) fn any() -> bool {
        ALIVE.load(Ordering::Relaxed) > 0
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
