//! Captured telemetry, and the scopes in which it is captured.

use std::fmt;
use std::future::Future;
use std::ops::Deref;
use std::sync::Arc;

use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::Dispatch;
use tracing::dispatcher::{self, DefaultGuard};
use tracing::instrument::{WithDispatch, WithSubscriber as _};

use super::span::CapturedSpan;
use super::store::Store;
use super::tree::Tree;
use crate::call::lifecycle::OpenCalls;

/// Captured telemetry. Clones share it and can be sent to other threads and tasks.
///
/// Use [`in_scope`](Self::in_scope) on other threads and [`in_future`](Self::in_future) for spawned tasks:
///
/// ```
/// use llm_trace::{LlmCall, Operation, testing};
///
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// fn ask() {
///     LlmCall::builder(Operation::Chat).provider("openai").model("gpt-4o").run(|_| {});
/// }
///
/// let captured = testing::capture();
/// let there = captured.clone();
/// std::thread::spawn(move || there.in_scope(ask)).join().unwrap();
/// tokio::spawn(captured.in_future(async { ask() })).await.unwrap();
/// assert_eq!(captured.calls().len(), 2);
/// # });
/// ```
#[derive(Clone)]
pub struct Captured(pub(super) Arc<Kept>);

pub(super) struct Kept {
    pub(super) dispatch: Dispatch,
    pub(super) store: Store,
    pub(super) open: OpenCalls,
    pub(super) meters: opentelemetry_sdk::metrics::SdkMeterProvider,
    pub(super) _loggers: opentelemetry_sdk::logs::SdkLoggerProvider,
    pub(super) _tracers: SdkTracerProvider,
}

/// The spans as a tree.
impl fmt::Debug for Captured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.tree())
    }
}

/// Captures the telemetry of its thread until it is dropped. It dereferences to [`Captured`].
///
/// ```
/// use llm_trace::{LlmCall, Operation, testing};
///
/// let captured = testing::capture();
/// let outer = tracing::info_span!("question");
/// outer.in_scope(|| LlmCall::builder(Operation::Chat).provider("openai").model("gpt-4o").run(|_| {}));
/// drop(outer);
/// captured.assert_calls(1);
/// assert_eq!(captured.of_operation("chat").len(), captured.named("chat gpt-4o").len());
/// assert!(captured.one_call().is_child_of(&captured.span("question")));
/// assert!(!captured.otlp().is_empty());
/// captured.clear();
/// captured.assert_calls(0);
/// ```
#[derive(Debug)]
pub struct CaptureGuard {
    captured: Captured,
    _default: DefaultGuard,
}

impl CaptureGuard {
    pub(super) fn new(captured: Captured) -> Self {
        let _default = dispatcher::set_default(&captured.0.dispatch);
        Self { captured, _default }
    }
}

impl Deref for CaptureGuard {
    type Target = Captured;

    fn deref(&self) -> &Captured {
        &self.captured
    }
}

impl Captured {
    /// Captures the telemetry of `f` on the current thread.
    pub fn in_scope<R>(&self, f: impl FnOnce() -> R) -> R {
        dispatcher::with_default(&self.0.dispatch, f)
    }

    /// Captures the telemetry of a future, on any thread that polls it.
    // Not called `instrument`: on a `CaptureGuard`, `tracing`'s trait method would take precedence.
    pub fn in_future<F: Future>(&self, future: F) -> WithDispatch<F> {
        future.with_subscriber(self.0.dispatch.clone())
    }

    /// All ended spans, each before its children: roots and siblings in the order of their start, concurrent ones in
    /// the order of their names.
    pub fn spans(&self) -> Vec<CapturedSpan> {
        Tree::new(self.0.store.spans()).flat()
    }

    /// The ended spans of LLM calls, tools and agents, in the order of [`spans`](Self::spans).
    pub fn calls(&self) -> Vec<CapturedSpan> {
        let mut spans = self.spans();
        spans.retain(|span| span.operation().is_some());
        spans
    }

    /// The number of calls that have started and not ended.
    pub fn open_calls(&self) -> usize {
        self.0.open.len()
    }

    /// The spans with this name.
    pub fn named(&self, name: &str) -> Vec<CapturedSpan> {
        let mut spans = self.spans();
        spans.retain(|span| span.name() == name);
        spans
    }

    /// The calls of this operation: `chat`, `embeddings`, `execute_tool`, …
    pub fn of_operation(&self, operation: &str) -> Vec<CapturedSpan> {
        let mut spans = self.calls();
        spans.retain(|span| span.operation().as_deref() == Some(operation));
        spans
    }

    /// The only call.
    ///
    /// # Panics
    /// If there is none, or more than one.
    #[track_caller]
    pub fn one_call(&self) -> CapturedSpan {
        let mut calls = self.calls();
        match calls.len() {
            1 => calls.remove(0),
            count => self.fail(&format!("expected one call, found {count}")),
        }
    }

    /// The only span with this name.
    ///
    /// # Panics
    /// If there is none, or more than one.
    #[track_caller]
    pub fn span(&self, name: &str) -> CapturedSpan {
        let mut spans = self.named(name);
        match spans.len() {
            1 => spans.remove(0),
            count => self.fail(&format!("expected one span `{name}`, found {count}")),
        }
    }

    /// Asserts the number of calls.
    ///
    /// # Panics
    /// If it differs.
    #[track_caller]
    pub fn assert_calls(&self, count: usize) {
        let found = self.calls().len();
        if found != count {
            self.fail(&format!("expected {count} calls, found {found}"));
        }
    }

    /// The log records, in the order of their arrival.
    pub fn events(&self) -> Vec<super::CapturedEvent> {
        self.0.store.logs().into_iter().map(super::CapturedEvent::new).collect()
    }

    /// The spans as a tree for people, one line each.
    ///
    /// ```
    /// # use llm_trace::{LlmCall, Operation, testing};
    /// # let captured = testing::capture();
    /// LlmCall::builder(Operation::Chat).provider("openai").model("gpt-4o").run(|_| {});
    /// assert_eq!(captured.tree(), "chat gpt-4o · openai · completed\n");
    /// ```
    pub fn tree(&self) -> String {
        let tree = Tree::new(self.0.store.spans()).to_string();
        match self.open_calls() {
            0 => tree,
            1 => format!("{tree}(1 call has not ended)\n"),
            count => format!("{tree}({count} calls have not ended)\n"),
        }
    }

    /// The spans as a tree with all their data, identical in every run: times, durations and ids are omitted, local
    /// ports are replaced. For `insta::assert_json_snapshot!`.
    ///
    /// ```
    /// # use llm_trace::{LlmCall, Operation, testing};
    /// # let captured = testing::capture();
    /// LlmCall::builder(Operation::Chat).provider("openai").model("gpt-4o").run(|_| {});
    /// let snapshot = captured.snapshot();
    /// assert_eq!(snapshot[0]["attributes"]["gen_ai.request.model"], "gpt-4o");
    /// ```
    pub fn snapshot(&self) -> serde_json::Value {
        Tree::new(self.0.store.spans()).snapshot()
    }

    /// Discards all captured telemetry.
    pub fn clear(&self) {
        self.0.store.clear();
    }

    /// Fails the test, with the captured spans in the message.
    #[track_caller]
    pub(super) fn fail(&self, what: &str) -> ! {
        panic!("{what}; captured:\n{}", self.tree())
    }
}
