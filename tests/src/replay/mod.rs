//! Replays recorded exchanges: through annotated functions, against a server that returns the recorded bytes, exported
//! as OTLP to a collector, and read back from it.

mod calls;
mod output;
mod server;

use std::path::Path;

use llm_trace::LlmLayer;
use tracing_subscriber::Registry;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::prelude::*;

use crate::collector::{Collector, ReceivedSpan};
use crate::corpus::Reading;
use crate::corpus::exchange::{Exchange, find};

pub use output::line;
use server::Server;

/// Replays exchanges in sequence.
pub struct Replay {
    server: Server,
    collector: Collector,
    http: reqwest::Client,
    runtime: tokio::runtime::Runtime,
    layer: Box<dyn Fn() -> LlmLayer<Registry>>,
}

impl Replay {
    /// `layer` builds the layer of each exchange, without a provider: the replay sets its own.
    ///
    /// # Errors
    /// If a component cannot be started.
    pub fn new(layer: impl Fn() -> LlmLayer<Registry> + 'static) -> Result<Self, String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        Ok(Self {
            server: Server::start().map_err(|error| format!("no server: {error}"))?,
            collector: Collector::start(),
            http: reqwest::Client::builder().no_proxy().build().map_err(|error| format!("no client: {error}"))?,
            runtime: runtime.map_err(|error| format!("no runtime: {error}"))?,
            layer: Box::new(layer),
        })
    }

    /// Replays one exchange and returns its only span.
    ///
    /// # Errors
    /// If there is not exactly one span.
    pub fn exchange(&self, exchange: &Exchange) -> Result<ReceivedSpan, String> {
        self.collector.clear();
        let provider = self.collector.provider();
        let subscriber =
            tracing_subscriber::registry().with((self.layer)().with_tracer_provider(&provider)).with(LevelFilter::INFO);
        self.server.answer_with(exchange);
        tracing::subscriber::with_default(subscriber, || {
            self.runtime.block_on(calls::call(&self.http, &self.server.url(), exchange));
        });
        let mut spans = self.collector.spans();
        spans.retain(|span| span.attribute("gen_ai.operation.name").is_some());
        match spans.pop() {
            Some(span) if spans.is_empty() => Ok(span),
            Some(_) => Err(format!("{}: {} spans", exchange.dir.display(), spans.len() + 1)),
            None => Err(format!("{}: no span", exchange.dir.display())),
        }
    }
}

impl Replay {
    /// Replays one exchange and returns the reading of its span.
    ///
    /// # Errors
    /// As [`exchange`](Self::exchange).
    pub fn reading(&self, exchange: &Exchange) -> Result<Reading, String> {
        let attributes = self.exchange(exchange)?.attributes();
        let outcome = attributes.get("llm_trace.outcome").and_then(serde_json::Value::as_str).map(str::to_owned);
        let outcome = outcome.filter(|_| exchange.body() != llm_trace::internal::Body::Whole);
        Ok(Reading { attributes, outcome })
    }
}

/// All exchanges below `root`, each with the relative path of its folder.
///
/// # Errors
/// If a file cannot be read.
pub fn exchanges(root: &Path) -> Result<Vec<(String, Exchange)>, String> {
    find(root)?
        .iter()
        .map(|dir| {
            let id = dir.strip_prefix(root).unwrap_or(dir).to_string_lossy().into_owned();
            Ok((id, Exchange::load(dir)?))
        })
        .collect()
}
