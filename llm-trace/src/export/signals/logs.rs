//! The provider of events.

use std::io::Write as _;

use opentelemetry::logs::AnyValue;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::logs::{LogBatch, LogExporter, SdkLoggerProvider};
use serde_json::Value;

#[cfg(any(feature = "otlp-http", feature = "otlp-grpc"))]
use super::otlp::Sender;
use crate::export::closing::Closing;
use crate::export::config::{Config, Exporter};
use crate::export::error::InitError;
use crate::export::resource;

/// The provider, if the environment asks for one.
pub(super) fn provider(config: &Config, closing: &Closing) -> Result<Option<SdkLoggerProvider>, InitError> {
    let builder = SdkLoggerProvider::builder().with_resource(resource::resource(&config.resource));
    let builder = match &config.logs {
        Exporter::Disabled | Exporter::None => return Ok(None),
        Exporter::Console { .. } => builder.with_simple_exporter(Console),
        #[cfg(any(feature = "otlp-http", feature = "otlp-grpc"))]
        Exporter::Otlp(otlp) => {
            let sender = Sender::new(crate::export::config::Signal::Logs, otlp, closing)?;
            builder.with_batch_exporter(OtlpLogs { sender, resource: ResourceAttributesWithSchema::default() })
        }
        #[cfg(not(any(feature = "otlp-http", feature = "otlp-grpc")))]
        Exporter::Otlp(otlp) => {
            let _ = closing;
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
            let mut fields: Vec<_> =
                record.attributes_iter().map(|(key, value)| format!("{key}={}", plain(value))).collect();
            fields.sort();
            text.push_str(&format!("event {} {}\n", record.event_name().unwrap_or("log"), fields.join(" ")));
        }
        // A closed stderr must not end the program.
        let _ = std::io::stderr().write_all(text.as_bytes());
        Ok(())
    }
}

fn plain(value: &AnyValue) -> Value {
    match value {
        AnyValue::Int(number) => (*number).into(),
        AnyValue::Double(number) => (*number).into(),
        AnyValue::String(text) => text.as_str().into(),
        AnyValue::Boolean(flag) => (*flag).into(),
        AnyValue::ListAny(list) => list.iter().map(plain).collect(),
        AnyValue::Map(map) => {
            let mut entries: Vec<_> = map.iter().map(|(key, value)| (key.to_string(), plain(value))).collect();
            entries.sort_by(|a, b| a.0.cmp(&b.0));
            Value::Object(entries.into_iter().collect())
        }
        other => format!("{other:?}").into(),
    }
}
