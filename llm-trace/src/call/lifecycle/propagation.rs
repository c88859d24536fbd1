//! Propagation of trace context to destinations that the user lists.

use opentelemetry::Context;
use opentelemetry::baggage::BaggageExt;
use opentelemetry::propagation::Injector;
use opentelemetry::trace::TraceContextExt;

use super::carrier::Carrier;
use crate::LlmCall;
use crate::ambient::{baggage, with_propagator};
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
    /// MCP server over stdio, use a name of your own, here and in [`inject_to`].
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
    fn allows(&self, destination: &str) -> bool {
        match Server::parse(destination) {
            Some(server) => self.allows_host(&server.address),
            None => self.hosts.iter().any(|allowed| allowed == destination),
        }
    }

    fn allows_host(&self, host: &str) -> bool {
        // `*` stands for whole labels only: `*corp.example` must not name `evilcorp.example`.
        let is_pattern = |allowed: &&String| !allowed.starts_with('*') || allowed.starts_with("*.");
        self.hosts.iter().filter(is_pattern).any(|allowed| hosts::fits(allowed, host))
    }

    /// `cx` with the allowed baggage only.
    fn strip(&self, cx: &Context) -> Context {
        cx.with_baggage(baggage(cx, |key| self.baggage.iter().any(|allowed| allowed == key)))
    }
}

struct CarrierInjector<'c, C: ?Sized> {
    carrier: &'c mut C,
    written: bool,
}

impl<C: Carrier + ?Sized> Injector for CarrierInjector<'_, C> {
    fn set(&mut self, key: &str, value: String) {
        // W3C's propagator writes a trace state of no entries too.
        if !value.is_empty() {
            self.written |= self.carrier.set(key, value);
        }
    }
}

/// Injects the current call's trace context into an outgoing request, if the call's server is a destination in
/// [`Propagation`]. Returns whether anything was written.
///
/// The carrier is an `http::HeaderMap`, a map, a closure or another [`Carrier`]. The context is that of the call's own
/// span, also inside spans of an HTTP client. The server is that of `#[llm_call(server = ..)]`; if it is not set, use
/// [`inject_to`].
///
/// ```
/// let mut headers = http::HeaderMap::new();
/// // Without a current call nothing is injected.
/// assert!(!llm_trace::inject(&mut headers));
/// ```
pub fn inject<C: Carrier + ?Sized>(carrier: &mut C) -> bool {
    let call = LlmCall::current();
    let host = call.live().and_then(|live| live.server_address());
    host.is_some_and(|host| inject_context(&call, carrier, |propagation| propagation.allows_host(&host)))
}

/// Like [`inject`], for an explicit destination: a URL, `host:port`, a host, or a name given to
/// [`Propagation::to_host`].
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
pub fn inject_to<C: Carrier + ?Sized>(destination: &str, carrier: &mut C) -> bool {
    inject_context(&LlmCall::current(), carrier, |propagation| propagation.allows(destination))
}

fn inject_context<C: Carrier + ?Sized>(
    call: &LlmCall,
    carrier: &mut C,
    is_allowed: impl FnOnce(&Propagation) -> bool,
) -> bool {
    let Some(live) = call.live() else { return false };
    let (Some(pipeline), Some(context)) = (live.pipeline(), live.context()) else { return false };
    // Without an OpenTelemetry layer of this version a call has no ids here.
    if !context.span().span_context().is_valid() || !is_allowed(&pipeline.propagation) {
        return false;
    }
    let context = pipeline.propagation.strip(context);
    let mut injector = CarrierInjector { carrier, written: false };
    with_propagator(|propagator| propagator.inject_context(&context, &mut injector));
    injector.written
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
