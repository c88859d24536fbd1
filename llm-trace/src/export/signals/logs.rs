//! The provider of events.

use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::logs::{LogBatch, LogExporter, SdkLoggerProvider, SimpleLogProcessor};

#[cfg(any(feature = "otlp-http", feature = "otlp-grpc"))]
use super::otlp::Sender;
use crate::diag::outside;
use crate::export::closing::Closing;
use crate::export::config::Config;
use crate::export::error::InitError;
use crate::export::resource;
use crate::export::target::Exporter;
use crate::otel::events::to_json;
use crate::{PolicyHandle, RedactLogProcessor};

/// The provider, if the environment asks for one.
pub(super) fn provider(
    config: &Config,
    policy: &PolicyHandle,
    closing: &Closing,
) -> Result<Option<SdkLoggerProvider>, InitError> {
    let builder = SdkLoggerProvider::builder().with_resource(resource::resource(&config.resource));
    let builder = match &config.logs {
        Exporter::Disabled | Exporter::None => return Ok(None),
        Exporter::Console { .. } => {
            let exporting = SimpleLogProcessor::new(Console);
            builder.with_log_processor(RedactLogProcessor::new(exporting, policy))
        }
        #[cfg(any(feature = "otlp-http", feature = "otlp-grpc"))]
        Exporter::Otlp(otlp) => {
            let sender = Sender::new(crate::export::target::Signal::Logs, otlp, closing)?;
            let exporter = OtlpLogs { sender, resource: ResourceAttributesWithSchema::default() };
            let exporter = crate::redact::RedactLogExporter::new(exporter, policy.clone());
            let exporting = opentelemetry_sdk::logs::BatchLogProcessor::builder(exporter).build();
            builder.with_log_processor(RedactLogProcessor::new(exporting, policy).with_recheck())
        }
        #[cfg(not(any(feature = "otlp-http", feature = "otlp-grpc")))]
        Exporter::Otlp(otlp) => {
            let _ = (policy, closing);
            return Err(otlp.not_compiled_in());
        }
    };
    Ok(Some(builder.build()))
}

#[cfg(any(feature = "otlp-http", feature = "otlp-grpc"))]
use opentelemetry_proto::transform::common::tonic::ResourceAttributesWithSchema;

/// To an OTLP destination.
#[cfg(any(feature = "otlp-http", feature = "otlp-grpc"))]
#[derive(Debug)]
struct OtlpLogs {
    sender: Sender,
    resource: ResourceAttributesWithSchema,
}

#[cfg(any(feature = "otlp-http", feature = "otlp-grpc"))]
impl LogExporter for OtlpLogs {
    async fn export(&self, batch: LogBatch<'_>) -> OTelSdkResult {
        use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
        use opentelemetry_proto::transform::logs::tonic::group_logs_by_resource_and_scope;
        let resource_logs = group_logs_by_resource_and_scope(&batch, &self.resource);
        self.sender.send(&ExportLogsServiceRequest { resource_logs })
    }

    fn set_resource(&mut self, resource: &opentelemetry_sdk::Resource) {
        self.resource = resource.into();
    }
}

/// For people, on stderr: a line per event.
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
        crate::output::stderr().push(text);
        Ok(())
    }
}
