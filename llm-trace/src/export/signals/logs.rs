//! The provider of events.

use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::logs::{LogBatch, LogExporter, SdkLoggerProvider, SimpleLogProcessor};

use crate::diag::outside;
use crate::export::config::Config;
use crate::export::error::InitError;
use crate::export::exporter::Exporter;
use crate::export::exports::Exports;
use crate::export::resource;
use crate::sink::otel::events::to_json;
use crate::{LlmLayer, PolicyHandle, RedactLogProcessor};

pub(super) use opentelemetry_sdk::logs::SdkLoggerProvider as Provider;

/// The provider, if the environment enables it.
pub(super) fn provider(
    config: &Config,
    policy: &PolicyHandle,
    exports: &mut Exports,
) -> Result<Option<SdkLoggerProvider>, InitError> {
    let builder = SdkLoggerProvider::builder().with_resource(resource::resource(&config.resource));
    let builder = match &config.logs {
        Exporter::Disabled | Exporter::None => return Ok(None),
        Exporter::Console { .. } => {
            let exporting = SimpleLogProcessor::new(Console);
            builder.with_log_processor(RedactLogProcessor::new(exporting, policy))
        }
        Exporter::Otlp(otlp) => exports.with_log_batches(builder, otlp, config.log_batch, policy)?,
    };
    Ok(Some(builder.build()))
}

/// Adds the provider to a layer.
pub(super) fn on<S>(provider: &Provider, layer: LlmLayer<S>) -> LlmLayer<S> {
    layer.with_logger_provider(provider)
}

/// Prints each event as a line on stderr.
#[derive(Debug)]
struct Console;

impl LogExporter for Console {
    async fn export(&self, batch: LogBatch<'_>) -> OTelSdkResult {
        let mut text = String::new();
        for (record, _) in batch.iter() {
            let mut fields: Vec<_> = record
                .attributes_iter()
                .map(|(key, value)| format!("{}={}", outside(key.as_str()), to_json(value)))
                .collect();
            fields.sort();
            text.push_str(&format!("event {} {}\n", outside(record.event_name().unwrap_or("log")), fields.join(" ")));
        }
        crate::diag::output::stderr().push(text);
        Ok(())
    }
}
