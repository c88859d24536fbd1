//! What the environment asks for. Pure: variables in, a value or an error out.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use http::HeaderMap;
use url::Url;

use super::endpoint::{self, Written};
use super::env::{Env, Var};
use super::error::ConfigError;
use super::limits::Limits;
use super::names::Names;
use super::sampling::{self, Sampling};
use super::{headers, preset, propagation, proxy, resource};
use crate::redact::Policy;

const EXPORTERS: &str = "console, console_json, otlp_http, otlp_grpc, http/protobuf, http/json, grpc, none";
const PROTOCOLS: &str = "http/protobuf, http/json, grpc";

/// A kind of telemetry. It prints as its word in URLs.
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
}

impl Protocol {
    /// Whether the feature for it is on.
    pub(crate) fn is_compiled_in(self) -> bool {
        match self {
            Protocol::HttpProtobuf | Protocol::HttpJson => cfg!(feature = "otlp-http"),
            Protocol::Grpc => cfg!(feature = "otlp-grpc"),
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Protocol::HttpProtobuf => "http/protobuf",
            Protocol::HttpJson => "http/json",
            Protocol::Grpc => "grpc",
        })
    }
}

/// Where spans go.
#[derive(Clone, Debug)]
pub(crate) enum Exporter {
    /// Nowhere, and none are made.
    Disabled,
    /// Nowhere; they are made all the same, so that trace ids travel on.
    None,
    Console {
        json: bool,
    },
    Otlp(Box<Otlp>),
}

/// In words, with the names of headers and never their values.
impl fmt::Display for Exporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let otlp = match self {
            Exporter::Disabled => return f.write_str("nowhere: OTEL_SDK_DISABLED is true"),
            Exporter::None => return f.write_str("nowhere: the exporter is `none`"),
            Exporter::Console { .. } => return f.write_str("the console (stderr)"),
            Exporter::Otlp(otlp) => otlp,
        };
        write_target(f, otlp.protocol, &endpoint::shown(&otlp.url), &otlp.headers)
    }
}

/// A destination in words, with the names of its headers.
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
    /// The variable that asked for this protocol, for errors.
    #[cfg_attr(all(feature = "otlp-http", feature = "otlp-grpc"), allow(dead_code))]
    pub(crate) asked_by: &'static str,
    pub(crate) url: Url,
    /// Marked sensitive, so `Debug` does not show the values.
    pub(crate) headers: HeaderMap,
    pub(crate) gzip: bool,
    /// For one batch, with all tries.
    pub(crate) timeout: Duration,
    pub(crate) tls: Tls,
    /// May hold a password: never printed.
    pub(crate) proxy: Option<Hidden>,
}

impl Otlp {
    /// The error where this protocol's feature is off.
    #[cfg(not(all(feature = "otlp-http", feature = "otlp-grpc")))]
    pub(crate) fn not_compiled_in(&self) -> super::error::InitError {
        let (wanted, feature) = match self.protocol {
            Protocol::Grpc => ("OTLP over gRPC", "otlp-grpc"),
            Protocol::HttpProtobuf | Protocol::HttpJson => ("OTLP over HTTP", "otlp-http"),
        };
        super::error::InitError::Feature { variable: self.asked_by.to_owned(), wanted, feature }
    }
}

/// Text that `Debug` does not show.
#[derive(Clone)]
pub(crate) struct Hidden(pub(crate) String);

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(hidden)")
    }
}

