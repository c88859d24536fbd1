//! Sends encoded telemetry over any transport.

use std::time::Duration;

use bytes::Bytes;

use super::error::InitError;
use super::export_operation::{Encoded, ExportOperation};
use super::exporter::{Otlp, Protocol};
use super::quiet::Quiet;
use super::refusal::Refusal;

/// A connection to one destination.
#[derive(Debug)]
pub(crate) enum Transport {
    #[cfg(feature = "otlp-http")]
    Http(Box<super::http::HttpTransport>),
    #[cfg(feature = "otlp-grpc")]
    Grpc(super::grpc::GrpcTransport),
}

impl Transport {
    /// Prepares the transport; it connects with the first batch.
    pub(crate) fn new(otlp: &Otlp) -> Result<Self, InitError> {
        match otlp.protocol {
            #[cfg(feature = "otlp-http")]
            Protocol::HttpProtobuf | Protocol::HttpJson => {
                super::http::HttpTransport::new(otlp).map(|http| Self::Http(Box::new(http)))
            }
            #[cfg(not(feature = "otlp-http"))]
            Protocol::HttpProtobuf | Protocol::HttpJson => Err(otlp.not_compiled_in()),
            #[cfg(feature = "otlp-grpc")]
            Protocol::Grpc => super::grpc::GrpcTransport::new(otlp).map(Self::Grpc),
            #[cfg(not(feature = "otlp-grpc"))]
            Protocol::Grpc => Err(otlp.not_compiled_in()),
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
            #[cfg(feature = "otlp-http")]
            Self::Http(http) => http.send(operation, request.body, limit),
            #[cfg(feature = "otlp-grpc")]
            Self::Grpc(grpc) => grpc.send(operation, request, limit),
        }
    }
}
