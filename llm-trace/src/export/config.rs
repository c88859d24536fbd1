//! Parses environment variables into a configuration, without side effects.

use std::path::PathBuf;
use std::time::Duration;

use http::HeaderMap;

use super::batch_variables::{LOG_RECORDS, SPANS, batch};
use super::disk::DiskLimits;
use super::endpoint;
use super::endpoint::Written;
use super::env::{Env, Var};
use super::error::ConfigError;
use super::exporter::{Exporter, Hidden, Otlp, Protocol, Signal, Tls};
use super::limits::{EXPORT_TIMEOUT, Limits, MOST_WAITING};
use super::sampling;
use super::sampling::Sampling;
use super::signal_variables::Names;
use super::{headers, preset, propagation, proxy, resource};
use crate::policy::Policy;

const EXPORTERS: &str = "console, console_json, otlp_http, otlp_grpc, otlp_file, http/protobuf, http/json, grpc, none";
const PROTOCOLS: &str = "http/protobuf, http/json, grpc";

/// The whole configuration from the environment.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) exporter: Exporter,
    /// Spans go to the console because no variable names a destination.
    prints_by_default: bool,
    /// Disabled, unless the signal's own variables enable it.
    pub(crate) metrics: Exporter,
    pub(crate) logs: Exporter,
    pub(crate) resource: Vec<(String, String)>,
    pub(crate) sampling: Option<Sampling>,
    /// The attribute limit of spans, if it is set by the general variable: the SDK reads only the one for spans.
    pub(crate) span_attributes: Option<u32>,
    /// Content capture and masks.
    pub(crate) policy: Policy,
    /// The path of a price table.
    pub(crate) prices: Option<PathBuf>,
    /// Whether spans of crates that trace themselves are normalized.
    pub(crate) normalize: bool,
    pub(crate) propagators: Vec<propagation::Kind>,
    pub(crate) batch: Limits,
    pub(crate) log_batch: Limits,
    /// The time limit of the guard's shutdown.
    pub(crate) exit_limit: Duration,
    /// Non-fatal problems, each printed as one line on stderr.
    pub(crate) warnings: Vec<String>,
}

const PRINTED: &str = "spans are printed to the console: set OTEL_ENDPOINT";

const EXIT_LIMIT: Duration = Duration::from_secs(5);
impl Config {
    /// Reads the process environment.
    pub(crate) fn from_env() -> Result<Self, ConfigError> {
        Self::from_lookup(&super::env::of_process)
    }

    /// Reads the variables through a function.
    pub(crate) fn from_lookup(get: &dyn Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let env = Env(get);
        let mut warnings = Vec::new();
        let preset = preset::asked(&env)?;
        let mut to = |signal| exporter(&env, signal, preset, &mut warnings);
        let (exporter, metrics, logs) = (to(Signal::Traces)?, to(Signal::Metrics)?, to(Signal::Logs)?);
        let asked = env.first(&[Signal::Traces.names().exporter, "OTEL_EXPORTER"]);
        let prints_by_default = asked.is_none() && matches!(exporter, Exporter::Console { .. });
        let max_bytes = |exporter: &Exporter| {
            preset.filter(|_| matches!(exporter, Exporter::Otlp(_))).and_then(preset::Row::max_bytes)
        };
        let (max_bytes, max_log_bytes) = (max_bytes(&exporter), max_bytes(&logs));
        let timeout = env.millis(&["OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT"], 1)?;
        Ok(Self {
            exporter,
            prints_by_default,
            metrics,
            logs,
            resource: resource::attributes(&env, &mut warnings),
            sampling: sampling::read(&env, &mut warnings)?,
            span_attributes: match env.get("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT") {
                Some(_) => None,
                None => env
                    .count("OTEL_ATTRIBUTE_COUNT_LIMIT", super::limits::MOST_ATTRIBUTES)?
                    .map(|count| u32::try_from(count).unwrap_or(u32::MAX)),
            },
            policy: Policy::new().with_vars(get).map_err(|e| ConfigError::Policy(e.to_string()))?,
            prices: env.get("LLM_TRACE_PRICES").map(|var| var.value.into()),
            normalize: env.bool(&["LLM_TRACE_NORMALIZE"])?.unwrap_or(false),
            propagators: propagation::read(&env, &mut warnings)?,
            batch: batch(&env, &SPANS, max_bytes, &mut warnings)?,
            log_batch: batch(&env, &LOG_RECORDS, max_log_bytes, &mut warnings)?,
            exit_limit: timeout.unwrap_or(EXIT_LIMIT),
            warnings,
        })
    }

