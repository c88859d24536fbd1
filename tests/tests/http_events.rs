//! What HTTP crates log of each request is no event of a call's span, unless that is asked for.

use std::io::Write;
use std::sync::{Arc, Mutex};

use llm_trace::{Capture, LlmLayer, Policy, llm_call};
use llm_trace_tests::collector::Collector;
use tracing::{debug, info, trace, warn};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::prelude::*;
use tracing_subscriber::{Registry, fmt};

#[llm_call(provider = "openai", model = "m")]
fn call() {
    trace!(target: "hyper::proto::h1::conn", "event 1");
    debug!(target: "hyper_util::client::legacy::pool", "event 2");
    debug!(target: "h2", "event 3");
    debug!(target: "rustls::client::hs", "event 4");
    trace!(target: "tower::buffer::worker", "event 5");
    debug!(target: "log", { log.target = "reqwest::connect", log.line = 3 }, "event 6");
    debug!(target: "opentelemetry_sdk", "event 7");
    debug!(target: "opentelemetry-otlp", "event 8");
    warn!(target: "hyper::client", "kept 1");
    info!(target: "tower_http::trace", "kept 2");
    debug!(target: "hyperdrive", "kept 3");
    trace!(target: "my_app::h2", "kept 4");
    debug!(target: "log", { log.target = "my_app", log.line = 3 }, "kept 5");
    debug!("kept 6");
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("a log").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// How many events of each kind are on the call's span, once a `fmt` layer has seen all of them.
fn events(change: impl FnOnce(LlmLayer<Registry>) -> LlmLayer<Registry>) -> (usize, usize) {
    let (collector, log) = (Collector::start(), Log::default());
    // Otherwise the texts of events are not exported.
    let policy = Policy::new().capture(Capture::Span);
    let layer = change(llm_trace::layer().with_policy(policy).with_tracer_provider(&collector.provider()));
    let output = log.clone();
    let printing = fmt::layer().with_writer(move || output.clone()).with_ansi(false);
    let subscriber = tracing_subscriber::registry().with(layer).with(printing).with(LevelFilter::TRACE);
    tracing::subscriber::with_default(subscriber, call);
    let text = String::from_utf8(log.0.lock().expect("a log").clone()).expect("text");
    assert_eq!((text.matches("event ").count(), text.matches("kept ").count()), (8, 6), "{text}");
    let span = collector.span("chat m");
    let of = |word: &str| span.span.events.iter().filter(|event| event.name.starts_with(word)).count();
    (of("event "), of("kept "))
}

#[test]
fn they_are_dropped_by_level_and_target_and_other_layers_see_them() {
    assert_eq!(events(|layer| layer), (0, 6));
}

#[test]
fn the_level_can_be_changed() {
    assert_eq!(events(|layer| layer.with_event_level(LevelFilter::DEBUG)), (6, 6));
    assert_eq!(events(|layer| layer.with_event_level(LevelFilter::TRACE)), (8, 6));
    assert_eq!(events(|layer| layer.with_event_level(tracing::Level::WARN)), (0, 5));
}
