//! Names of transport failures.

use std::io::{Error, ErrorKind};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The name for an I/O error, or for a library's error inside one.
pub(super) fn word(error: &Error) -> Option<&'static str> {
    Some(match error.kind() {
        ErrorKind::TimedOut => "timeout",
        ErrorKind::ConnectionRefused => "connection_refused",
        ErrorKind::ConnectionReset => "connection_reset",
        ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe => "connection_aborted",
        ErrorKind::AddrNotAvailable | ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => "unreachable",
        _ => return by_text(error),
    })
}

/// Whether the request cannot have been sent.
pub(super) fn is_not_sent(word: &str) -> bool {
    matches!(word, "connection_refused" | "unreachable" | "dns" | "tls")
}

/// Resolvers and TLS libraries have no error kinds of their own, so the text is matched. Formatting it may run user
/// code.
fn by_text(error: &Error) -> Option<&'static str> {
    error.get_ref()?;
    let text = catch_unwind(AssertUnwindSafe(|| error.to_string())).ok()?.to_ascii_lowercase();
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
            (Error::other("something else"), None),
            (Error::from(ErrorKind::NotFound), None),
        ] {
            assert_eq!(word(&error), expected, "{error}");
        }
    }
}