    /// Nothing is exported.
    pub(crate) fn without_export(mut self) -> Self {
        self.exporter = Exporter::Disabled;
        self
    }

    /// Takes away the console that is the default. `None` if then nothing is exported.
    pub(crate) fn if_configured(mut self) -> Option<Self> {
        if self.prints_by_default {
            self.exporter = Exporter::None;
            self.warnings.retain(|warning| !warning.ends_with(PRINTED));
        }
        let exports = [&self.exporter, &self.metrics, &self.logs].into_iter().any(Exporter::is_something);
        exports.then_some(self)
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
    // Most backends for traces do not accept other signals.
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
        warnings.push(format!("the preset `{}` supports only traces: it is ignored for {signal}", row.name()));
    }
    let preset = preset.filter(|row| row.takes(signal));
    let address = env.first(&[names.endpoint, "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_ENDPOINT"]);
    let file_url = address.as_ref().is_some_and(|address| endpoint::is_file(&address.value));
    let to_files = match &named {
        Some(_) if named_protocol.is_none() && file_url => true,
        Some(_) => short_protocol(env, named_protocol, None)? == Protocol::File,
        None => file_url,
    };
    if to_files {
        return files(env, signal, named, address, warnings).map(|otlp| Exporter::Otlp(Box::new(otlp)));
    }
    let set_protocol = env.first(&[names.protocol, "OTEL_EXPORTER_OTLP_PROTOCOL"]);
    if named.is_none() && address.is_none() && set_protocol.is_none() && preset.is_none() {
        if let Some(var) = env.first(&headers_of(names)) {
            warnings.push(format!("`{}` is set without an endpoint, so {PRINTED}", var.name));
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

/// The file exporter. It only uses the variables for the address and the directory's size.
fn files(
    env: &Env<'_>,
    signal: Signal,
    named: Option<&Var>,
    address: Option<Var>,
    warnings: &mut Vec<String>,
) -> Result<Otlp, ConfigError> {
    let asked_by = named.map_or("OTEL_ENDPOINT", |var| var.name);
    let protocol = Protocol::File;
    let address = address.unwrap_or_else(|| Var { name: "OTEL_ENDPOINT", value: endpoint::default(protocol, signal) });
    Ok(Otlp {
        protocol,
        asked_by,
        url: endpoint::resolve(&address, Written::ForAll, protocol, signal, None, warnings)?,
        headers: HeaderMap::new(),
        gzip: false,
        timeout: EXPORT_TIMEOUT,
        tls: Tls::default(),
        proxy: None,
        spill: None,
        disk: disk(env, "LLM_TRACE_MAX_FILE_BYTES")?,
    })
}

fn disk(env: &Env<'_>, name: &'static str) -> Result<DiskLimits, ConfigError> {
    Ok(env.count(name, MOST_WAITING)?.map_or(DiskLimits::DEFAULT, |bytes| DiskLimits { bytes: bytes as u64 }))
}

fn headers_of(names: &Names) -> [&'static str; 3] {
    [names.headers, "OTEL_EXPORTER_OTLP_HEADERS", "OTEL_HEADERS"]
}

/// The protocol in an exporter's name; `None` for plain `otlp`.
fn exporter_protocol(var: &Var) -> Result<Option<Protocol>, ConfigError> {
    match var.folded().as_str() {
        "otlp" => Ok(None),
        "otlp_http" | "http" | "http/protobuf" | "otlp/http" => Ok(Some(Protocol::HttpProtobuf)),
        "otlp_http_json" | "otlp_json" | "http/json" => Ok(Some(Protocol::HttpJson)),
        "otlp_grpc" | "grpc" | "otlp/grpc" => Ok(Some(Protocol::Grpc)),
        "otlp_file" | "file" => Ok(Some(Protocol::File)),
        _ => Err(var.choice(EXPORTERS)),
    }
}

/// The default protocol of a signal: with `OTEL_TRACES_EXPORTER=otlp` it is the protocol in `OTEL_EXPORTER`.
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

/// The protocol and the variable that selects it.
struct By {
    protocol: Protocol,
    asked_by: &'static str,
    preset: Option<&'static preset::Row>,
}

fn otlp(
    env: &Env<'_>,
    signal: Signal,
    address: Option<Var>,
    by: By,
    warnings: &mut Vec<String>,
) -> Result<Otlp, ConfigError> {
    let names = signal.names();
    let insecure = env.bool(&[names.insecure, "OTEL_EXPORTER_OTLP_INSECURE"])?;
    let address = address_of(env, signal, address, &by, warnings)?;
    let written = if address.name == names.endpoint { Written::ForOne } else { Written::ForAll };
    let url = endpoint::resolve(&address, written, by.protocol, signal, insecure, warnings)?;
    let headers = headers_of_env(env, names, &address, by.preset, warnings)?;
    let gzip = gzip(env, names, by.preset)?;
    let timeout = env.millis(&[names.timeout, "OTEL_EXPORTER_OTLP_TIMEOUT"], 1)?;
    let proxy = proxy::find(env, &url).map(Hidden);
    let timeout = timeout.unwrap_or(EXPORT_TIMEOUT);
    Ok(Otlp {
        protocol: by.protocol,
        asked_by: by.asked_by,
        url,
        headers,
        gzip,
        timeout,
        tls: tls(env, names)?,
        proxy,
        spill: env.get("LLM_TRACE_SPILL_DIRECTORY").map(|var| PathBuf::from(var.value)),
        disk: disk(env, "LLM_TRACE_MAX_SPILL_BYTES")?,
    })
}

/// The address of the endpoint: the user's, the preset's, or the default.
fn address_of(
    env: &Env<'_>,
    signal: Signal,
    address: Option<Var>,
    by: &By,
    warnings: &mut Vec<String>,
) -> Result<Var, ConfigError> {
    let By { protocol, asked_by, preset } = *by;
    Ok(match (address, preset) {
        (Some(address), None) => address,
        (Some(address), Some(row)) => {
            warnings.push(format!(
                "the keys of the preset `{}` are sent to the endpoint of `{}`, which overrides the preset's endpoint",
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
    })
}

fn headers_of_env(
    env: &Env<'_>,
    names: &Names,
    address: &Var,
    preset: Option<&preset::Row>,
    warnings: &mut Vec<String>,
) -> Result<HeaderMap, ConfigError> {
    let headers = match env.first(&headers_of(names)) {
        Some(var) => {
            if var.name == "OTEL_HEADERS" && address.name.starts_with("OTEL_EXPORTER_OTLP") {
                warnings.push(format!(
                    "`OTEL_HEADERS` are sent to the endpoint of `{}`, which overrides OTEL_ENDPOINT",
                    address.name
                ));
            }
            headers::parse(&var, warnings)
        }
        None => HeaderMap::new(),
    };
    match preset {
        Some(row) => row.headers(env, &headers),
        None => Ok(headers),
    }
}

/// Whether requests are compressed.
fn gzip(env: &Env<'_>, names: &Names, preset: Option<&preset::Row>) -> Result<bool, ConfigError> {
    let compression = env.first(&[names.compression, "OTEL_EXPORTER_OTLP_COMPRESSION"]);
    Ok(match &compression {
        None => preset.is_some_and(preset::Row::gzip),
        Some(var) => match var.folded().as_str() {
            "gzip" => true,
            "none" => false,
            _ => return Err(var.choice("gzip, none")),
        },
    })
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
