//! Sends encoded telemetry over any transport.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;

use super::error::InitError;
use super::quiet::Quiet;
use super::target::{Otlp, Protocol, Signal};

/// The reason why a batch was not accepted.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) kind: RefusalKind,
    /// A text for people, without secrets or content.
    pub(crate) text: String,
}

/// The kind of a refusal, which decides about a retry.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum RefusalKind {
    /// No connection was established.
    Unreachable,
    /// The request was sent, but no response arrived: it may have been accepted, so it is not sent again.
    Unanswered,
    /// The server asks for a retry, not before this time if given.
    Later(Option<Duration>),
    /// The request exceeds the server's size limit.
    TooLarge,
    /// Rejected permanently.
    Rejected,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

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
                let reason = "it is no directory".to_owned();
                Err(InitError::Transport { endpoint: otlp.url.to_string(), reason })
            }
        }
    }

    /// Sends one encoded request and returns the response's body; waits at most `limit`.
    pub(crate) fn send(&self, signal: Signal, body: Bytes, limit: Duration) -> Result<Bytes, Refusal> {
        // Suppresses the telemetry of the transport's libraries.
        let _quiet = Quiet::here();
        match self {
            #[cfg(feature = "otlp-http")]
            Self::Http(http) => http.send(signal, body, limit),
            #[cfg(feature = "otlp-grpc")]
            Self::Grpc(grpc) => grpc.send(signal, body, limit),
        }
    }
}

/// Whether the connection failed because of TLS, by trust or protocol: a retry does not help.
pub(crate) fn is_tls_failure(error: &(dyn std::error::Error + 'static)) -> bool {
    // rustls errors are I/O errors of this kind, at any depth.
    std::iter::successors(Some(error), |error| error.source()).take(16).any(|error| {
        let mut io = error.downcast_ref::<std::io::Error>();
        while let Some(error) = io {
            if error.kind() == std::io::ErrorKind::InvalidData {
                return true;
            }
            io = error.get_ref().and_then(|inner| inner.downcast_ref());
        }
        false
    })
}

/// A request that could not be sent within this time may be retried.
pub(crate) const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// The `User-Agent` of requests.
pub(crate) const USER_AGENT: &str = concat!("llm-trace/", env!("CARGO_PKG_VERSION"));
