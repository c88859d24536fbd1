//! One way to send encoded telemetry, whatever carries it.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;

use super::error::InitError;
use super::quiet::Quiet;
use super::target::{Otlp, Protocol, Signal};

/// Why a batch was not taken.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) kind: RefusalKind,
    /// For people: no secrets, no content.
    pub(crate) text: String,
}

/// What can be done about it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum RefusalKind {
    /// Nobody answered.
    Unreachable,
    /// It was sent, but no answer came: it may have been taken, so it is not sent again.
    Unanswered,
    /// The other side asks for another try, perhaps not before this time.
    Later(Option<Duration>),
    /// Too big for the other side.
    TooLarge,
    /// For good.
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
    /// Prepares to send; connects with the first batch.
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
            // Files are written without a transport.
            Protocol::File => {
                let reason = "it is no directory".to_owned();
                Err(InitError::Transport { endpoint: otlp.url.to_string(), reason })
            }
        }
    }

    /// Sends one encoded request and waits for the answer's body, no longer than `limit`.
    pub(crate) fn send(&self, signal: Signal, body: Bytes, limit: Duration) -> Result<Bytes, Refusal> {
        // What the transport's own libraries trace must not come back here.
        let _quiet = Quiet::here();
        match self {
            #[cfg(feature = "otlp-http")]
            Self::Http(http) => http.send(signal, body, limit),
            #[cfg(feature = "otlp-grpc")]
            Self::Grpc(grpc) => grpc.send(signal, body, limit),
        }
    }
}

/// Whether the connection failed since one side does not trust the other, or speaks no TLS: that does not heal.
pub(crate) fn is_tls_failure(error: &(dyn std::error::Error + 'static)) -> bool {
    // What rustls refuses comes as an I/O error of this kind, at whatever depth.
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

/// A request that could not even be sent by then may be tried again.
pub(crate) const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// The name we go by.
pub(crate) const USER_AGENT: &str = concat!("llm-trace/", env!("CARGO_PKG_VERSION"));
