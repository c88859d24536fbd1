//! Spans for people: a tree for each trace, on stderr.

mod content;
mod facts;
mod json;
mod paint;
mod pending;
mod tree;

#[cfg(test)]
mod tests;

use std::fmt;
use std::io::Write;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use opentelemetry::trace::Span as _;
use opentelemetry::{Context, Key};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{Span, SpanData, SpanProcessor};

use paint::Paint;
use pending::Pending;

/// Prints each trace as a tree when its root in this process ends, or one JSON line per span, on stderr.
///
/// Spans that end after their root come as a tree of their own. Traces whose root never ends are printed
/// unfinished once too many spans wait (some thousands), or at the end of the program.
///
/// ```
/// use llm_trace::export::ConsoleProcessor;
/// use opentelemetry_sdk::trace::SdkTracerProvider;
///
/// let provider = SdkTracerProvider::builder().with_span_processor(ConsoleProcessor::tree()).build();
/// ```
pub struct ConsoleProcessor {
    form: Form,
    /// Held while printing too: trees of different threads never mix.
    state: Mutex<State>,
}

#[derive(Clone, Copy, Debug)]
enum Form {
    Tree(Paint),
    Json,
}

struct State {
    pending: Pending,
    service: String,
    resource: Resource,
    out: Box<dyn Write + Send>,
}

impl ConsoleProcessor {
    /// Trees for people, in colour if stderr is a terminal (`NO_COLOR` and `CLICOLOR_FORCE` are heard).
    pub fn tree() -> Self {
        Self::to(Form::Tree(Paint::for_stderr()), Box::new(std::io::stderr()))
    }

    /// One line of JSON for each span.
    pub fn json() -> Self {
        Self::to(Form::Json, Box::new(std::io::stderr()))
    }

    fn to(form: Form, out: Box<dyn Write + Send>) -> Self {
        let pending = Pending::default();
        let state = State { pending, service: String::new(), resource: Resource::builder_empty().build(), out };
        Self { form, state: Mutex::new(state) }
    }

    fn with_state(&self, act: impl FnOnce(&mut State)) {
        act(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl State {
    fn print(&mut self, paint: Paint, spans: &[SpanData]) {
        if !spans.is_empty() {
            let text = tree::render(spans, &self.service, paint);
            self.write(&text);
        }
    }

    /// In one piece; a closed stderr is nobody's error.
    fn write(&mut self, text: &str) {
        let _ = self.out.write_all(text.as_bytes());
        let _ = self.out.flush();
    }
}

impl fmt::Debug for ConsoleProcessor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConsoleProcessor").field("form", &self.form).finish_non_exhaustive()
    }
}

impl SpanProcessor for ConsoleProcessor {
    fn on_start(&self, span: &mut Span, _cx: &Context) {
        if matches!(self.form, Form::Tree(_)) {
            let id = span.span_context();
            self.with_state(|state| state.pending.start(id.trace_id(), id.span_id()));
        }
    }

    fn on_end(&self, span: SpanData) {
        if !span.span_context.is_sampled() {
            return;
        }
        self.with_state(|state| match self.form {
            Form::Tree(paint) => {
                let (ready, overdue) = state.pending.end(span);
                state.print(paint, &ready);
                state.print(paint, &overdue);
            }
            Form::Json => {
                let line = json::line(&span, &state.resource);
                state.write(&line);
            }
        });
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _timeout: Duration) -> OTelSdkResult {
        self.with_state(|state| {
            if let Form::Tree(paint) = self.form {
                for spans in state.pending.take_all() {
                    state.print(paint, &spans);
                }
            }
        });
        Ok(())
    }

    fn set_resource(&mut self, resource: &Resource) {
        let service = resource.get(&Key::from_static_str("service.name")).map(|v| v.to_string()).unwrap_or_default();
        // A made-up name tells nobody anything.
        let service = if service.starts_with("unknown_service") { String::new() } else { service };
        self.with_state(|state| {
            state.service = service;
            state.resource = resource.clone();
        });
    }
}
