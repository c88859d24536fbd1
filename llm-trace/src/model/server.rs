//! The server of a call: address and port, parsed from a URL or a host.

use std::cell::RefCell;

thread_local! {
    /// The last parsed text. Programs call few servers, usually the same one again.
    static LAST: RefCell<Option<(String, Server)>> = const { RefCell::new(None) };
}

/// A server's address, and the path of the URL if there was one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Server {
    pub(crate) address: String,
    pub(crate) port: Option<u16>,
    pub(crate) path: Option<String>,
}

impl Server {
    /// Like [`parse`](Self::parse), but caches the last text. Texts that may hold a secret are not cached.
    pub(crate) fn read(text: &str) -> Option<Server> {
        let known = LAST.try_with(|last| {
            let last = last.try_borrow().ok()?;
            last.as_ref().filter(|(known, _)| known == text).map(|(_, server)| server.clone())
        });
        known.ok().flatten().or_else(|| {
            let server = Self::parse(text)?;
            if find(text, |byte| matches!(byte, b'@' | b'?')).is_none() {
                let new = Some((text.to_owned(), server.clone()));
                let _ = LAST.try_with(|last| last.try_borrow_mut().map(|mut last| *last = new));
            }
            Some(server)
        })
    }

    /// Parses `https://host:port/path`, `host:port` or `host`. User info is removed. A text that may hold a secret in
    /// place of a host is rejected: a single word without scheme and port, or one before an `@` in the path.
    pub(crate) fn parse(text: &str) -> Option<Server> {
        let text = text.trim_ascii();
        let (scheme, rest) = match find(text, |byte| byte == b':') {
            Some(at) if text[at..].starts_with("://") => (Some(&text[..at]), &text[at + 3..]),
            _ => (None, text),
        };
        // HTTP clients treat a backslash as a slash.
        let end = find(rest, |byte| matches!(byte, b'/' | b'?' | b'#' | b'\\')).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let path = &path[..find(path, |byte| matches!(byte, b'?' | b'#')).unwrap_or(path.len())];
        let path = Some(path).filter(|path| path.len() > 1).map(str::to_owned);
        let host_port = &authority[rfind(authority, b'@').map_or(0, |at| at + 1)..];
        let (host, port) = match host_port.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((v6, rest)) => (v6, rest.strip_prefix(':')),
            None => match find(host_port, |byte| byte == b':') {
                Some(at) if rfind(host_port, b':') == Some(at) => (&host_port[..at], Some(&host_port[at + 1..])),
                _ => (host_port, None),
            },
        };
        let is_part = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '%');
        if host.is_empty() || !host.chars().all(is_part) {
            return None;
        }
        let is_word = !host.contains(['.', ':']) && !host.eq_ignore_ascii_case("localhost");
        if is_word && port.is_none() && (scheme.is_none() || rest[end..].contains('@')) {
            return None;
        }
        let port = port.and_then(|port| port.parse().ok()).or(match scheme {
            Some(s) if s.eq_ignore_ascii_case("https") => Some(443),
            Some(s) if s.eq_ignore_ascii_case("http") => Some(80),
            _ => None,
        });
        Some(Server { address: host.to_ascii_lowercase(), port, path })
    }
}

// The search functions of `str` have too much setup cost for such short texts.

fn find(text: &str, stop: impl Fn(u8) -> bool) -> Option<usize> {
    text.bytes().position(stop)
}

fn rfind(text: &str, stop: u8) -> Option<usize> {
    text.bytes().rposition(|byte| byte == stop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_hosts_and_addresses_are_told_apart() {
        for (text, address, port, path) in [
            ("https://api.openai.com/v1", "api.openai.com", Some(443), Some("/v1")),
            ("http://127.0.0.1:8080", "127.0.0.1", Some(8080), None),
            ("https://user:key@Host.Example:8443/a?key=SECRET", "host.example", Some(8443), Some("/a")),
            ("api.example.com", "api.example.com", None, None),
            ("api.example.com:443", "api.example.com", Some(443), None),
            ("http://[::1]:9/x", "::1", Some(9), Some("/x")),
            ("::1", "::1", None, None),
        ] {
            let server = Server::parse(text).expect(text);
            // The cached result is the same as the first one, also after another text.
            for _ in 0..2 {
                assert_eq!(Server::read(text).as_ref(), Some(&server));
            }
            assert_eq!((server.address.as_str(), server.port, server.path.as_deref()), (address, port, path), "{text}");
        }
        assert_eq!(Server::parse(""), None);
        for text in ["not a host", "sk-abc", "https://sk-abc/x@host/", "https://sk-abc?x@host", "a@b c", "\\"] {
            assert_eq!(Server::parse(text), None, "{text}");
        }
        let address = |text| Server::parse(text).map(|server| server.address);
        assert_eq!(address("https://evil.example\\@ok.example/").as_deref(), Some("evil.example"));
        assert_eq!(address("http://ollama/api").as_deref(), Some("ollama"));
        assert_eq!(address("localhost").as_deref(), Some("localhost"));
        assert_eq!(address("ollama:11434").as_deref(), Some("ollama"));
    }
}
