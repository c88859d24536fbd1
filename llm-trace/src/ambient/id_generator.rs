//! Ids of new spans, and of spans in existing traces.

use std::sync::atomic::{AtomicUsize, Ordering};

use opentelemetry::trace::{SpanId, TraceId};
use opentelemetry_sdk::trace::{IdGenerator as Generator, RandomIdGenerator};

use super::trace::Continued;

static ALIVE: AtomicUsize = AtomicUsize::new(0);

/// Whether any such generator exists.
pub(crate) fn any() -> bool {
    ALIVE.load(Ordering::Relaxed) > 0
}

/// Generates ids. The first llm-trace span in an [existing trace](crate::Scope::existing_trace) gets that trace id and
/// becomes a root span; `inner` generates all other ids.
///
/// [`init`](crate::export::init) installs one. With your own provider:
///
/// ```
/// use llm_trace::IdGenerator;
/// use opentelemetry_sdk::trace::SdkTracerProvider;
///
/// let provider = SdkTracerProvider::builder().with_id_generator(IdGenerator::default()).build();
/// opentelemetry::global::set_tracer_provider(provider);
/// ```
///
/// `IdGenerator::new` wraps your own generator:
///
/// ```
/// use llm_trace::IdGenerator;
/// use opentelemetry_sdk::trace::{RandomIdGenerator, SdkTracerProvider};
///
/// let generator = IdGenerator::new(RandomIdGenerator::default());
/// let provider = SdkTracerProvider::builder().with_id_generator(generator).build();
/// opentelemetry::global::set_tracer_provider(provider);
/// ```
///
/// Without this generator, a trace that is known by its id only is continued by spans whose parent does not exist.
#[derive(Debug)]
pub struct IdGenerator<G = RandomIdGenerator> {
    inner: G,
    _alive: Alive,
}

#[derive(Debug)]
struct Alive;

impl Drop for Alive {
    fn drop(&mut self) {
        ALIVE.fetch_sub(1, Ordering::Relaxed);
    }
}

impl<G> IdGenerator<G> {
    /// Creates a generator that takes all other ids from `inner`.
    pub fn new(inner: G) -> Self {
        ALIVE.fetch_add(1, Ordering::Relaxed);
        Self { inner, _alive: Alive }
    }
}

impl Default for IdGenerator {
    fn default() -> Self {
        Self::new(RandomIdGenerator::default())
    }
}

impl<G: Generator> Generator for IdGenerator<G> {
    fn new_trace_id(&self) -> TraceId {
        Continued::trace_of_root().unwrap_or_else(|| self.inner.new_trace_id())
    }

    fn new_span_id(&self) -> SpanId {
        self.inner.new_span_id()
    }
}
