//! Propagation of trace context to destinations that the user lists.

use http::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::Context;
use opentelemetry::baggage::BaggageExt;
use opentelemetry::propagation::Injector;

use crate::LlmCall;
use crate::ambient::{baggage, with_propagator};

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

    /// Adds a host; `*.example.com` matches all hosts below `example.com`.
    pub fn to_host(mut self, host: impl Into<String>) -> Self {
        self.hosts.push(host.into());
        self
    }

    /// Adds a baggage key.
    pub fn baggage(mut self, key: impl Into<String>) -> Self {
        self.baggage.push(key.into());
        self
    }

    fn allows(&self, host: &str) -> bool {
        self.hosts.iter().any(|allowed| match allowed.strip_prefix('*') {
            Some(below) if below.starts_with('.') => {
                host.len() > below.len()
                    && host.as_bytes()[host.len() - below.len()..].eq_ignore_ascii_case(below.as_bytes())
            }
            _ => allowed.eq_ignore_ascii_case(host),
        })
    }

    /// `cx` with the allowed baggage only.
    fn strip(&self, cx: &Context) -> Context {
        cx.with_baggage(baggage(cx, |key| self.baggage.iter().any(|allowed| allowed == key)))
    }
}

struct Out<'h>(&'h mut HeaderMap);

impl Injector for Out<'_> {
    fn set(&mut self, key: &str, value: String) {
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(key.as_bytes()), HeaderValue::from_str(&value)) {
            self.0.insert(name, value);
        }
    }
}

/// Injects the current call's trace context into the headers of an outgoing request, if the call's server is a
/// destination in [`Propagation`]. Returns whether it did.
///
/// The context is that of the call's own span, also inside spans of an HTTP client. The server is that of
/// `#[llm_call(server = ..)]`; if it is not set, use [`inject_to`].
///
/// ```
/// let mut headers = http::HeaderMap::new();
/// // Without a current call nothing is injected.
/// assert!(!llm_trace::inject(&mut headers));
/// ```
pub fn inject(headers: &mut HeaderMap) -> bool {
    LlmCall::current().live().and_then(|live| live.server_address()).is_some_and(|host| inject_host(&host, headers))
}

/// Like [`inject`], for an explicit destination: a URL, `host:port` or a host.
///
/// ```
/// use llm_trace::{Propagation, inject_to};
/// use tracing_subscriber::prelude::*;
///
/// let propagation = Propagation::new().to_host("llm.internal");
/// tracing_subscriber::registry().with(llm_trace::layer().with_propagation(propagation)).init();
///
/// let mut headers = http::HeaderMap::new();
/// assert!(!inject_to("https://api.openai.com/v1", &mut headers), "not a listed destination");
/// ```
pub fn inject_to(destination: &str, headers: &mut HeaderMap) -> bool {
    crate::model::server::Server::parse(destination).is_some_and(|server| inject_host(&server.address, headers))
}

fn inject_host(host: &str, headers: &mut HeaderMap) -> bool {
    let call = LlmCall::current();
    let Some(live) = call.live() else { return false };
    let (Some(pipeline), Some(context)) = (live.pipeline(), live.context()) else { return false };
    if !pipeline.propagation.allows(host) {
        return false;
    }
    let context = pipeline.propagation.strip(context);
    with_propagator(|propagator| propagator.inject_context(&context, &mut Out(headers)));
    true
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
            assert_eq!(some.allows(host), allowed, "{host}");
        }
        assert!(!Propagation::new().allows("a.example"));
    }
}
