//! The tracer of the OpenTelemetry layer that ours brings along.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use opentelemetry::Context;
use opentelemetry::trace::{SpanBuilder, Tracer};

use crate::call::Carried;
use crate::normalize::{CallSpan, Held};
use crate::semconv::Profile;

/// Gives a call's own span the call's own start, so that the span and the metrics tell one
/// duration. Spans of crates that trace LLMs themselves are made to conform, if asked. All else is
/// the inner tracer's.
#[derive(Debug)]
pub(super) struct CallTracer<T> {
    pub(super) inner: T,
    pub(super) profile: Profile,
    pub(super) normalize: Arc<AtomicBool>,
}

/// How many attributes most calls get when they end, or more.
const LATER: usize = 24;

impl<T: Tracer> Tracer for CallTracer<T> {
    type Span = CallSpan<T::Span>;

    fn build_with_context(&self, mut builder: SpanBuilder, parent: &Context) -> Self::Span {
        let mut held = None;
        // Spans below the call carry it too: only the first is its own.
        if let Some(start) = Carried::take_start_of(parent) {
            builder.start_time = Some(start.begun);
            // As the call ends, most of its attributes are added: all at once finds room.
            if start.likely {
                builder.attributes.get_or_insert_default().reserve(LATER);
            }
        } else if self.normalize.load(Ordering::Relaxed) {
            held = Held::of(&mut builder, parent, self.profile);
        }
        CallSpan::new(self.inner.build_with_context(builder, parent), held)
    }
}
