//! The tracer of the embedded OpenTelemetry layer.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use opentelemetry::Context;
use opentelemetry::trace::{SpanBuilder, Tracer};

use crate::call::CarriedCall;
use crate::normalize::{CallSpan, Held};
use crate::semconv::Profile;

/// Starts a call's own span at the call's start, so that span and metrics have one duration, and
/// normalizes the spans of crates that trace LLM calls themselves, if asked to. It passes every
/// other span on unchanged.
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

/// A profile that the layer's builder methods can still change after the tracer was made.
#[derive(Debug)]
pub(super) struct AtomicProfile(AtomicU8);

impl AtomicProfile {
    pub(super) fn new(profile: Profile) -> Self {
        Self(AtomicU8::new(profile as u8))
    }

    pub(super) fn set(&self, profile: Profile) {
        self.0.store(profile as u8, Ordering::Relaxed);
    }

    fn get(&self) -> Profile {
        if self.0.load(Ordering::Relaxed) == Profile::Latest as u8 { Profile::Latest } else { Profile::Core }
    }
}

/// How many attributes most calls get when they end, or more.
const LATER: usize = 24;

impl<T: Tracer> Tracer for CallTracer<T> {
    type Span = CallSpan<T::Span>;

    fn build_with_context(&self, mut builder: SpanBuilder, parent: &Context) -> Self::Span {
        let mut held = None;
        // Spans below the call carry it too: only the first is its own.
        if let Some(start) = CarriedCall::take_start_of(parent) {
            builder.start_time = Some(start.begun);
            // As the call ends, most of its attributes are added: all at once finds room.
            if start.likely {
                builder.attributes.get_or_insert_default().reserve(LATER);
            }
        } else if self.normalize.load(Ordering::Relaxed) {
            held = Held::of(&mut builder, parent, self.profile.get());
        }
        CallSpan::new(self.inner().build_with_context(builder, parent), held)
    }
}