/// PEM files, each with the variable that names it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Tls {
    pub(crate) ca: Option<(&'static str, PathBuf)>,
    /// Certificate chain and key.
    pub(crate) client: Option<[(&'static str, PathBuf); 2]>,
}

/// All that the environment asks for.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) exporter: Exporter,
    /// Nowhere unless asked for by variables of their own.
    pub(crate) metrics: Exporter,
    pub(crate) logs: Exporter,
    pub(crate) resource: Vec<(String, String)>,
    pub(crate) sampling: Option<Sampling>,
    /// What content may leave, and masks.
    pub(crate) policy: Policy,
    /// A file of prices.
    pub(crate) prices: Option<PathBuf>,
    /// Whether spans of crates that trace themselves are made to conform.
    pub(crate) normalize: bool,
    pub(crate) propagators: Vec<propagation::Kind>,
    pub(crate) batch: Limits,
    /// How long the guard may take.
    pub(crate) exit_limit: Duration,
    /// What is odd but not wrong, for one line each on stderr.
    pub(crate) warnings: Vec<String>,
}

const EXIT_LIMIT: Duration = Duration::from_secs(5);
pub(crate) const EXPORT_TIMEOUT: Duration = Duration::from_secs(10);

impl Config {
    /// From the process environment.
    pub(crate) fn from_env() -> Result<Self, ConfigError> {
        Self::from_lookup(&super::env::of_process)
    }

    /// From any source of variables.
    pub(crate) fn from_lookup(get: &dyn Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let env = Env(get);
        let mut warnings = Vec::new();
        let preset = preset::asked(&env)?;
        let mut to = |signal| exporter(&env, signal, preset, &mut warnings);
        let (exporter, metrics, logs) = (to(Signal::Traces)?, to(Signal::Metrics)?, to(Signal::Logs)?);
        let max_bytes = preset.filter(|_| matches!(exporter, Exporter::Otlp(_))).and_then(preset::Row::max_bytes);
        let timeout = env.millis(&["OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT"], 1)?;
        Ok(Self {
            exporter,
            metrics,
            logs,
            resource: resource::attributes(&env, &mut warnings),
            sampling: sampling::read(&env, &mut warnings)?,
            policy: Policy::new().with_vars(get).map_err(|e| ConfigError::Policy(e.to_string()))?,
            prices: env.get("LLM_TRACE_PRICES").map(|var| var.value.into()),
            normalize: env.bool(&["LLM_TRACE_NORMALIZE"])?.unwrap_or(false),
            propagators: propagation::read(&env, &mut warnings)?,
            batch: batch(&env, max_bytes, &mut warnings)?,
            exit_limit: timeout.unwrap_or(EXIT_LIMIT),
            warnings,
        })
    }
}

fn exporter(
    env: &Env<'_>,
    signal: Signal,
    preset: Option<&'static preset::Row>,
    warnings: &mut Vec<String>,
) -> Result<Exporter, ConfigError> {
    let names = signal.names();
    if env.bool(&["OTEL_SDK_DISABLED"])? == Some(true) {
        return Ok(Exporter::Disabled);
    }
    // Most places that take traces take nothing else.
    if signal != Signal::Traces && env.first(&[names.exporter, names.endpoint]).is_none() {
        return Ok(Exporter::None);
    }
    let asked = env.first(&[names.exporter, "OTEL_EXPORTER"]);
    let named = match &asked {
        Some(var) => match var.folded().as_str() {
            "console" => return Ok(Exporter::Console { json: false }),
            "console_json" => return Ok(Exporter::Console { json: true }),
            "none" => return Ok(Exporter::None),
            _ => Some(var),
        },
        None => None,
    };
    let named_protocol = named.map(exporter_protocol).transpose()?.flatten();
    if let Some(row) = preset.filter(|row| !row.takes(signal)) {
        warnings.push(format!("the preset `{}` is for traces only: it does not count for {signal}", row.name()));
    }
    let preset = preset.filter(|row| row.takes(signal));
    let address = env.first(&[names.endpoint, "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_ENDPOINT"]);
    let set_protocol = env.first(&[names.protocol, "OTEL_EXPORTER_OTLP_PROTOCOL"]);
    if named.is_none() && address.is_none() && set_protocol.is_none() && preset.is_none() {
        if let Some(var) = env.first(&headers_of(names)) {
            warnings
                .push(format!("`{}` is set but no endpoint is: set OTEL_ENDPOINT; printing to the console", var.name));
        }
        return Ok(Exporter::Console { json: false });
    }
    let (protocol, asked_by) = match (&set_protocol, named) {
        (Some(var), _) => (protocol(var)?, var.name),
        (None, Some(var)) => (short_protocol(env, named_protocol, preset)?, var.name),
        (None, None) => match preset {
            Some(row) => (row.protocol(), preset::VARIABLE),
            None => (Protocol::HttpProtobuf, "OTEL_ENDPOINT"),
        },
    };
    if let (Some(var), Some(named), Some(other)) = (&set_protocol, named, named_protocol)
        && other != protocol
    {
        warnings.push(format!("`{}={}` outranks `{}={}`", var.name, var.value, named.name, named.value));
    }
    let by = By { protocol, asked_by, preset };
    otlp(env, signal, address, by, warnings).map(|otlp| Exporter::Otlp(Box::new(otlp)))
}

fn headers_of(names: &Names) -> [&'static str; 3] {
    [names.headers, "OTEL_EXPORTER_OTLP_HEADERS", "OTEL_HEADERS"]
}

/// The protocol in an exporter's name; plain `otlp` has none.
fn exporter_protocol(var: &Var) -> Result<Option<Protocol>, ConfigError> {
    match var.folded().as_str() {
        "otlp" => Ok(None),
        "otlp_http" | "http" | "http/protobuf" | "otlp/http" => Ok(Some(Protocol::HttpProtobuf)),
        "otlp_http_json" | "otlp_json" | "http/json" => Ok(Some(Protocol::HttpJson)),
        "otlp_grpc" | "grpc" | "otlp/grpc" => Ok(Some(Protocol::Grpc)),
        _ => Err(var.choice(EXPORTERS)),
    }
}

/// The protocol where no variable of its own says it: `OTEL_TRACES_EXPORTER=otlp` leaves it to `OTEL_EXPORTER`.
fn short_protocol(
    env: &Env<'_>,
    named: Option<Protocol>,
    preset: Option<&'static preset::Row>,
) -> Result<Protocol, ConfigError> {
    if let Some(protocol) = named {
        return Ok(protocol);
    }
    let short =
        env.get("OTEL_EXPORTER").filter(|v| !matches!(v.folded().as_str(), "console" | "console_json" | "none"));
    let protocol = short.as_ref().map(exporter_protocol).transpose()?.flatten();
    Ok(protocol.or(preset.map(preset::Row::protocol)).unwrap_or(Protocol::HttpProtobuf))
}

fn protocol(var: &Var) -> Result<Protocol, ConfigError> {
    match var.folded().as_str() {
        "http/protobuf" => Ok(Protocol::HttpProtobuf),
        "http/json" => Ok(Protocol::HttpJson),
        "grpc" => Ok(Protocol::Grpc),
        _ => Err(var.choice(PROTOCOLS)),
    }
}

/// How to send, and who says so.
struct By {
    protocol: Protocol,
    asked_by: &'static str,
    preset: Option<&'static preset::Row>,
}

fn otlp(
    env: &Env<'_>,
    signal: Signal,
    address: Option<Var>,
    By { protocol, asked_by, preset }: By,
    warnings: &mut Vec<String>,
) -> Result<Otlp, ConfigError> {
    let names = signal.names();
    let insecure = env.bool(&[names.insecure, "OTEL_EXPORTER_OTLP_INSECURE"])?;
    let address = match (address, preset) {
        (Some(address), None) => address,
        (Some(address), Some(row)) => {
            warnings.push(format!(
                "the keys of the preset `{}` go to the endpoint of `{}`, which outranks the preset's own",
                row.name(),
                address.name
            ));
            address
        }
        (None, Some(row)) => {
            row.check(protocol, asked_by)?;
            row.address(env, protocol)?
        }
        (None, None) => Var { name: "OTEL_ENDPOINT", value: endpoint::default(protocol, signal) },
    };
    let written = if address.name == names.endpoint { Written::ForOne } else { Written::ForAll };
    let url = endpoint::resolve(&address, written, protocol, signal, insecure, warnings)?;
    let headers = match env.first(&headers_of(names)) {
        Some(var) => {
            if var.name == "OTEL_HEADERS" && address.name.starts_with("OTEL_EXPORTER_OTLP") {
                warnings.push(format!(
                    "`OTEL_HEADERS` go to the endpoint of `{}`, which outranks OTEL_ENDPOINT",
                    address.name
                ));
            }
            headers::parse(&var, warnings)
        }
        None => HeaderMap::new(),
    };
    let headers = match preset {
        Some(row) => row.headers(env, &headers)?,
        None => headers,
    };
    let compression = env.first(&[names.compression, "OTEL_EXPORTER_OTLP_COMPRESSION"]);
    let gzip = match &compression {
        None => preset.is_some_and(preset::Row::gzip),
        Some(var) => match var.folded().as_str() {
            "gzip" => true,
            "none" => false,
            _ => return Err(var.choice("gzip, none")),
        },
    };
    let timeout = env.millis(&[names.timeout, "OTEL_EXPORTER_OTLP_TIMEOUT"], 1)?;
    let proxy = proxy::find(env, &url).map(Hidden);
    let timeout = timeout.unwrap_or(EXPORT_TIMEOUT);
    Ok(Otlp { protocol, asked_by, url, headers, gzip, timeout, tls: tls(env, names)?, proxy })
}

fn tls(env: &Env<'_>, names: &Names) -> Result<Tls, ConfigError> {
    let file = |names: [&'static str; 2]| env.first(&names).map(|var| (var.name, PathBuf::from(var.value)));
    let ca = file([names.certificate, "OTEL_EXPORTER_OTLP_CERTIFICATE"]);
    let key = [names.client_key, "OTEL_EXPORTER_OTLP_CLIENT_KEY"];
    let chain = [names.client_certificate, "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE"];
    let client = match (file(chain), file(key)) {
        (Some(chain), Some(key)) => Some([chain, key]),
        (None, None) => None,
        (Some((set, _)), None) => return Err(incomplete(set, key[1])),
        (None, Some((set, _))) => return Err(incomplete(set, chain[1])),
    };
    Ok(Tls { ca, client })
}

fn incomplete(variable: &str, missing: &str) -> ConfigError {
    ConfigError::Incomplete { variable: variable.to_owned(), missing: missing.to_owned() }
}

fn batch(env: &Env<'_>, max_bytes: Option<usize>, warnings: &mut Vec<String>) -> Result<Limits, ConfigError> {
    let mut limits = Limits::default();
    limits.batch_bytes = max_bytes.unwrap_or(limits.batch_bytes);
    let counts = [
        ("OTEL_BSP_MAX_QUEUE_SIZE", &mut limits.queue_spans),
        ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", &mut limits.batch_spans),
        ("LLM_TRACE_MAX_QUEUE_BYTES", &mut limits.queue_bytes),
        ("LLM_TRACE_MAX_BATCH_BYTES", &mut limits.batch_bytes),
    ];
    for (name, limit) in counts {
        *limit = env.count(name, 1)?.unwrap_or(*limit);
    }
    limits.delay = env.millis(&["OTEL_BSP_SCHEDULE_DELAY"], 0)?.unwrap_or(limits.delay);
    // Read for its errors only: one batch's time is OTEL_EXPORTER_OTLP_TIMEOUT.
    env.millis(&["OTEL_BSP_EXPORT_TIMEOUT"], 0)?;
    if limits.batch_spans > limits.queue_spans {
        if let Some(var) = env.get("OTEL_BSP_MAX_EXPORT_BATCH_SIZE") {
            warnings.push(format!(
                "`{}={}` is more than the queue holds: {} is used",
                var.name, var.value, limits.queue_spans
            ));
        }
        limits.batch_spans = limits.queue_spans;
    }
    Ok(limits)
}
