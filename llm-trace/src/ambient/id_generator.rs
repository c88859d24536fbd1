//! Ids for spans, and for traces that exist already.

use std::sync::atomic::{AtomicUsize, Ordering};

use opentelemetry::trace::{SpanId, TraceId};
use opentelemetry_sdk::trace::{IdGenerator as Generator, RandomIdGenerator};

use super::trace::Continued;

static ALIVE: AtomicUsize = AtomicUsize::new(0);

/// Whether any such generator is in use.
pub(crate) fn any() -> bool {
    ALIVE.load(Ordering::Relaxed) > 0
}

/// Hands out the id of an [existing trace](crate::Scope::existing_trace) to the first span of ours
/// in it, so that it is a root of that trace; all other ids are `inner`'s.
///
/// [`init`](crate::export::init) has one. With a provider of your own:
///
/// ```
/// use opentelemetry_sdk::trace::SdkTracerProvider;
///
/// let provider = SdkTracerProvider::builder()
///     .with_id_generator(llm_trace::IdGenerator::default())
///     .build();
/// # let _ = provider;
/// ```
///
/// Around a generator of your own: `IdGenerator::new(yours)`.
///
/// ```
/// use llm_trace::IdGenerator;
/// use opentelemetry_sdk::trace::RandomIdGenerator;
///
/// let generator = IdGenerator::new(RandomIdGenerator::default());
/// # let _ = generator;
/// ```
///
/// Without it, a trace of which only the id is known is continued by spans whose parent was never
/// seen by anyone.
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
    /// Takes all other ids from `inner`.
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
