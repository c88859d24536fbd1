//! Encoded metrics and events to an OTLP destination.

use bytes::Bytes;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use prost::Message;

use crate::diag;
use crate::export::closing::Closing;
use crate::export::error::InitError;
use crate::export::retry::Tries;
use crate::export::target::{Otlp, Protocol, Signal};
use crate::export::transport::Transport;

/// Sends one signal to one destination. It blocks the thread that exports, and needs no runtime.
#[derive(Debug)]
pub(super) struct Sender {
    signal: Signal,
    transport: Transport,
    json: bool,
    timeout: std::time::Duration,
    closing: Closing,
}

impl Sender {
    pub(super) fn new(signal: Signal, otlp: &Otlp, closing: &Closing) -> Result<Self, InitError> {
        Ok(Self {
            signal,
            transport: Transport::new(otlp)?,
            json: otlp.protocol == Protocol::HttpJson,
            timeout: otlp.timeout,
            closing: closing.clone(),
        })
    }

    pub(super) fn send<M: Message + serde::Serialize>(&self, request: &M) -> OTelSdkResult {
        let body = if self.json {
            serde_json::to_vec(request).map_err(|error| OTelSdkError::InternalFailure(error.to_string()))?
        } else {
            request.encode_to_vec()
        };
        let body = Bytes::from(body);
        let mut tries = Tries::new(&self.closing, self.timeout);
        loop {
            let refusal = match self.transport.send(self.signal, body.clone(), tries.left()) {
                Ok(_) => return Ok(()),
                Err(refusal) => refusal,
            };
            if !tries.again(refusal.kind) {
                let text = format!("{} lost: {refusal}", self.signal);
                let code = if self.signal == Signal::Logs { "export-logs" } else { "export-metrics" };
                diag::warn_rarely(code, &text);
                return Err(OTelSdkError::InternalFailure(text));
            }
        }
    }
}
