//! Injects a call's trace context into outgoing requests.

use opentelemetry::baggage::BaggageExt;
use opentelemetry::propagation::Injector;
use opentelemetry::trace::TraceContextExt;

use crate::LlmCall;
use crate::ambient::trace::{baggage, with_propagator};
use crate::call::lifecycle::carrier::Carrier;
use crate::call::lifecycle::propagation::Propagation;

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
    let host = call.active().and_then(|active| active.server_address());
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
    let Some(active) = call.active() else { return false };
    let (Some(pipeline), Some(context)) = (active.pipeline(), active.context()) else { return false };
    // Without an OpenTelemetry layer of this version a call has no ids here.
    if !context.span().span_context().is_valid() || !is_allowed(&pipeline.propagation) {
        return false;
    }
    let allowed = baggage(context, |key| pipeline.propagation.allows_baggage(key));
    let context = context.with_baggage(allowed);
    let mut injector = CarrierInjector { carrier, written: false };
    with_propagator(|propagator| propagator.inject_context(&context, &mut injector));
    injector.written
}
