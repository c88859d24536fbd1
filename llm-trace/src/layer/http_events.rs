//! Events of HTTP crates, more than ten for each request, and of the OpenTelemetry SDK.

use tracing::Event;
use tracing_subscriber::filter::LevelFilter;

use crate::policy::content_targets;

/// Crates of HTTP clients, HTTP servers, their connections and the SDK, by the targets of their events. Spans are not
/// dropped.
const MODULES: &[&str] = &[
    "async_tungstenite",
    "aws_runtime",
    "aws_smithy_http_client",
    "aws_smithy_runtime",
    "h2",
    "h3",
    "hickory_proto",
    "hickory_resolver",
    "hyper",
    "hyper_rustls",
    "hyper_util",
    "isahc",
    "mio",
    "native_tls",
    // The SDK logs each instrument and batch.
    "opentelemetry",
    "opentelemetry-otlp",
    "opentelemetry_sdk",
    "quinn",
    "quinn_proto",
    "quinn_udp",
    "reqwest",
    "reqwest_eventsource",
    "rustls",
    "rustls_platform_verifier",
    "tokio_rustls",
    "tokio_tungstenite",
    "tonic",
    "tower",
    "tower_http",
    "tungstenite",
    "ureq",
    "want",
];

/// Whether an event is from one of these crates and more verbose than `level`.
pub(super) fn is_too_verbose(event: &Event<'_>, level: LevelFilter) -> bool {
    // Most events are enabled by their level: no target is compared.
    if *event.metadata().level() <= level {
        return false;
    }
    let target = content_targets::target(event);
    MODULES.iter().any(|module| content_targets::is_below(&target, module))
}
