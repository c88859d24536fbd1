//! The OpenTelemetry layer inside [`LlmLayer`](crate::LlmLayer), for subscribers without one of their own.
//!
//! Two OpenTelemetry layers on one registry panic at the first span that both see. A subscriber can only be searched
//! when it is complete, so the search runs at its first span. The search creates no span: a span created inside a
//! layer's callback resets the per-layer filters of the outer layers.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Once, OnceLock};

use tracing::Dispatch;
use tracing::dispatcher::WeakDispatch;
use tracing::span::Id;
use tracing_opentelemetry::get_otel_context;
use tracing_subscriber::Layer;

use crate::call::lifecycle::pipeline::PipelineRef;
use crate::diag;

thread_local! {
    /// The number of times that the current search on this thread reached this `downcast_raw`.
    static SEARCH: Cell<Option<u32>> = const { Cell::new(None) };
}

pub(in crate::layer) struct EmbeddedLayer<S> {
    layer: Box<dyn Layer<S> + Send + Sync>,
    dispatch: OnceLock<WeakDispatch>,
    searched: Once,
    disabled: AtomicBool,
}

impl<S> EmbeddedLayer<S> {
    pub(in crate::layer) fn new(layer: Box<dyn Layer<S> + Send + Sync>) -> Self {
        Self { layer, dispatch: OnceLock::new(), searched: Once::new(), disabled: AtomicBool::new(false) }
    }

    /// The embedded layer, unless the subscriber has another OpenTelemetry layer.
    pub(in crate::layer) fn layer(&self) -> Option<&(dyn Layer<S> + Send + Sync)> {
        (!self.disabled.load(Ordering::Relaxed)).then_some(&*self.layer)
    }

    /// The embedded layer for `downcast_raw`, hidden while other layers are searched.
    pub(in crate::layer) fn layer_to_downcast(&self) -> Option<&(dyn Layer<S> + Send + Sync)> {
        match SEARCH.get() {
            Some(count) => {
                SEARCH.set(Some(count.saturating_add(1)));
                None
            }
            None => self.layer(),
        }
    }

    pub(in crate::layer) fn layer_mut(&mut self) -> &mut (dyn Layer<S> + Send + Sync) {
        &mut *self.layer
    }

    pub(in crate::layer) fn on_register_dispatch(&self, dispatch: &Dispatch) {
        // A layer shared by several subscribers searches the first one.
        let _ = self.dispatch.set(dispatch.downgrade());
    }

    /// Searches the subscriber for another OpenTelemetry layer, once.
    #[inline]
    pub(in crate::layer) fn search_at_first_span(&self, id: &Id, own: &PipelineRef) {
        if !self.searched.is_completed() && SEARCH.get().is_none() {
            // The other layer starts its span now. If a sampler panics there, later spans must not panic too.
            self.searched.call_once_force(|_| self.search(id, own));
        }
    }

    #[cold]
    fn search(&self, id: &Id, own: &PipelineRef) {
        let Some(dispatch) = self.dispatch.get().and_then(WeakDispatch::upgrade) else { return };
        let is_reachable = dispatch.downcast_ref::<PipelineRef>().is_some_and(|found| Arc::ptr_eq(&found.0, &own.0));
        let search = Search::start();
        let context = get_otel_context(id, &dispatch);
        // An outer layer answers before the search reaches this one. An inner layer answers after it and then searches
        // for itself, so the search reaches this layer again. Inside `reload::Layer` the search does not reach this
        // layer.
        let is_alone = context.is_none() && (search.count() == 1 || !is_reachable);
        drop(search);
        if !is_alone {
            self.disabled.store(true, Ordering::Relaxed);
            diag::warn_once(
                "two-layers",
                "the subscriber has its own OpenTelemetry layer, so the one of \
                 llm_trace::layer().with_tracer_provider(..) is disabled: remove one of the two",
            );
        }
    }
}

/// A search on this thread, ended on drop.
struct Search;

impl Search {
    fn start() -> Self {
        SEARCH.set(Some(0));
        Self
    }

    fn count(&self) -> u32 {
        SEARCH.get().unwrap_or_default()
    }
}

impl Drop for Search {
    fn drop(&mut self) {
        SEARCH.set(None);
    }
}
