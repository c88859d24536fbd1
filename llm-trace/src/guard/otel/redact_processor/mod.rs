//! A span processor that redacts spans before they are exported.

use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use opentelemetry::trace::{Span as _, SpanId, TraceId};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{Span, SpanData, SpanExporter, SpanProcessor};

use super::export_recheck;
use super::export_recheck::Note;
use crate::ambient::mask_context;
use crate::ambient::mask_context::{Correction, Filtered, SharedMasks};
use crate::cache_padded::CachePadded;
use crate::policy::redactor::{Owner, Redactor};
use crate::policy::{Masks, PolicyHandle};
use crate::sink::otel::forward_to_inner;

/// Redacts every span before the wrapped processor receives its end: attributes, events, links, name and status, from
/// any crate.
///
/// [`init`](crate::export::init) installs it. For your own provider, wrap the exporting processor:
///
/// ```
/// use llm_trace::{Policy, RedactProcessor};
/// use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SimpleSpanProcessor};
///
/// let exporting = SimpleSpanProcessor::new(InMemorySpanExporter::default());
/// let provider = SdkTracerProvider::builder()
///     .with_span_processor(RedactProcessor::new(exporting, Policy::new()))
///     .build();
/// ```
///
/// Several processors can have different policies.
pub struct RedactProcessor<P> {
    inner: P,
    policy: PolicyHandle,
    /// The masks of open spans that started inside a call or scope.
    live: [CachePadded<Mutex<Spans>>; SHARDS],
    recheck: bool,
}

/// The masks of all calls and scopes around each span.
type Spans = HashMap<(TraceId, SpanId), Vec<SharedMasks>, BuildHasherDefault<IdHasher>>;

/// Hashes ids, which are random already.
#[derive(Default)]
struct IdHasher(u64);

impl Hasher for IdHasher {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64(u64::from(*byte)));
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = (self.0.rotate_left(5) ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn write_u128(&mut self, number: u128) {
        self.write_u64(number as u64);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

const SHARDS: usize = 16;

static MADE: AtomicBool = AtomicBool::new(false);

/// Whether a [`RedactProcessor`] was created in this process.
pub(crate) fn is_installed() -> bool {
    MADE.load(Ordering::Relaxed)
}

impl<P: fmt::Debug> fmt::Debug for RedactProcessor<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedactProcessor").field("inner", &self.inner).finish_non_exhaustive()
    }
}

impl<P> RedactProcessor<P> {
    /// Wraps `inner`. Pass a [`PolicyHandle`] to change the policy later.
    pub fn new(inner: P, policy: impl Into<PolicyHandle>) -> Self {
        MADE.store(true, Ordering::Relaxed);
        Self { inner, policy: policy.into(), live: Default::default(), recheck: false }
    }

    /// Marks each span for the [`recheck`] that follows.
    pub(crate) fn with_recheck(mut self) -> Self {
        self.recheck = true;
        self
    }

    fn shard(&self, span: SpanId) -> &Mutex<Spans> {
        &self.live[usize::from(span.to_bytes()[7]) % SHARDS].0
    }

    fn treat(&self, span: &mut SpanData) {
        let id = span.span_context.span_id();
        let key = (span.span_context.trace_id(), id);
        let around = self.shard(id).lock().unwrap_or_else(PoisonError::into_inner).remove(&key).unwrap_or_default();
        let masks = around.iter().map(SharedMasks::get).reduce(Masks::union);
        let stamp = self.policy.stamp();
        let state = self.policy.state().for_trace(span.span_context.trace_id());
        let mut written = 0..0;
        let owner = match around.iter().find(|masks| masks.is_own_span(&span.span_context)) {
            None => Owner::Other,
            Some(own) => {
                let now = Filtered { stamp, masks: own.get() };
                let own = own.own_span();
                correct(&mut span.attributes, &own.corrections);
                written = own.written.map_or(written, |written| written.range(&span.attributes));
                if own.filtered == Some(now) && masks == Some(now.masks) { Owner::Filtered } else { Owner::Call }
            }
        };
        Redactor::new(&state, masks).span(span, owner, written);
        if self.recheck {
            span.attributes.push(KeyValue::new(export_recheck::KEY, Note::new(masks, owner, stamp).to_number()));
        }
    }
}

/// Corrects attributes set at a call's start. If a key occurs twice, the first one is the call's.
fn correct(attributes: &mut Vec<KeyValue>, corrections: &[Correction]) {
    for (key, value) in corrections {
        let at = attributes.iter().position(|attribute| attribute.key.as_str() == *key);
        match (at, value.clone()) {
            (Some(at), Some(value)) => attributes[at].value = value,
            (Some(at), None) => drop(attributes.remove(at)),
            (None, Some(value)) => attributes.push(KeyValue::new(*key, value)),
            (None, None) => {}
        }
    }
}

impl<P: SpanProcessor> SpanProcessor for RedactProcessor<P> {
    fn on_start(&self, span: &mut Span, cx: &Context) {
        let around = mask_context::of_span(cx);
        if let Some(innermost) = around.first() {
            innermost.set_redacted_on_export();
            let id = span.span_context().span_id();
            let key = (span.span_context().trace_id(), id);
            self.shard(id).lock().unwrap_or_else(PoisonError::into_inner).insert(key, around);
        }
        self.inner.on_start(span, cx);
    }

    fn on_end(&self, mut span: SpanData) {
        crate::sink::otel::settle_status(&mut span);
        self.treat(&mut span);
        self.inner.on_end(span);
    }

    forward_to_inner!();
}

/// Redacts spans again if the policy changed while they were queued.
#[derive(Debug)]
pub(crate) struct RedactExporter<E> {
    inner: E,
    policy: PolicyHandle,
}

impl<E> RedactExporter<E> {
    /// `policy` is the handle of the [`RedactProcessor`] before it.
    pub(crate) fn new(inner: E, policy: PolicyHandle) -> Self {
        Self { inner, policy }
    }
}

/// Redacts spans that waited again if the policy changed since [`RedactProcessor`] marked them, and removes the marks.
pub(crate) fn recheck(policy: &PolicyHandle, spans: &mut [SpanData]) {
    let stamp = policy.stamp();
    for span in spans {
        let at = span.attributes.iter().rposition(|attribute| attribute.key.as_str() == export_recheck::KEY);
        let Some(at) = at else { continue };
        let Some(note) = Note::read(&span.attributes.swap_remove(at).value) else { continue };
        if !note.is_of(stamp) {
            let state = policy.state().for_trace(span.span_context.trace_id());
            // Other code's attributes on a call's span can no longer be distinguished from the call's.
            let withholds = note.masks().is_some_and(|masks| state.withholds_free_text(masks));
            let owner = if withholds { Owner::Other } else { note.owner() };
            Redactor::new(&state, note.masks()).span(span, owner, 0..0);
        }
    }
}

impl<E: SpanExporter> SpanExporter for RedactExporter<E> {
    async fn export(&self, mut batch: Vec<SpanData>) -> OTelSdkResult {
        recheck(&self.policy, &mut batch);
        self.inner.export(batch).await
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.inner.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.inner.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.inner.set_resource(resource);
    }
}

#[cfg(test)]
mod tests;
