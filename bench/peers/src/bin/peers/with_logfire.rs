//! Spans of `logfire`, with the facts of a call as attributes.

use llm_trace_peers::Error;
use llm_trace_peers::exported::v032;
use serde_json::Value;
use tracing::field::Empty;
use tracing::level_filters::LevelFilter;
use tracing::{Dispatch, Span};
use tracing_subscriber::prelude::*;

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

/// A span with the facts of a request.
pub fn start(body: &Value, url: &str) -> Span {
    let server = reqwest::Url::parse(url).ok();
    let server = server.as_ref();
    logfire::span!(
        "chat",
        gen_ai.operation.name = "chat",
        gen_ai.provider.name = "openai",
        gen_ai.request.model = body["model"].as_str(),
        gen_ai.request.temperature = body["temperature"].as_f64(),
        gen_ai.request.top_p = body["top_p"].as_f64(),
        gen_ai.request.max_tokens = body["max_tokens"].as_i64(),
        gen_ai.request.seed = body["seed"].as_i64(),
        gen_ai.request.stream = body["stream"].as_bool(),
        server.address = server.and_then(|url| url.host_str()),
        server.port = server.and_then(|url| url.port()),
        gen_ai.response.id = Empty,
        gen_ai.response.model = Empty,
        gen_ai.response.finish_reasons = Empty,
        gen_ai.usage.input_tokens = Empty,
        gen_ai.usage.output_tokens = Empty,
        gen_ai.usage.cache_read.input_tokens = Empty,
        gen_ai.usage.reasoning.output_tokens = Empty
    )
}
