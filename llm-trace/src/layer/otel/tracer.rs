//! The tracer of the embedded OpenTelemetry layer.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use opentelemetry::Context;
use opentelemetry::trace::{SpanBuilder, Tracer};

use crate::ambient::context::MaskContext;
use crate::layer::instrumentation_profile::AtomicProfile;
use crate::normalize::{ForeignSpan, Held};
use crate::semconv::Profile;

/// Starts a call's own span at the start of the call, so that span and metrics have the same duration. If enabled, it
/// also normalizes spans of crates that trace LLM calls themselves. Other spans pass unchanged.
#[derive(Debug)]
pub(super) struct CallTracer<T> {
    pub(super) core: T,
    pub(super) latest: T,
    pub(super) profile: Arc<AtomicProfile>,
    pub(super) normalize: Arc<AtomicBool>,
}

impl<T> CallTracer<T> {
    fn inner(&self) -> &T {
        match self.profile.get() {
            Profile::Core => &self.core,
            Profile::Latest => &self.latest,
        }
    }
}

/// The number of attributes that most calls add at their end.
const ATTRIBUTES_AT_END: usize = 24;

impl<T: Tracer> Tracer for CallTracer<T> {
    type Span = ForeignSpan<T::Span>;

    fn build_with_context(&self, mut builder: SpanBuilder, parent: &Context) -> Self::Span {
        let mut held = None;
        // Spans inside the call carry it too; only the first one is the call's own.
        if let Some(start) = MaskContext::call(parent).and_then(|call| call.own_span().start.take()) {
            builder.start_time = Some(start.time);
            // Most attributes are added when the call ends. Reserving once avoids reallocation.
            if start.likely {
                builder.attributes.get_or_insert_default().reserve_exact(ATTRIBUTES_AT_END);
            }
        } else if self.normalize.load(Ordering::Relaxed) {
            held = Held::of(&mut builder, parent, self.profile.get());
        }
        ForeignSpan::new(self.inner().build_with_context(builder, parent), held)
    }
}
