//! Calls without annotations, through `reqwest-middleware` and a `tower` client, tested on exported OTLP.

mod redirects;
mod reqwest_client;
mod server;
mod tower_client;
mod wire;

use std::future::Future;

use llm_trace::{Capture, Policy, Propagation};
use llm_trace_tests::collector::{Collector, ReceivedSpan};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::prelude::*;

/// Runs `f` with this policy and returns the collector of its exports.
pub fn exported<F: Future>(policy: Policy, f: F) -> (Collector, F::Output) {
    let collector = Collector::start();
    let provider = collector.provider();
    let layer = llm_trace::layer()
        .with_policy(policy)
        .with_propagation(Propagation::new().to_host("127.0.0.1"))
        .with_tracer_provider(&provider);
    let open = layer.open_calls();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let _default = tracing::subscriber::set_default(tracing_subscriber::registry().with(layer).with(LevelFilter::INFO));
    let output = runtime.block_on(f);
    assert_eq!(open.len(), 0, "a call has not ended");
    (collector, output)
}

pub fn plain() -> Policy {
    Policy::new().capture(Capture::Span)
}

/// The only exported call, after checks of the attributes that every call has.
pub fn one(collector: &Collector) -> ReceivedSpan {
    let mut spans = collector.spans();
    assert_eq!(spans.len(), 1, "{spans:#?}");
    let span = spans.remove(0);
    assert_eq!(span.span.kind, 3, "CLIENT");
    assert_eq!(text(&span, "server.address"), "127.0.0.1");
    assert!(span.attribute("server.port").is_some_and(|port| port.is_i64()));
    span
}

pub fn text(span: &ReceivedSpan, key: &str) -> String {
    let value = span.attribute(key).unwrap_or_default();
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
