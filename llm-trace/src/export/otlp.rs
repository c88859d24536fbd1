//! The span exporter: encodes a batch, sends it, tries again where that can help.

use std::borrow::Cow;

use bytes::Bytes;
use opentelemetry_proto::tonic::collector::trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse};
use opentelemetry_proto::transform::common::tonic::ResourceAttributesWithSchema;
use opentelemetry_proto::transform::trace::tonic::group_spans_by_resource_and_scope;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::{SpanData, SpanExporter};
use prost::Message;

use super::closing::Closing;
use super::config::{Otlp, Protocol, Signal};
use super::error::InitError;
use super::retry::Tries;
use super::transport::Transport;
use crate::diag;

/// Sends spans to one destination. It blocks the thread that exports, and needs no runtime.
#[derive(Debug)]
pub(crate) struct OtlpExporter {
    transport: Transport,
    json: bool,
    timeout: std::time::Duration,
    closing: Closing,
    resource: ResourceAttributesWithSchema,
}

impl OtlpExporter {
    pub(crate) fn new(otlp: &Otlp, closing: Closing) -> Result<Self, InitError> {
        Ok(Self {
            transport: Transport::new(otlp)?,
            json: otlp.protocol == Protocol::HttpJson,
            timeout: otlp.timeout,
            closing,
            resource: ResourceAttributesWithSchema::default(),
        })
    }

    fn encode(&self, batch: Vec<SpanData>) -> Result<Bytes, String> {
        let resource_spans = group_spans_by_resource_and_scope(batch, &self.resource);
        let request = ExportTraceServiceRequest { resource_spans };
        if self.json {
            return serde_json::to_vec(&request).map(Bytes::from).map_err(|e| e.to_string());
        }
        Ok(request.encode_to_vec().into())
    }

    fn send(&self, batch: Vec<SpanData>) -> Result<(), String> {
        let count = batch.len();
        let body = self.encode(batch)?;
        let mut tries = Tries::new(&self.closing, self.timeout);
        loop {
            let refusal = match self.transport.send(Signal::Traces, body.clone(), tries.left()) {
                Ok(answer) => {
                    self.note_rejected(&answer);
                    return Ok(());
                }
                Err(refusal) => refusal,
            };
            if !tries.again(refusal.kind) {
                let spans = if count == 1 { "span" } else { "spans" };
                return Err(format!("{count} {spans} lost: {refusal}"));
            }
        }
    }

    /// A partial success is not to be sent again, only told.
    fn note_rejected(&self, answer: &Bytes) {
        let answer: ExportTraceServiceResponse = if self.json {
            serde_json::from_slice(answer).unwrap_or_default()
        } else {
            ExportTraceServiceResponse::decode(answer.as_ref()).unwrap_or_default()
        };
        if let Some(partial) = answer.partial_success
            && partial.rejected_spans > 0
        {
            let text = format!(
                "the collector rejected {} spans: {}",
                partial.rejected_spans,
                first_line(&partial.error_message)
            );
            diag::warn_rarely("partial", &text);
        }
    }
}

fn first_line(text: &str) -> Cow<'_, str> {
    let line = text.lines().next().unwrap_or_default();
    match line.char_indices().nth(200) {
        Some((end, _)) => Cow::Owned(format!("{}…", &line[..end])),
        None => Cow::Borrowed(line),
    }
}

impl SpanExporter for OtlpExporter {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let count = batch.len();
        self.send(batch).map_err(|text| {
            self.closing.add_lost(count);
            diag::warn_rarely("export", &text);
            OTelSdkError::InternalFailure(text)
        })
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.resource = resource.into();
    }
}
