//! Prints spans for people on stderr, as one tree per trace.

mod content;
mod facts;
mod json;
mod paint;
mod pending;
mod tree;

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use opentelemetry::trace::Span as _;
use opentelemetry::{Context, Key};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::{Span, SpanData, SpanProcessor};

use crate::PolicyHandle;
use crate::diag::output;
use crate::diag::output::TextWriter;
use crate::export::counters::ExportCounters;
use crate::guard::otel::recheck;
use crate::process::Process;
use paint::Paint;
use pending::Pending;

/// The time that a flush waits for a terminal or a pipe.
const FLUSH_LIMIT: Duration = Duration::from_secs(5);

/// Prints each trace as a tree when its local root ends, or one JSON line per span, on stderr.
///
/// Spans that end after their root are printed as a separate tree. Traces whose root never ends are printed as
/// unfinished when too many spans wait (some thousands) or when the program ends.
///
/// A separate thread writes, so a blocked stderr does not block the program. If more than 4 MiB wait, newer spans are
/// dropped.
///
/// ```
/// use llm_trace::export::ConsoleProcessor;
/// use opentelemetry_sdk::trace::SdkTracerProvider;
///
/// let provider = SdkTracerProvider::builder().with_span_processor(ConsoleProcessor::tree()).build();
/// ```
pub struct ConsoleProcessor {
    form: Form,
    state: Mutex<ConsoleState>,
    out: TextWriter,
    counters: ExportCounters,
    /// The policy that the waiting spans of a tree follow when they are printed.
    recheck: Option<PolicyHandle>,
    /// The process of the thread that prints.
    process: Process,
}

#[derive(Clone, Copy, Debug)]
enum Form {
    Tree(Paint),
    Json,
}

struct ConsoleState {
    pending: Pending,
    service: String,
    resource: Resource,
}

impl ConsoleProcessor {
    /// Prints trees, in colour if stderr is a terminal (respects `NO_COLOR` and `CLICOLOR_FORCE`).
    pub fn tree() -> Self {
        Self::to(Form::Tree(Paint::for_stderr()), output::stderr().clone())
    }

    /// Prints one line of JSON per span.
    pub fn json() -> Self {
        Self::to(Form::Json, output::stderr().clone())
    }

    fn to(form: Form, out: TextWriter) -> Self {
        let (pending, resource) = (Pending::default(), Resource::builder_empty().build());
        let state = ConsoleState { pending, service: String::new(), resource };
        let counters = ExportCounters::default();
        Self { form, state: Mutex::new(state), out, counters, recheck: None, process: Process::current() }
    }

    /// Counts dropped spans in `counters`.
    pub(crate) fn with_counters(mut self, counters: ExportCounters) -> Self {
        self.counters = counters;
        self
    }

    /// Checks the marks of a `RedactProcessor` with this policy before a tree is printed.
    pub(crate) fn with_recheck(mut self, policy: &PolicyHandle) -> Self {
        self.recheck = Some(policy.clone());
        self
    }

    fn lock(&self) -> MutexGuard<'_, ConsoleState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn print(&self, paint: Paint, service: &str, mut spans: Vec<SpanData>) {
        if !spans.is_empty() {
            if let Some(policy) = &self.recheck {
                recheck(policy, &mut spans);
            }
            self.write(tree::render(&spans, service, paint), spans.len());
        }
    }

    /// Writes the whole text at once, so that trees of different threads do not mix.
    fn write(&self, text: String, spans: usize) {
        if !self.out.push(text) {
            self.counters.queue_full(spans as u64);
        }
    }

    fn flush_within(&self, limit: Duration) -> OTelSdkResult {
        if !self.process.is_current() {
            return Err(OTelSdkError::AlreadyShutdown);
        }
        if self.out.flush(limit) { Ok(()) } else { Err(OTelSdkError::Timeout(limit)) }
    }
}

impl fmt::Debug for ConsoleProcessor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConsoleProcessor").field("form", &self.form).finish_non_exhaustive()
    }
}

impl SpanProcessor for ConsoleProcessor {
    fn on_start(&self, span: &mut Span, _cx: &Context) {
        if matches!(self.form, Form::Tree(_)) && self.process.is_current() {
            let id = span.span_context();
            self.lock().pending.start(id.trace_id(), id.span_id());
        }
    }

    fn on_end(&self, span: SpanData) {
        if !span.span_context.is_sampled() {
            return;
        }
        if !self.process.is_current() {
            return self.counters.lose_in_forked_child();
        }
        let mut state = self.lock();
        match self.form {
            Form::Tree(paint) => {
                let (ready, overdue) = state.pending.end(span);
                let service = state.service.clone();
                drop(state);
                self.print(paint, &service, ready);
                self.print(paint, &service, overdue);
            }
            Form::Json => {
                let resource = state.resource.clone();
                drop(state);
                self.write(json::line(&span, &resource), 1);
            }
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.flush_within(FLUSH_LIMIT)
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        if let Form::Tree(paint) = self.form
            && self.process.is_current()
        {
            let mut state = self.lock();
            let (left, service) = (state.pending.take_all(), state.service.clone());
            drop(state);
            left.into_iter().for_each(|spans| self.print(paint, &service, spans));
        }
        self.flush_within(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        let service = resource.get(&Key::from_static_str("service.name")).map(|v| v.to_string()).unwrap_or_default();
        // The SDK's placeholder name is of no use to the reader.
        let service = if service.starts_with("unknown_service") { String::new() } else { service };
        let mut state = self.lock();
        state.service = service;
        state.resource = resource.clone();
    }
}
