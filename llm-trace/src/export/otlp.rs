//! The span exporter: encodes a batch, sends it, and helps itself where the other side will not take it.

use std::time::Duration;

use bytes::Bytes;
use opentelemetry_proto::tonic::collector::trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse};
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, KeyValue, any_value::Value as Any};
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::transform::common::tonic::ResourceAttributesWithSchema;
use opentelemetry_proto::transform::trace::tonic::group_spans_by_resource_and_scope;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::{SpanData, SpanExporter};
use prost::Message;

use super::batch::span_size;
use super::closing::Closing;
use super::error::InitError;
use super::retry::Tries;
use super::stats::{Count, Ledger};
use super::target::{Otlp, Protocol, Signal};
use super::transport::{Refusal, RefusalKind, Transport};
use crate::diag;
use crate::redact::Report;
use crate::redact::shrink::{is_content, shrink};

/// Sends spans to one destination. It blocks the thread that exports, and needs no runtime.
#[derive(Debug)]
pub(crate) struct OtlpExporter {
    transport: Transport,
    json: bool,
    timeout: Duration,
    max_bytes: usize,
    closing: Closing,
    ledger: Ledger,
    resource: ResourceAttributesWithSchema,
}

impl OtlpExporter {
    /// `max_bytes` is the most that one request may take, encoded.
    pub(crate) fn new(otlp: &Otlp, max_bytes: usize, closing: Closing, ledger: Ledger) -> Result<Self, InitError> {
        Ok(Self {
            transport: Transport::new(otlp)?,
            json: otlp.protocol == Protocol::HttpJson,
            timeout: otlp.timeout,
            max_bytes,
            closing,
            ledger,
            resource: ResourceAttributesWithSchema::default(),
        })
    }

    /// Cuts what could not be sent even alone.
    fn fit(&self, batch: &mut [SpanData]) {
        for span in batch {
            let size = span_size(span);
            if size > self.max_bytes {
                // Half, since JSON and framing add to it.
                shrink(span, self.max_bytes / 2);
                self.note_cut(&span.name, size, span_size(span));
            }
        }
    }

    fn note_cut(&self, name: &str, before: usize, after: usize) {
        self.ledger.add(Count::ContentCut, 1);
        let text = format!("span `{}` of {before} bytes is too large to send: cut to {after}", diag::outside(name));
        diag::warn_rarely("content-cut", &text);
    }

    fn encode(&self, request: &ExportTraceServiceRequest) -> Result<Bytes, String> {
        if self.json {
            return serde_json::to_vec(request).map(Bytes::from).map_err(|e| e.to_string());
        }
        Ok(request.encode_to_vec().into())
    }

    /// Sends a request, in halves where it is too large. Every span in it is counted.
    fn send(&self, mut request: ExportTraceServiceRequest) -> Result<(), String> {
        let count = count(&request);
        if count == 0 {
            return Ok(());
        }
        let body = match self.encode(&request) {
            Ok(body) => body,
            Err(error) => return self.lost(count, Count::Rejected, &error),
        };
        let refusal = if body.len() > self.max_bytes {
            let text = format!("{} bytes are more than may be sent at once ({})", body.len(), self.max_bytes);
            Refusal { kind: RefusalKind::TooLarge, text }
        } else {
            match self.deliver(body) {
                Ok(answer) => return self.taken(count, &answer),
                Err(refusal) => refusal,
            }
        };
        match refusal.kind {
            RefusalKind::TooLarge if count > 1 => {
                let half = split(&mut request, count / 2);
                let first = self.send(half);
                self.send(request).and(first)
            }
            RefusalKind::TooLarge => match drop_content(&mut request) {
                Some((name, before)) => {
                    self.note_cut(&name, before, request.encoded_len());
                    self.send(request)
                }
                None => self.lost(count, Count::TooLarge, &refusal.text),
            },
            RefusalKind::Rejected => self.lost(count, Count::Rejected, &refusal.text),
            RefusalKind::Unreachable | RefusalKind::Unanswered | RefusalKind::Later(_) => {
                self.lost(count, Count::Unreachable, &refusal.text)
            }
        }
    }

    /// Sends the same bytes until they are taken, or there is no sense in trying again.
    fn deliver(&self, body: Bytes) -> Result<Bytes, Refusal> {
        let mut tries = Tries::new(&self.closing, self.timeout);
        loop {
            match self.transport.send(Signal::Traces, body.clone(), tries.left()) {
                Ok(answer) => return Ok(answer),
                Err(refusal) if !tries.again(refusal.kind) => return Err(refusal),
                Err(_) => self.ledger.add(Count::Retries, 1),
            }
        }
    }

