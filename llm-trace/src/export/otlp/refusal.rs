//! The reasons why a destination does not accept a batch, for all transports.

use std::fmt;
use std::time::Duration;

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
