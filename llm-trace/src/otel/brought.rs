//! The OpenTelemetry layer that ours brings along, unless the subscriber has one.
//!
//! Two of them on one registry panic at the first span. Which others a subscriber holds can only
//! be asked once it is whole: at its first span, by a probe that is not exported.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Once, OnceLock};

use opentelemetry::Context;
use tracing::dispatcher::WeakDispatch;
use tracing::field::{Field, Value};
use tracing::{Dispatch, Metadata, Span};
use tracing_opentelemetry::{OpenTelemetrySpanExt, SetParentError};
use tracing_subscriber::Layer;

use crate::diag;

thread_local! {
    static PROBING: Cell<bool> = const { Cell::new(false) };
}

pub(super) struct Brought<S> {
    layer: Box<dyn Layer<S> + Send + Sync>,
    dispatch: OnceLock<WeakDispatch>,
    decided: Once,
    aside: AtomicBool,
}

impl<S> Brought<S> {
    pub(super) fn new(layer: Box<dyn Layer<S> + Send + Sync>) -> Self {
        Self { layer, dispatch: OnceLock::new(), decided: Once::new(), aside: AtomicBool::new(false) }
    }

    /// The layer, if it is to be used.
    pub(super) fn layer(&self) -> Option<&(dyn Layer<S> + Send + Sync)> {
        let hidden = self.aside.load(Ordering::Relaxed) || PROBING.with(Cell::get);
        (!hidden).then_some(&*self.layer)
    }

    /// Puts another layer in its place.
    pub(super) fn swap(&mut self, other: &mut Box<dyn Layer<S> + Send + Sync>) {
        std::mem::swap(&mut self.layer, other);
    }

    pub(super) fn layer_mut(&mut self) -> &mut (dyn Layer<S> + Send + Sync) {
        &mut *self.layer
    }

    /// The subscriber is whole.
    pub(super) fn registered(&self, dispatch: &Dispatch) {
        // A layer that is part of several subscribers is asked in the first.
        let _ = self.dispatch.set(dispatch.downgrade());
    }

    /// Looks for another OpenTelemetry layer, at the first span.
    #[inline]
    pub(super) fn decide(&self, first: &'static Metadata<'static>) {
        if !self.decided.is_completed() && !PROBING.with(Cell::get) {
            self.decided.call_once(|| self.probe(first));
        }
    }

    /// Makes another span like the first one, and asks whether an OpenTelemetry layer saw it.
    #[cold]
    fn probe(&self, first: &'static Metadata<'static>) {
        let Some(dispatch) = self.dispatch.get().and_then(WeakDispatch::upgrade) else { return };
        PROBING.with(|probing| probing.set(true));
        let other = {
            // Suppressed: the probe must not be exported.
            let _suppressed = Context::enter_telemetry_suppressed_scope();
            let none: [(&Field, Option<&dyn Value>); 0] = [];
            // Straight to the subscriber, of which the first span's call is still under way.
            let span = Span::new_with(first, &first.fields().value_set(&none), &dispatch);
            !matches!(span.set_parent(Context::current()), Err(SetParentError::LayerNotFound))
        };
        PROBING.with(|probing| probing.set(false));
        if other {
            self.aside.store(true, Ordering::Relaxed);
            diag::warn_once(
                "two-layers",
                "the subscriber has an OpenTelemetry layer of its own: the one of \
                 llm_trace::layer().with_tracer_provider(..) stands aside; leave out one of the two",
            );
        }
    }
}
