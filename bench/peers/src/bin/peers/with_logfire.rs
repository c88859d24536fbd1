//! Spans of `logfire`, with the facts of a call as attributes.

use llm_trace_peers::Error;
use llm_trace_peers::exported::v032;
use serde_json::Value;
use tracing::level_filters::LevelFilter;
use tracing::{Dispatch, Span};
use tracing_subscriber::prelude::*;

use crate::by_hand::span_with_facts;
use crate::measure::Tracing;

/// Logfire with a counting exporter in place of its own.
pub fn tracing() -> Result<Tracing, Error> {
    let (processor, exported) = v032::processor();
    let logfire = logfire::configure()
        .local()
        .send_to_logfire(false)
        .with_console(None)
        .with_metrics(None)
        .with_install_panic_handler(false)
        .with_default_level_filter(LevelFilter::INFO)
        .with_additional_span_processor(processor)
        .finish()?;
    let subscriber = Dispatch::new(tracing_subscriber::registry().with(logfire.tracing_layer()));
    Ok(Tracing { subscriber, exported, flush: Box::new(move || Ok(logfire.force_flush()?)) })
}

/// A span of `logfire`.
pub fn start(body: &Value, url: &str) -> Span {
    span_with_facts!(logfire::span, body, url, "chat")
}
