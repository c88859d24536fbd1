//! Names of transport failures.

use std::io::{Error, ErrorKind};
use std::panic::{AssertUnwindSafe, catch_unwind};

const UNEXPECTED_EOF: &str = "unexpected_eof";

/// The name for an I/O error, or for a library's error inside one.
pub(super) fn word(error: &Error) -> Option<&'static str> {
    Some(match error.kind() {
        ErrorKind::TimedOut => "timeout",
        ErrorKind::ConnectionRefused => "connection_refused",
        ErrorKind::ConnectionReset => "connection_reset",
        ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe => "connection_aborted",
        ErrorKind::UnexpectedEof => return eof(error),
        ErrorKind::AddrNotAvailable | ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => "unreachable",
        _ => return by_text(error),
    })
}

/// The name for a connection that ends in the middle of a response, unlike one in a handshake or a text that is cut.
fn eof(error: &Error) -> Option<&'static str> {
    if error.get_ref().is_some_and(|inner| inner.is::<serde_json::Error>()) {
        return None;
    }
    let in_handshake = text(error).is_some_and(|text| text.contains("handshake"));
    Some(if in_handshake { "tls" } else { UNEXPECTED_EOF })
}

/// The name for an error that hyper reports without an I/O error: the connection ended before the response.
pub(super) fn word_of_text(text: &str) -> Option<&'static str> {
    (text == "connection closed before message completed").then_some(UNEXPECTED_EOF)
}

/// Whether the request cannot have been sent.
pub(super) fn is_not_sent(word: &str) -> bool {
    matches!(word, "connection_refused" | "unreachable" | "dns" | "tls")
}

/// The text of a library's error, in lowercase. Formatting it may run user code.
fn text(error: &Error) -> Option<String> {
    error.get_ref()?;
    Some(catch_unwind(AssertUnwindSafe(|| error.to_string())).ok()?.to_ascii_lowercase())
}

/// Resolvers and TLS libraries have no error kinds of their own, so the text is matched.
fn by_text(error: &Error) -> Option<&'static str> {
    let text = text(error)?;
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    if has(&["failed to lookup address", "no such host", "name or service not known", "nodename nor servname"]) {
        return Some("dns");
    }
    has(&["certificate", "fatal alert", "handshake", "corrupt message of type", "tls", "ssl"]).then_some("tls")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_to_fail_has_a_word() {
        for (error, expected) in [
            (Error::from(ErrorKind::ConnectionRefused), Some("connection_refused")),
            (Error::from(ErrorKind::ConnectionReset), Some("connection_reset")),
            (Error::from(ErrorKind::TimedOut), Some("timeout")),
            (Error::other("failed to lookup address information: Name or service not known"), Some("dns")),
            (Error::new(ErrorKind::InvalidData, "invalid peer certificate: UnknownIssuer"), Some("tls")),
            (Error::new(ErrorKind::InvalidData, "received corrupt message of type InvalidContentType"), Some("tls")),
            (Error::from(ErrorKind::UnexpectedEof), Some("unexpected_eof")),
            (
                Error::new(ErrorKind::UnexpectedEof, "peer closed connection without sending TLS close_notify"),
                Some("unexpected_eof"),
            ),
            (Error::new(ErrorKind::UnexpectedEof, "tls handshake eof"), Some("tls")),
            (Error::other("something else"), None),
            (Error::from(ErrorKind::NotFound), None),
        ] {
            assert_eq!(word(&error), expected, "{error}");
        }
    }
}
