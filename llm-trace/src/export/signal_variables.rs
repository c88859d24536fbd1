//! The names of variables for a single signal.

use super::exporter::Signal;

/// The variables of one signal; each takes precedence over the one for all signals.
#[derive(Debug)]
pub(crate) struct Names {
    pub(crate) exporter: &'static str,
    pub(crate) endpoint: &'static str,
    pub(crate) protocol: &'static str,
    pub(crate) headers: &'static str,
    pub(crate) insecure: &'static str,
    pub(crate) compression: &'static str,
    pub(crate) timeout: &'static str,
    pub(crate) certificate: &'static str,
    pub(crate) client_key: &'static str,
    pub(crate) client_certificate: &'static str,
}

macro_rules! names {
    ($signal:literal) => {
        Names {
            exporter: concat!("OTEL_", $signal, "_EXPORTER"),
            endpoint: concat!("OTEL_EXPORTER_OTLP_", $signal, "_ENDPOINT"),
            protocol: concat!("OTEL_EXPORTER_OTLP_", $signal, "_PROTOCOL"),
            headers: concat!("OTEL_EXPORTER_OTLP_", $signal, "_HEADERS"),
            insecure: concat!("OTEL_EXPORTER_OTLP_", $signal, "_INSECURE"),
            compression: concat!("OTEL_EXPORTER_OTLP_", $signal, "_COMPRESSION"),
            timeout: concat!("OTEL_EXPORTER_OTLP_", $signal, "_TIMEOUT"),
            certificate: concat!("OTEL_EXPORTER_OTLP_", $signal, "_CERTIFICATE"),
            client_key: concat!("OTEL_EXPORTER_OTLP_", $signal, "_CLIENT_KEY"),
            client_certificate: concat!("OTEL_EXPORTER_OTLP_", $signal, "_CLIENT_CERTIFICATE"),
        }
    };
}

static TRACES: Names = names!("TRACES");
static METRICS: Names = names!("METRICS");
static LOGS: Names = names!("LOGS");

impl Signal {
    pub(crate) fn names(self) -> &'static Names {
        match self {
            Signal::Traces => &TRACES,
            Signal::Metrics => &METRICS,
            Signal::Logs => &LOGS,
        }
    }
}