    fn lost(&self, count: usize, reason: Count, text: &str) -> Result<(), String> {
        self.ledger.add(reason, count as u64);
        let spans = if count == 1 { "span" } else { "spans" };
        let text = format!("{count} {spans} lost: {text}");
        diag::warn_rarely("export", &text);
        Err(text)
    }

    /// A partial success is not to be sent again, only counted and told.
    fn taken(&self, count: usize, answer: &Bytes) -> Result<(), String> {
        let answer: ExportTraceServiceResponse = if self.json {
            serde_json::from_slice(answer).unwrap_or_default()
        } else {
            ExportTraceServiceResponse::decode(answer.as_ref()).unwrap_or_default()
        };
        let partial = answer.partial_success.unwrap_or_default();
        let rejected = usize::try_from(partial.rejected_spans).unwrap_or_default().min(count);
        self.ledger.add(Count::Exported, (count - rejected) as u64);
        if rejected == 0 {
            return Ok(());
        }
        self.lost(rejected, Count::Rejected, &format!("the collector says {}", diag::outside(&partial.error_message)))
    }
}

fn count(request: &ExportTraceServiceRequest) -> usize {
    spans(request).count()
}

fn spans(request: &ExportTraceServiceRequest) -> impl Iterator<Item = &Span> {
    request.resource_spans.iter().flat_map(|r| &r.scope_spans).flat_map(|s| &s.spans)
}

/// Takes `wanted` spans out of a request, with their resource and scope, into one of their own.
fn split(request: &mut ExportTraceServiceRequest, wanted: usize) -> ExportTraceServiceRequest {
    let mut left = wanted;
    let mut taken = ExportTraceServiceRequest::default();
    for resource in &mut request.resource_spans {
        let mut scopes = Vec::new();
        for scope in &mut resource.scope_spans {
            let spans: Vec<Span> = scope.spans.drain(..left.min(scope.spans.len())).collect();
            left -= spans.len();
            if !spans.is_empty() {
                let mut own = scope.clone();
                own.spans = spans;
                scopes.push(own);
            }
        }
        resource.scope_spans.retain(|scope| !scope.spans.is_empty());
        if !scopes.is_empty() {
            let mut own = resource.clone();
            own.scope_spans = scopes;
            taken.resource_spans.push(own);
        }
    }
    request.resource_spans.retain(|resource| !resource.scope_spans.is_empty());
    taken
}

/// Leaves out the content of a request's only span and says so in it. Its name and former size, if it had any.
fn drop_content(request: &mut ExportTraceServiceRequest) -> Option<(String, usize)> {
    let before = request.encoded_len();
    let scopes = request.resource_spans.iter_mut().flat_map(|r| &mut r.scope_spans);
    let span = scopes.flat_map(|s| &mut s.spans).next()?;
    let attributes = span.attributes.len();
    let had: usize = span.events.iter().map(|event| event.attributes.len()).sum();
    span.attributes.retain(|kv| !is_content(&kv.key));
    for event in &mut span.events {
        event.attributes.retain(|kv| !is_content(&kv.key));
    }
    let has: usize = span.events.iter().map(|event| event.attributes.len()).sum();
    let dropped = attributes - span.attributes.len() + had - has;
    if dropped == 0 {
        return None;
    }
    let note = AnyValue { value: Some(Any::StringValue(format!("cut:content={dropped}"))) };
    match span.attributes.iter_mut().find(|kv| kv.key == Report::KEY) {
        Some(KeyValue { value: Some(AnyValue { value: Some(Any::ArrayValue(notes)) }), .. }) => notes.values.push(note),
        _ => span.attributes.push(KeyValue {
            key: Report::KEY.to_owned(),
            value: Some(AnyValue { value: Some(Any::ArrayValue(ArrayValue { values: vec![note] })) }),
            ..KeyValue::default()
        }),
    }
    Some((span.name.clone(), before))
}

impl SpanExporter for OtlpExporter {
    async fn export(&self, mut batch: Vec<SpanData>) -> OTelSdkResult {
        self.fit(&mut batch);
        let resource_spans = group_spans_by_resource_and_scope(batch, &self.resource);
        self.send(ExportTraceServiceRequest { resource_spans }).map_err(OTelSdkError::InternalFailure)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.resource = resource.into();
    }
}
