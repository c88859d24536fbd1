//! The export of log records.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use opentelemetry::InstrumentationScope;
use opentelemetry::logs::{AnyValue, LogRecord as _};
use opentelemetry_proto::tonic::collector::logs::v1::{ExportLogsServiceRequest, ExportLogsServiceResponse};
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::transform::common::tonic::ResourceAttributesWithSchema;
use opentelemetry_proto::transform::logs::tonic::group_logs_by_resource_and_scope;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::logs::{LogBatch, LogExporter, LogProcessor, LoggerProviderBuilder, SdkLogRecord};

use super::batch::record::{FRAME, PAIR, total};
use super::batch::{BatchExporter, BatchProcessor, Record};
use super::request::{OtlpRequest, Visit, nested, note, visit_all, without_content};
use super::uploader::Uploader;
use super::{Resend, no_thread};
use crate::export::error::InitError;
use crate::export::exporter::{Otlp, Signal};
use crate::export::exports::Exports;
use crate::export::limits::Limits;
use crate::guard::otel::logs::{RedactLogExporter, log_record};
use crate::{PolicyHandle, RedactLogProcessor};

impl Exports {
    /// Adds an exporter of log records to a provider.
    pub(crate) fn with_log_batches(
        &mut self,
        builder: LoggerProviderBuilder,
        otlp: &Otlp,
        limits: Limits,
        policy: &PolicyHandle,
    ) -> Result<LoggerProviderBuilder, InitError> {
        let (uploader, counters) = self.uploader::<ExportLogsServiceRequest>(otlp, limits)?;
        let resend = Resend::<ExportLogsServiceRequest>::new(Arc::clone(&uploader));
        let exporter = RedactLogExporter::new(OtlpLogExporter::new(uploader), policy.clone());
        let batches = BatchProcessor::start(LogBatches(exporter), resend, limits, self.deadline().clone(), counters)
            .map_err(|error| no_thread(otlp, &error))?;
        Ok(builder.with_log_processor(RedactLogProcessor::new(batches, policy).with_recheck()))
    }
}

/// Exports log records to one destination.
#[derive(Debug)]
struct OtlpLogExporter {
    uploader: Arc<Uploader>,
    resource: ResourceAttributesWithSchema,
}

impl OtlpLogExporter {
    fn new(uploader: Arc<Uploader>) -> Self {
        Self { uploader, resource: ResourceAttributesWithSchema::default() }
    }
}

impl LogExporter for OtlpLogExporter {
    async fn export(&self, batch: LogBatch<'_>) -> OTelSdkResult {
        let most = self.uploader.max_bytes();
        let cut: Vec<_> = batch
            .iter()
            .map(|(record, _)| {
                let size = log_size(record);
                (size > most).then(|| {
                    let cut = log_record::shrink(record, most / 2);
                    let name = record.event_name().unwrap_or_default();
                    self.uploader.note_cut::<ExportLogsServiceRequest>(name, size, log_size(&cut));
                    cut
                })
            })
            .collect();
        let records: Vec<_> =
            batch.iter().zip(&cut).map(|((record, scope), cut)| (cut.as_ref().unwrap_or(record), scope)).collect();
        let resource_logs = group_logs_by_resource_and_scope(&LogBatch::new(&records), &self.resource);
        self.uploader.send(ExportLogsServiceRequest { resource_logs }).map_err(OTelSdkError::InternalFailure)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.resource = resource.into();
    }
}

impl LogProcessor for BatchProcessor<LogData> {
    fn emit(&self, record: &mut SdkLogRecord, scope: &InstrumentationScope) {
        let mut record = record.clone();
        // The encoder requires a timestamp.
        if record.observed_timestamp().is_none() {
            record.set_observed_timestamp(SystemTime::now());
        }
        self.push(LogData { record, scope: scope.clone() });
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.shut_down(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.resource(resource);
    }
}

/// The log exporter of a batch processor.
struct LogBatches<E>(E);

impl<E: LogExporter + 'static> BatchExporter<LogData> for LogBatches<E> {
    fn export(&self, batch: Vec<LogData>) {
        let records: Vec<_> = batch.iter().map(|data| (&data.record, &data.scope)).collect();
        // The exporter counts the result.
        let _ = futures_executor::block_on(self.0.export(LogBatch::new(&records)));
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.0.set_resource(resource);
    }
}

/// A log record with its scope.
#[derive(Clone, Debug)]
struct LogData {
    record: SdkLogRecord,
    scope: InstrumentationScope,
}

impl Record for LogData {
    const RECORDS: &'static str = "log records";

    fn size(&self) -> usize {
        log_size(&self.record)
    }

    fn drop_content(&mut self) -> bool {
        match log_record::without_content(&self.record) {
            Some(record) => {
                self.record = record;
                true
            }
            None => false,
        }
    }
}

/// An upper bound in bytes, computed without allocating.
fn log_size(record: &SdkLogRecord) -> usize {
    let texts = [record.event_name(), record.severity_text(), record.target().map(AsRef::as_ref)];
    let texts = texts.into_iter().flatten().map(str::len);
    let attributes = record.attributes_iter().map(|(key, any)| total([PAIR, key.as_str().len(), value(any)]));
    total([FRAME, record.body().map_or(0, value)].into_iter().chain(texts).chain(attributes))
}

fn value(any: &AnyValue) -> usize {
    match any {
        AnyValue::String(text) => text.as_str().len(),
        AnyValue::Bytes(bytes) => bytes.len(),
        AnyValue::ListAny(list) => total(list.iter().map(|any| total([PAIR, value(any)]))),
        AnyValue::Map(map) => total(map.iter().map(|(key, any)| total([2 * PAIR, key.as_str().len(), value(any)]))),
        _ => 10,
    }
}

nested!(ExportLogsServiceRequest, resource_logs, scope_logs, log_records: LogRecord);

impl OtlpRequest for ExportLogsServiceRequest {
    const SIGNAL: Signal = Signal::Logs;
    const RECORD: [&'static str; 2] = ["log record", "log records"];
    type Response = ExportLogsServiceResponse;

    fn count(&self) -> usize {
        items(self).count()
    }

    fn split(&mut self) -> Option<Self> {
        half(self)
    }

    fn visit_values(&mut self, visit: Visit<'_>) {
        visit_outer(self, visit);
        for record in items_mut(self) {
            visit_all(&mut record.attributes, visit);
            record.body.iter_mut().for_each(&mut *visit);
        }
    }

    fn drop_content(&mut self) -> Option<String> {
        let record = items_mut(self).next()?;
        let body = usize::from(record.body.take().is_some());
        let dropped = without_content(&mut record.attributes).saturating_add(body);
        note(&mut record.attributes, dropped)?;
        Some(record.event_name.clone())
    }

    fn partial_success(response: Self::Response) -> (i64, String) {
        let partial = response.partial_success.unwrap_or_default();
        (partial.rejected_log_records, partial.error_message)
    }
}
