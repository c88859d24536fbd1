//! What a layer shares with the calls below it.

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

/// What a layer shares with the calls below it.
// Each call counts itself in the `Arc` around: what all of them read is on other cache lines.
#[derive(Debug)]
#[repr(align(128))]
pub(crate) struct Pipeline {
    pub(crate) policy: PolicyHandle,
    pub(crate) profile: Profile,
    /// Whether a call that was given up (cancelled, dropped) has status Error.
    pub(crate) red_when_given_up: bool,
    /// What becomes of a model call inside of another.
    pub(crate) nested: Nested,
    /// Whose names are added beside the conventions'.
    pub(crate) compat: Vec<Compat>,
    /// What takes a trace's input and output from spans.
    pub(crate) trace_backend: TraceBackend,
    /// Who is told the calls' trace ids.
    #[cfg(feature = "http")]
    pub(crate) propagation: crate::call::propagation::Propagation,
    pub(crate) open: OpenCalls,
    pub(crate) metrics: Metrics,
    pub(crate) events: Events,
    pub(crate) prices: Option<SharedPrices>,
    /// The closures that are given each finished call.
    pub(crate) hooks: Vec<Arc<Hook>>,
    /// The same, shared with whoever flushes them.
    pub(crate) call_hooks: CallHooks,
    /// Whether the span of the newest call is recorded: most likely the next one's is, too.
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
            #[cfg(feature = "http")]
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

    /// Whether any layer of ours is alive.
    #[inline]
    pub(crate) fn any() -> bool {
        ALIVE.load(Ordering::Relaxed) > 0
    }

    /// The pipeline of the subscriber that is the default here.
    pub(crate) fn current() -> Option<Arc<Pipeline>> {
        if !Self::any() {
            return None;
        }
        tracing::dispatcher::get_default(|dispatch| {
            dispatch.downcast_ref::<PipelineRef>().map(|found| Arc::clone(&found.0))
        })
    }
}

/// What a `Dispatch` is asked for to find the pipeline.
#[derive(Clone, Debug)]
pub(crate) struct PipelineRef(pub(crate) Arc<Pipeline>);
