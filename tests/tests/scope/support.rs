//! A subscriber that exports to a collector, and calls to make with it.

use llm_trace::{Capture, LlmLayer, Policy, llm_call};
use llm_trace_tests::collector::{Collector, ReceivedSpan, attribute};
use opentelemetry_sdk::trace::{SdkTracerProvider, SimpleSpanProcessor};
use tracing_subscriber::prelude::*;
use tracing_subscriber::registry::Registry;

pub(crate) const QUESTION: &str = "the-secret-question";
pub(crate) const ANSWER: &str = "the-secret-answer";

/// A collector, and the guard of a subscriber that exports to it on this thread.
pub(crate) struct Traced {
    pub(crate) collector: Collector,
    _default: tracing::subscriber::DefaultGuard,
}

/// Captures content on spans; `change` configures the layer.
pub(crate) fn traced(change: impl FnOnce(LlmLayer<Registry>) -> LlmLayer<Registry>) -> Traced {
    traced_with(|layer, _| change(layer))
}

/// Like [`traced`], for changes that need the collector.
pub(crate) fn traced_with(change: impl FnOnce(LlmLayer<Registry>, &Collector) -> LlmLayer<Registry>) -> Traced {
    let (collector, dispatch) = dispatch_with(change);
    Traced { collector, _default: tracing::dispatcher::set_default(&dispatch) }
}

/// Like [`traced`], for threads that the test starts.
pub(crate) fn dispatch(
    change: impl FnOnce(LlmLayer<Registry>) -> LlmLayer<Registry>,
) -> (Collector, tracing::Dispatch) {
    dispatch_with(|layer, _| change(layer))
}

fn dispatch_with(
    change: impl FnOnce(LlmLayer<Registry>, &Collector) -> LlmLayer<Registry>,
) -> (Collector, tracing::Dispatch) {
    let collector = Collector::start();
    let provider = SdkTracerProvider::builder()
        .with_id_generator(llm_trace::TraceIdGenerator::default())
        .with_span_processor(SimpleSpanProcessor::new(collector.exporter()))
        .build();
    let layer = llm_trace::layer().with_policy(Policy::new().capture(Capture::Span));
    let layer = change(layer, &collector).with_tracer_provider(&provider);
    (collector, tracing_subscriber::registry().with(layer).into())
}

#[llm_call(provider = "openai", model = "m", input = question)]
pub(crate) fn ask(question: &str) -> String {
    assert!(!question.is_empty());
    ANSWER.to_owned()
}

#[llm_call(provider = "openai", model = "m", input = question)]
pub(crate) async fn ask_later(question: &str) -> String {
    tokio::task::yield_now().await;
    assert!(!question.is_empty());
    ANSWER.to_owned()
}

/// Reads its arguments when called, before the first poll.
#[llm_call(provider = "openai", model = "m", input = question)]
pub(crate) fn ask_eagerly(question: &'static str) -> impl Future<Output = String> + Send {
    assert!(!question.is_empty());
    async { ANSWER.to_owned() }
}

/// An attribute's text.
pub(crate) fn text(span: &ReceivedSpan, key: &str) -> Option<String> {
    match attribute(&span.span.attributes, key) {
        Some(serde_json::Value::String(text)) => Some(text),
        Some(other) => Some(other.to_string()),
        None => None,
    }
}

pub(crate) fn holds(span: &ReceivedSpan, key: &str, word: &str) -> bool {
    text(span, key).is_some_and(|text| text.contains(word))
}
