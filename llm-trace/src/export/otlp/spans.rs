//! The export of spans.

use std::sync::Arc;
use std::time::Duration;

use opentelemetry::trace::Status;
use opentelemetry::{Array, Context, KeyValue, Value};
use opentelemetry_proto::tonic::collector::trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse};
use opentelemetry_proto::tonic::trace::v1::Span as OtlpSpan;
use opentelemetry_proto::transform::common::tonic::ResourceAttributesWithSchema;
use opentelemetry_proto::transform::trace::tonic::group_spans_by_resource_and_scope;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::{Span, SpanData, SpanExporter, SpanProcessor};

use super::batch::record::{FRAME, PAIR, total};
use super::batch::{BatchExporter, BatchProcessor, Record};
use super::request::{OtlpRequest, Visit, nested, note, visit_all, without_content};
use super::uploader::Uploader;
use super::{Resend, no_thread};
use crate::PolicyHandle;
use crate::export::error::InitError;
use crate::export::exporter::{Otlp, Signal};
use crate::export::exports::Exports;
use crate::export::limits::Limits;
use crate::guard::otel::{RedactExporter, shrink};

impl Exports {
    /// A batch processor for spans. The [`RedactProcessor`](crate::RedactProcessor) in front of it must keep its
    /// notes.
    pub(crate) fn span_batches(
        &mut self,
        otlp: &Otlp,
        limits: Limits,
        policy: &PolicyHandle,
    ) -> Result<BatchProcessor<SpanData>, InitError> {
        let (uploader, counters) = self.uploader::<ExportTraceServiceRequest>(otlp, limits)?;
        let resend = Resend::<ExportTraceServiceRequest>::new(Arc::clone(&uploader));
        let exporter = RedactExporter::new(OtlpSpanExporter::new(uploader), policy.clone());
        BatchProcessor::start(SpanBatches(exporter), resend, limits, self.deadline().clone(), counters)
            .map_err(|error| no_thread(otlp, &error))
    }
}

/// Exports spans to one destination.
#[derive(Debug)]
struct OtlpSpanExporter {
    uploader: Arc<Uploader>,
    resource: ResourceAttributesWithSchema,
}

impl OtlpSpanExporter {
    fn new(uploader: Arc<Uploader>) -> Self {
        Self { uploader, resource: ResourceAttributesWithSchema::default() }
    }
}

impl SpanExporter for OtlpSpanExporter {
    async fn export(&self, mut batch: Vec<SpanData>) -> OTelSdkResult {
        let most = self.uploader.max_bytes();
        // Cuts spans that exceed the request limit on their own.
        for span in &mut batch {
            let size = span_size(span);
            if size > most {
                // Half of the limit, because JSON and framing add to the size.
                shrink::shrink(span, most / 2);
                self.uploader.note_cut::<ExportTraceServiceRequest>(&span.name, size, span_size(span));
            }
        }
        let resource_spans = group_spans_by_resource_and_scope(batch, &self.resource);
        self.uploader.send(ExportTraceServiceRequest { resource_spans }).map_err(OTelSdkError::InternalFailure)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.resource = resource.into();
    }
}

impl SpanProcessor for BatchProcessor<SpanData> {
    fn on_start(&self, _span: &mut Span, _cx: &Context) {}

    fn on_end(&self, span: SpanData) {
        if span.span_context.is_sampled() {
            self.push(span);
        }
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

/// The span exporter of a batch processor.
pub(super) struct SpanBatches<E>(pub(super) E);

impl<E: SpanExporter + 'static> BatchExporter<SpanData> for SpanBatches<E> {
    fn export(&self, batch: Vec<SpanData>) {
        // The exporter counts the result.
        let _ = futures_executor::block_on(self.0.export(batch));
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.0.set_resource(resource);
    }
}

const EVENT: usize = 32;
const LINK: usize = 64;

impl Record for SpanData {
    const RECORDS: &'static str = "spans";

    fn size(&self) -> usize {
        span_size(self)
    }

    fn drop_content(&mut self) -> bool {
        shrink::drop_content(self)
    }
}

/// An upper bound in bytes, computed without allocating.
fn span_size(span: &SpanData) -> usize {
    let status = match &span.status {
        Status::Error { description } => total([description.len(), 8]),
        _ => 0,
    };
    let events = span.events.iter().map(|event| total([EVENT, event.name.len(), attributes(&event.attributes)]));
    let links = span.links.iter().map(|link| total([LINK, attributes(&link.attributes)]));
    let state = span.span_context.trace_state().header().len();
    let own = [FRAME, span.name.len(), state, status, attributes(&span.attributes)];
    total(own.into_iter().chain(events).chain(links))
}

fn attributes(attributes: &[KeyValue]) -> usize {
    total(attributes.iter().map(|kv| total([PAIR, kv.key.as_str().len(), value(&kv.value)])))
}

fn value(value: &Value) -> usize {
    match value {
        Value::String(text) => text.as_str().len(),
        Value::Array(Array::String(texts)) => total(texts.iter().map(|text| total([text.as_str().len(), PAIR]))),
        Value::Array(Array::Bool(all)) => all.len().saturating_mul(8),
        Value::Array(Array::I64(all)) => all.len().saturating_mul(16),
        Value::Array(Array::F64(all)) => all.len().saturating_mul(16),
        _ => 10,
    }
}

nested!(ExportTraceServiceRequest, resource_spans, scope_spans, spans: OtlpSpan);

impl OtlpRequest for ExportTraceServiceRequest {
    const SIGNAL: Signal = Signal::Traces;
    const RECORD: [&'static str; 2] = ["span", "spans"];
    type Response = ExportTraceServiceResponse;

    fn count(&self) -> usize {
        items(self).count()
    }

    fn split(&mut self) -> Option<Self> {
        half(self)
    }

    fn visit_values(&mut self, visit: Visit<'_>) {
        visit_outer(self, visit);
        for span in items_mut(self) {
            visit_all(&mut span.attributes, visit);
            span.events.iter_mut().for_each(|event| visit_all(&mut event.attributes, visit));
            span.links.iter_mut().for_each(|link| visit_all(&mut link.attributes, visit));
        }
    }

    fn drop_content(&mut self) -> Option<String> {
        let span = items_mut(self).next()?;
        let events = span.events.iter_mut().map(|event| without_content(&mut event.attributes)).sum::<usize>();
        let dropped = without_content(&mut span.attributes).saturating_add(events);
        note(&mut span.attributes, dropped)?;
        Some(span.name.clone())
    }

    fn partial_success(response: Self::Response) -> (i64, String) {
        let partial = response.partial_success.unwrap_or_default();
        (partial.rejected_spans, partial.error_message)
    }
}
