//! Sends encoded telemetry over any transport.

use std::time::Duration;

use bytes::Bytes;

use super::grpc::GrpcTransport;
use super::http::HttpTransport;
use super::quiet::Quiet;
use super::refusal::Refusal;
use super::request::Encoded;
use crate::export::error::InitError;
use crate::export::export_operation::ExportOperation;
use crate::export::exporter::{Otlp, Protocol};

/// A connection to one destination.
#[derive(Debug)]
pub(crate) enum Transport {
    Http(Box<HttpTransport>),
    Grpc(GrpcTransport),
}

impl Transport {
    /// Prepares the transport; it connects with the first batch.
    pub(crate) fn new(otlp: &Otlp) -> Result<Self, InitError> {
        match otlp.protocol {
            Protocol::HttpProtobuf | Protocol::HttpJson => {
                HttpTransport::new(otlp).map(|http| Self::Http(Box::new(http)))
            }
            Protocol::Grpc => GrpcTransport::new(otlp).map(Self::Grpc),
            // Files do not use a transport.
            Protocol::File => {
                let reason = "it is not a directory".to_owned();
                Err(InitError::Transport { endpoint: otlp.url.to_string(), reason })
            }
        }
    }

    /// Sends one encoded request and returns the response's body; waits at most `limit`.
    pub(crate) fn send(
        &self,
        operation: &mut ExportOperation,
        request: Encoded,
        limit: Duration,
    ) -> Result<Bytes, Refusal> {
        operation.attempt();
        // Suppresses the telemetry of the transport's libraries.
        let _quiet = Quiet::here();
        match self {
            Self::Http(http) => http.send(operation, request.body, limit),
            Self::Grpc(grpc) => grpc.send(operation, request, limit),
        }
    }
}
