//! Ids of new spans, and of spans in existing traces.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::SystemTime;

use opentelemetry::trace::{SpanId, TraceId};
use opentelemetry_sdk::trace::{IdGenerator as Generator, RandomIdGenerator};

use super::existing_trace::Continued;
use crate::process::{PerProcess, Process};

/// The number of generators.
static GENERATORS: AtomicUsize = AtomicUsize::new(0);

/// Whether any such generator exists.
pub(crate) fn any() -> bool {
    GENERATORS.load(Ordering::Relaxed) > 0
}

/// Generates ids. The first llm-trace span in an [existing trace](crate::Scope::existing_trace) gets that trace id and
/// becomes a root span; `inner` generates all other ids. The default generator creates other ids in a forked child than
/// in its parent.
///
/// [`init`](crate::export::init) installs one. With your own provider:
///
/// ```
/// use llm_trace::TraceIdGenerator;
/// use opentelemetry_sdk::trace::SdkTracerProvider;
///
/// let provider = SdkTracerProvider::builder().with_id_generator(TraceIdGenerator::default()).build();
/// opentelemetry::global::set_tracer_provider(provider);
/// ```
///
/// `TraceIdGenerator::new` wraps your own generator:
///
/// ```
/// use llm_trace::TraceIdGenerator;
/// use opentelemetry_sdk::trace::{RandomIdGenerator, SdkTracerProvider};
///
/// let generator = TraceIdGenerator::new(RandomIdGenerator::default());
/// let provider = SdkTracerProvider::builder().with_id_generator(generator).build();
/// opentelemetry::global::set_tracer_provider(provider);
/// ```
///
/// Without this generator, a trace that is known by its id only is continued by spans whose parent does not exist.
#[derive(Debug)]
pub struct TraceIdGenerator<G = RandomIdGenerator> {
    inner: G,
    /// Whether ids are combined with the process's [`Salt`]. Custom generators may give the bits of an id a meaning.
    salted: bool,
    _count: GeneratorCount,
}

/// Counts a generator until it is dropped.
#[derive(Debug)]
struct GeneratorCount;

impl Drop for GeneratorCount {
    fn drop(&mut self) {
        GENERATORS.fetch_sub(1, Ordering::Relaxed);
    }
}

impl<G> TraceIdGenerator<G> {
    /// Creates a generator that takes all other ids from `inner`.
    pub fn new(inner: G) -> Self {
        GENERATORS.fetch_add(1, Ordering::Relaxed);
        Self { inner, salted: false, _count: GeneratorCount }
    }
}

impl Default for TraceIdGenerator {
    fn default() -> Self {
        Self { salted: true, ..Self::new(RandomIdGenerator::default()) }
    }
}

/// Bits that differ between a process and its forked children. A child has a copy of the state of its parent's random
/// numbers: without these bits, parent and children would create the same ids.
struct Salt(u128);

impl Default for Salt {
    fn default() -> Self {
        if !cfg!(unix) {
            return Self(0);
        }
        let [high, low] = [0u8, 1].map(|half| {
            let mut hasher = DefaultHasher::new();
            (Process::current(), SystemTime::now(), half).hash(&mut hasher);
            hasher.finish()
        });
        Self(u128::from(high) << 64 | u128::from(low))
    }
}

impl<G> TraceIdGenerator<G> {
    fn salt(&self) -> u128 {
        static SALT: OnceLock<PerProcess<Salt>> = OnceLock::new();
        if self.salted { SALT.get_or_init(PerProcess::default).get().0 } else { 0 }
    }
}

impl<G: Generator> Generator for TraceIdGenerator<G> {
    fn new_trace_id(&self) -> TraceId {
        Continued::trace_of_root().unwrap_or_else(|| {
            let id = u128::from_be_bytes(self.inner.new_trace_id().to_bytes());
            TraceId::from(id ^ self.salt())
        })
    }

    fn new_span_id(&self) -> SpanId {
        let id = u64::from_be_bytes(self.inner.new_span_id().to_bytes());
        SpanId::from(id ^ self.salt() as u64)
    }
}
