//! Where a call goes: host and port out of a URL or a host.

/// A server's address, and the URL's path where there was one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Server {
    pub(crate) address: String,
    pub(crate) port: Option<u16>,
    pub(crate) path: Option<String>,
}

impl Server {
    /// Reads `https://host:port/path`, `host:port` or `host`. User info is never kept.
    pub(crate) fn parse(text: &str) -> Option<Server> {
        let (scheme, rest) = match text.trim().split_once("://") {
            Some((scheme, rest)) => (Some(scheme), rest),
            None => (None, text.trim()),
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let path = path.split(['?', '#']).next().filter(|path| path.len() > 1).map(str::to_owned);
        let host_port = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        let (host, port) = match host_port.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((v6, rest)) => (v6, rest.strip_prefix(':')),
            None => match host_port.rsplit_once(':') {
                Some((host, port)) if !host.contains(':') => (host, Some(port)),
                _ => (host_port, None),
            },
        };
        if host.is_empty() || host.contains(char::is_whitespace) {
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
            assert_eq!((server.address.as_str(), server.port, server.path.as_deref()), (address, port, path), "{text}");
        }
        assert_eq!(Server::parse(""), None);
        assert_eq!(Server::parse("not a host"), None);
    }
}
