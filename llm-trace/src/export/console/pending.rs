//! Spans that wait for their root, with limits.

use std::collections::{HashMap, HashSet};

use opentelemetry::trace::{SpanId, TraceId};
use opentelemetry_sdk::trace::SpanData;

/// The maximum number of ended spans that wait.
const MAX_WAITING: usize = 4096;
/// The maximum number of open traces.
const MAX_TRACES: usize = 4096;

#[derive(Default)]
pub(super) struct Pending {
    traces: HashMap<TraceId, Trace>,
    waiting: usize,
    /// Orders traces by age.
    clock: u64,
}

#[derive(Default)]
struct Trace {
    since: u64,
    live: HashSet<SpanId>,
    ended: Vec<SpanData>,
}

impl Pending {
    pub(super) fn start(&mut self, trace: TraceId, span: SpanId) {
        if self.traces.len() >= MAX_TRACES && !self.traces.contains_key(&trace) {
            // Without the record of its open spans, a trace is printed in several parts.
            self.forget_an_empty_one();
        }
        self.clock = self.clock.saturating_add(1);
        let since = self.clock;
        let trace = self.traces.entry(trace).or_insert_with(|| Trace { since, ..Trace::default() });
        if trace.live.len() < MAX_WAITING {
            trace.live.insert(span);
        }
    }

    /// Returns the tree that this span completes, and spans that were evicted to make room.
    pub(super) fn end(&mut self, span: SpanData) -> (Vec<SpanData>, Vec<SpanData>) {
        self.clock = self.clock.saturating_add(1);
        let since = self.clock;
        let id = span.span_context.trace_id();
        let own = span.span_context.span_id();
        let trace = self.traces.entry(id).or_insert_with(|| Trace { since, ..Trace::default() });
        trace.live.remove(&own);
        let is_top = span.parent_span_is_remote || !trace.live.contains(&span.parent_span_id);
        trace.ended.push(span);
        self.waiting = self.waiting.saturating_add(1);
        let ready = match (is_top, trace.live.is_empty()) {
            (_, true) => std::mem::take(&mut trace.ended),
            (true, false) => below(own, &mut trace.ended),
            (false, false) => Vec::new(),
        };
        self.waiting = self.waiting.saturating_sub(ready.len());
        if trace.live.is_empty() {
            self.traces.remove(&id);
        }
        let overdue = if self.waiting > MAX_WAITING { self.take_oldest() } else { Vec::new() };
        (ready, overdue)
    }

    pub(super) fn take_all(&mut self) -> Vec<Vec<SpanData>> {
        self.waiting = 0;
        let mut all: Vec<_> = self.traces.drain().map(|(_, trace)| (trace.since, trace.ended)).collect();
        all.sort_by_key(|(since, _)| *since);
        all.into_iter().map(|(_, ended)| ended).filter(|ended| !ended.is_empty()).collect()
    }

    fn take_oldest(&mut self) -> Vec<SpanData> {
        let oldest = self.traces.values_mut().filter(|t| !t.ended.is_empty()).min_by_key(|t| t.since);
        let taken = oldest.map(|trace| std::mem::take(&mut trace.ended)).unwrap_or_default();
        self.waiting = self.waiting.saturating_sub(taken.len());
        taken
    }

    fn forget_an_empty_one(&mut self) {
        let idle = self.traces.iter().filter(|(_, t)| t.ended.is_empty()).min_by_key(|(_, t)| t.since);
        let oldest = idle.or_else(|| self.traces.iter().min_by_key(|(_, t)| t.since)).map(|(id, _)| *id);
        if let Some(trace) = oldest.and_then(|id| self.traces.remove(&id)) {
            self.waiting = self.waiting.saturating_sub(trace.ended.len());
        }
    }
}

/// Takes the span `top` and its descendants out of `spans`.
fn below(top: SpanId, spans: &mut Vec<SpanData>) -> Vec<SpanData> {
    let mut found: HashSet<SpanId> = HashSet::from([top]);
    // Children usually end before their parents, so few iterations are needed.
    loop {
        let before = found.len();
        for span in spans.iter().rev() {
            if found.contains(&span.parent_span_id) {
                found.insert(span.span_context.span_id());
            }
        }
        if found.len() == before {
            break;
        }
    }
    let (taken, kept) = std::mem::take(spans).into_iter().partition(|s| found.contains(&s.span_context.span_id()));
    *spans = kept;
    taken
}
