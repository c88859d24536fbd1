//! Trace context on the way out: to the destinations that the user names, and no other.

use http::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::Context;
use opentelemetry::baggage::BaggageExt;
use opentelemetry::propagation::Injector;

use crate::LlmCall;
use crate::ambient::{baggage, with_propagator};

/// Who is told our trace ids, and which baggage: nobody and none, unless named.
///
/// ```
/// use llm_trace::Propagation;
///
/// let propagation = Propagation::new()
///     .to_host("llm.internal")
///     .to_host("*.corp.example")
///     .baggage("tenant");
/// let layer = llm_trace::layer::<tracing_subscriber::Registry>().with_propagation(propagation);
/// # let _ = layer;
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[must_use]
pub struct Propagation {
    hosts: Vec<String>,
    baggage: Vec<String>,
}

impl Propagation {
    /// To nobody.
    pub fn new() -> Self {
        Self::default()
    }

    /// Also to this host; `*.example.com` names all hosts below `example.com`.
    pub fn to_host(mut self, host: impl Into<String>) -> Self {
        self.hosts.push(host.into());
        self
    }

    /// With this key of the baggage.
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

    /// `cx` with the baggage that may go out.
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

/// Writes the current call's trace context into the headers of the request it is about to send, if
/// the call's server is a destination that [`Propagation`] names. Returns whether it did.
///
/// The context is that of the call's own span, also inside spans of an HTTP client. The server is the
/// one of `#[llm_call(server = ..)]`; where that is not told, use [`inject_to`].
///
/// ```
/// let mut headers = http::HeaderMap::new();
/// // Outside of a call there is nothing to tell.
/// assert!(!llm_trace::inject(&mut headers));
/// ```
pub fn inject(headers: &mut HeaderMap) -> bool {
    LlmCall::current().live().and_then(|live| live.server_address()).is_some_and(|host| inject_host(&host, headers))
}

/// As [`inject`], for this destination: a URL, `host:port` or a host.
///
/// ```
/// use llm_trace::{Propagation, inject_to};
///
/// let layer = llm_trace::layer::<tracing_subscriber::Registry>()
///     .with_propagation(Propagation::new().to_host("llm.internal"));
/// let mut headers = http::HeaderMap::new();
/// assert!(!inject_to("https://api.openai.com/v1", &mut headers), "nobody else is told");
/// # let _ = layer;
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
