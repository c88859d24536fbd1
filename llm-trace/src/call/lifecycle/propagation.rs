//! Propagation of trace context to destinations that the user lists.

use crate::model::hosts;
use crate::model::server::Server;

/// The destinations that receive trace context, and the baggage keys that they receive. Both are empty by default.
///
/// ```
/// use llm_trace::Propagation;
/// use tracing_subscriber::prelude::*;
///
/// let propagation = Propagation::new()
///     .to_host("llm.internal")
///     .to_host("*.corp.example")
///     .baggage("tenant");
/// tracing_subscriber::registry().with(llm_trace::layer().with_propagation(propagation)).init();
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[must_use]
pub struct Propagation {
    hosts: Vec<String>,
    baggage: Vec<String>,
}

impl Propagation {
    /// Creates a value without destinations.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a host; `*.example.com` matches all hosts below `example.com`. For a destination without a host, such as an
    /// MCP server over stdio, use a name of your own, here and in [`inject_to`](crate::inject_to).
    pub fn to_host(mut self, host: impl Into<String>) -> Self {
        self.hosts.push(host.into());
        self
    }

    /// Adds a baggage key.
    pub fn baggage(mut self, key: impl Into<String>) -> Self {
        self.baggage.push(key.into());
        self
    }

    /// Whether a destination is named: by its host, or literally where it has none.
    pub(crate) fn allows(&self, destination: &str) -> bool {
        match Server::parse(destination) {
            Some(server) => self.allows_host(&server.address),
            None => self.hosts.iter().any(|allowed| allowed == destination),
        }
    }

    pub(crate) fn allows_host(&self, host: &str) -> bool {
        // `*` stands for whole labels only: `*corp.example` must not name `evilcorp.example`.
        let is_pattern = |allowed: &&String| !allowed.starts_with('*') || allowed.starts_with("*.");
        self.hosts.iter().filter(is_pattern).any(|allowed| hosts::fits(allowed, host))
    }

    pub(crate) fn allows_baggage(&self, key: &str) -> bool {
        self.baggage.iter().any(|allowed| allowed == key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_named_hosts_are_allowed() {
        let some = Propagation::new().to_host("a.example").to_host("*.corp.example");
        for (host, allowed) in [
            ("a.example", true),
            ("A.Example", true),
            ("b.a.example", false),
            ("x.corp.example", true),
            ("corp.example", false),
            ("evilcorp.example", false),
        ] {
            assert_eq!(some.allows_host(host), allowed, "{host}");
        }
        assert!(!Propagation::new().allows("a.example"));
    }

    #[test]
    fn a_destination_without_a_host_is_allowed_by_its_very_name() {
        let some = Propagation::new().to_host("stdio").to_host("*.corp.example");
        assert!(some.allows("stdio") && some.allows("http://stdio:80/mcp"));
        assert!(!some.allows("stdout") && !some.allows("no host at x.corp.example"));
    }
}
