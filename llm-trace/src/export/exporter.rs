//! Destinations, exporters and protocols.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use http::HeaderMap;
use opentelemetry::KeyValue;
use url::Url;

use super::disk::DiskLimits;
use super::endpoint;

/// A kind of telemetry. It displays as its URL segment.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Signal {
    Traces,
    Metrics,
    Logs,
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Signal::Traces => "traces",
            Signal::Metrics => "metrics",
            Signal::Logs => "logs",
        })
    }
}

/// An OTLP encoding and transport.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Protocol {
    HttpProtobuf,
    HttpJson,
    Grpc,
    /// JSON lines in files.
    File,
}

impl Protocol {
    /// Whether its feature is enabled.
    pub(crate) fn is_compiled_in(self) -> bool {
        match self {
            Protocol::HttpProtobuf | Protocol::HttpJson => cfg!(feature = "otlp-http"),
            Protocol::Grpc => cfg!(feature = "otlp-grpc"),
            Protocol::File => cfg!(any(feature = "otlp-http", feature = "otlp-grpc")),
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Protocol::HttpProtobuf => "http/protobuf",
            Protocol::HttpJson => "http/json",
            Protocol::Grpc => "grpc",
            Protocol::File => "otlp_file",
        })
    }
}

/// The exporter of a signal.
#[derive(Clone, Debug)]
pub(crate) enum Exporter {
    /// Disabled: no telemetry is created.
    Disabled,
    /// No export, but telemetry is created, so that trace ids are propagated.
    None,
    Console {
        json: bool,
    },
    Otlp(Box<Otlp>),
}

impl Exporter {
    /// Whether telemetry is exported.
    pub(crate) fn is_something(&self) -> bool {
        !matches!(self, Exporter::Disabled | Exporter::None)
    }
}

/// A description with the names of the headers, but not their values.
impl fmt::Display for Exporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let otlp = match self {
            Exporter::Disabled => return f.write_str("nowhere: OTEL_SDK_DISABLED is true"),
            Exporter::None => return f.write_str("nowhere: the exporter is `none`"),
            Exporter::Console { .. } => return f.write_str("the console (stderr)"),
            Exporter::Otlp(otlp) => otlp,
        };
        if otlp.protocol == Protocol::File {
            return write!(f, "files in {}", otlp.url.path());
        }
        write_target(f, otlp.protocol, &endpoint::shown(&otlp.url), &otlp.headers)
    }
}

/// Writes a description of a destination, with the names of its headers.
pub(crate) fn write_target(
    f: &mut fmt::Formatter<'_>,
    protocol: Protocol,
    shown: &str,
    headers: &HeaderMap,
) -> fmt::Result {
    write!(f, "{shown} by {protocol}")?;
    let names: Vec<_> = headers.keys().map(|name| name.as_str()).collect();
    match names.as_slice() {
        [] => f.write_str(", without headers"),
        names => write!(f, ", with the headers {}", names.join(", ")),
    }
}

/// An OTLP destination.
#[derive(Clone, Debug)]
pub(crate) struct Otlp {
    pub(crate) protocol: Protocol,
    /// The variable that selected this protocol, for errors.
    #[allow(dead_code, reason = "read where a transport is not compiled in")]
    pub(crate) asked_by: &'static str,
    pub(crate) url: Url,
    /// Marked sensitive, so `Debug` omits the values.
    pub(crate) headers: HeaderMap,
    pub(crate) gzip: bool,
    /// The time limit of a batch, including retries.
    pub(crate) timeout: Duration,
    pub(crate) tls: Tls,
    /// May contain a password: never printed.
    pub(crate) proxy: Option<Hidden>,
    /// The directory for requests that the destination does not accept at the moment.
    pub(crate) spill: Option<PathBuf>,
    /// The limits of the spill directory, or of a file destination's directory.
    pub(crate) disk: DiskLimits,
}

impl Otlp {
    /// The directory of a file destination.
    pub(crate) fn directory(&self) -> Option<PathBuf> {
        if self.protocol != Protocol::File {
            return None;
        }
        self.url.to_file_path().ok()
    }

    /// The labels of metrics about this exporter.
    pub(crate) fn labels(&self, signal: Signal) -> ExporterLabels {
        let kind = match (self.protocol, signal) {
            (Protocol::Grpc, Signal::Traces) => "otlp_grpc_span_exporter",
            (Protocol::Grpc, Signal::Logs) => "otlp_grpc_log_exporter",
            (Protocol::Grpc, Signal::Metrics) => "otlp_grpc_metric_exporter",
            (Protocol::HttpProtobuf, Signal::Traces) => "otlp_http_span_exporter",
            (Protocol::HttpProtobuf, Signal::Logs) => "otlp_http_log_exporter",
            (Protocol::HttpProtobuf, Signal::Metrics) => "otlp_http_metric_exporter",
            (Protocol::HttpJson, Signal::Traces) => "otlp_http_json_span_exporter",
            (Protocol::HttpJson, Signal::Logs) => "otlp_http_json_log_exporter",
            (Protocol::HttpJson, Signal::Metrics) => "otlp_http_json_metric_exporter",
            (Protocol::File, Signal::Traces) => "llm_trace_otlp_file_span_exporter",
            (Protocol::File, Signal::Logs) => "llm_trace_otlp_file_log_exporter",
            (Protocol::File, Signal::Metrics) => "llm_trace_otlp_file_metric_exporter",
        };
        let host = self.url.host_str().map(|host| KeyValue::new("server.address", host.to_owned()));
        let port = self.url.port_or_known_default().map(|port| KeyValue::new("server.port", i64::from(port)));
        ExporterLabels { kind, server: host.into_iter().chain(port).collect() }
    }

    /// The error if this protocol's feature is not enabled.
    #[cfg(not(all(feature = "otlp-http", feature = "otlp-grpc")))]
    pub(crate) fn not_compiled_in(&self) -> super::error::InitError {
        let (wanted, feature) = match self.protocol {
            Protocol::Grpc => ("OTLP over gRPC", "otlp-grpc"),
            Protocol::HttpProtobuf | Protocol::HttpJson => ("OTLP over HTTP", "otlp-http"),
            Protocol::File => ("OTLP in files", "otlp-http"),
        };
        super::error::InitError::Feature { variable: self.asked_by.to_owned(), wanted, feature }
    }
}

/// The `otel.component.type` of an exporter, and its server.
#[derive(Clone, Debug)]
pub(crate) struct ExporterLabels {
    pub(crate) kind: &'static str,
    pub(crate) server: Vec<KeyValue>,
}

/// A text that `Debug` does not show.
#[derive(Clone)]
pub(crate) struct Hidden(pub(crate) String);

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(hidden)")
    }
}

/// PEM files, each with the variable that contains its path.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Tls {
    pub(crate) ca: Option<(&'static str, PathBuf)>,
    /// Certificate chain and key.
    pub(crate) client: Option<[(&'static str, PathBuf); 2]>,
}
