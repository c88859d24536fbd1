//! Resolves a configured address to one URL per signal.

use std::net::{Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

use super::env::Var;
use super::error::ConfigError;
use super::exporter::{Protocol, Signal};
use crate::diag::outside;

/// How specific a configured address is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Written {
    /// For all signals: each signal's path is added.
    ForAll,
    /// For one signal: used unchanged.
    ForOne,
}

/// The URL for this signal, by the rules in the module documentation of `export`.
pub(crate) fn resolve(
    var: &Var,
    written: Written,
    protocol: Protocol,
    signal: Signal,
    insecure: Option<bool>,
    warnings: &mut Vec<String>,
) -> Result<Url, ConfigError> {
    if protocol == Protocol::File {
        return directory(var);
    }
    let mut url = parse(var, protocol, insecure)?;
    if !url.username().is_empty() || url.password().is_some() {
        let _ = url.set_username("");
        let _ = url.set_password(None);
        warnings.push(format!("`{}`: the user name in the URL is ignored: set it in OTEL_HEADERS", var.name));
    }
    url.set_fragment(None);
    reach_loopback(&mut url);
    match protocol {
        Protocol::Grpc => {
            if url.path() != "/" {
                warnings.push(format!("`{}`: gRPC does not use a path, it is ignored", var.name));
            }
            url.set_path("");
            url.set_query(None);
        }
        Protocol::File => {}
        Protocol::HttpProtobuf | Protocol::HttpJson => {
            if written == Written::ForAll {
                add_path(&mut url, signal);
            } else if url.path() == "/" {
                warnings.push(format!(
                    "`{}` has no path and is used unchanged; most backends need `/v1/{signal}`",
                    var.name
                ));
            }
        }
    }
    hint_at_port(var, &url, protocol, warnings);
    Ok(url)
}

/// The default address of a local collector.
pub(crate) fn default(protocol: Protocol, signal: Signal) -> String {
    match protocol {
        Protocol::Grpc => "http://localhost:4317/".into(),
        Protocol::File => "otlp".into(),
        Protocol::HttpProtobuf | Protocol::HttpJson => format!("http://localhost:4318/v1/{signal}"),
    }
}

/// The URL without query and user information, safe to print.
pub(crate) fn shown(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    let _ = url.set_username("");
    let _ = url.set_password(None);
    // May be the end of a password that contains a slash.
    if url.path().contains('@') {
        url.set_path("");
    }
    url.to_string().trim_end_matches('/').to_owned()
}

fn parse(var: &Var, protocol: Protocol, insecure: Option<bool>) -> Result<Url, ConfigError> {
    let grpc = protocol == Protocol::Grpc;
    let error = |reason: String| ConfigError::Endpoint {
        variable: var.name.to_owned(),
        value: without_secrets(&var.value),
        reason,
        example: if grpc { "http://localhost:4317" } else { "http://localhost:4318" },
    };
    let url = match var.value.split_once("://") {
        Some((scheme, rest)) => {
            let scheme = match scheme.to_ascii_lowercase().as_str() {
                "http" => "http",
                "https" => "https",
                "grpc" if grpc => "http",
                "grpcs" if grpc => "https",
                other if is_scheme(other) => {
                    return Err(error(format!("`{}` is not a supported scheme", outside(other))));
                }
                // May be a password that contains `://`.
                _ => return Err(error("it does not begin with a scheme".into())),
            };
            Url::parse(&format!("{scheme}://{rest}"))
        }
        None => parse_bare(&var.value, protocol, insecure),
    };
    let url = url.map_err(|e| error(e.to_string()))?;
    match url.host_str() {
        Some(host) if !host.is_empty() => Ok(url),
        _ => Err(error("the host is missing".into())),
    }
}

/// Parses `host`, `host:port` or `host/path`. Common TLS ports get TLS.
fn parse_bare(text: &str, protocol: Protocol, insecure: Option<bool>) -> Result<Url, url::ParseError> {
    let mut url = Url::parse(&format!("http://{text}"))?;
    // `Url` hides the default port of `http`, so it is read from the text.
    let host_and_port = text.split(['/', '?', '#']).next().unwrap_or_default();
    let port = host_and_port.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok());
    let secure = match insecure {
        Some(insecure) => !insecure,
        None => matches!(port, Some(443 | 8443)),
    };
    if secure {
        url = Url::parse(&format!("https://{text}"))?;
    }
    if port.is_none() {
        let _ = url.set_port(Some(if protocol == Protocol::Grpc { 4317 } else { 4318 }));
    }
    Ok(url)
}

/// Some systems cannot connect to a wildcard address, which stands for the local host here.
fn reach_loopback(url: &mut Url) {
    match url.host() {
        Some(Host::Ipv4(ip)) if ip.is_unspecified() => drop(url.set_ip_host(Ipv4Addr::LOCALHOST.into())),
        Some(Host::Ipv6(ip)) if ip.is_unspecified() => drop(url.set_ip_host(Ipv6Addr::LOCALHOST.into())),
        _ => {}
    }
}

/// Adds the signal's path once; keeps a vendor's own signal path unchanged.
fn add_path(url: &mut Url, signal: Signal) {
    let mut segments: Vec<String> = url.path().split('/').filter(|s| !s.is_empty()).map(str::to_owned).collect();
    match segments.last().map(String::as_str) {
        Some("traces" | "metrics" | "logs") => {
            segments.pop();
            segments.push(signal.to_string());
        }
        Some("v1") => segments.push(signal.to_string()),
        _ if names_a_signal(&segments) => return,
        _ => segments.extend(["v1".to_owned(), signal.to_string()]),
    }
    url.set_path(&segments.join("/"));
}

/// Whether a version segment is followed by a signal, as in `/v2/trace/otlp`.
fn names_a_signal(segments: &[String]) -> bool {
    let is_version = |s: &str| s.strip_prefix('v').is_some_and(|n| n.starts_with(|c: char| c.is_ascii_digit()));
    let is_signal =
        |s: &str| matches!(s, "trace" | "traces" | "span" | "spans" | "metric" | "metrics" | "log" | "logs");
    segments.windows(2).any(|pair| is_version(&pair[0]) && is_signal(&pair[1]))
}

fn hint_at_port(var: &Var, url: &Url, protocol: Protocol, warnings: &mut Vec<String>) {
    let hint = match (protocol, url.port()) {
        (Protocol::Grpc, Some(4318)) => "4318 is the usual port for HTTP: set OTEL_EXPORTER=otlp_http, or port 4317",
        (Protocol::HttpProtobuf | Protocol::HttpJson, Some(4317)) => {
            "4317 is the usual port for gRPC: set OTEL_EXPORTER=otlp_grpc, or port 4318"
        }
        _ => return,
    };
    warnings.push(format!("`{}`: {hint}", var.name));
}

fn is_scheme(text: &str) -> bool {
    text.len() <= 20 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
}

/// Removes possible secrets before an `@` or after a `?`, for error messages.
fn without_secrets(text: &str) -> String {
    let (scheme, rest) = match text.split_once("://") {
        Some((scheme, rest)) if is_scheme(scheme) => (format!("{scheme}://"), rest),
        _ => (String::new(), text),
    };
    let shown = match rest.rsplit_once('@') {
        // With these characters in a password, its end is ambiguous.
        Some((user, _)) if user.contains(['?', '#', '/', '\\']) => "…",
        Some((_, host)) => host,
        None => rest,
    };
    let shown = shown.split(['?', '#']).next().unwrap_or_default();
    format!("{scheme}{shown}")
}

/// Whether the value is a `file://` URL.
pub(crate) fn is_file(value: &str) -> bool {
    value.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("file:"))
}

/// Parses a directory: a `file://` URL, or a path.
fn directory(var: &Var) -> Result<Url, ConfigError> {
    let wrong = |reason: &str| ConfigError::Endpoint {
        variable: var.name.to_owned(),
        value: without_secrets(&var.value),
        reason: reason.to_owned(),
        example: "file:///var/log/otlp",
    };
    let path = if is_file(&var.value) {
        let url = Url::parse(&var.value).map_err(|error| wrong(&error.to_string()))?;
        url.to_file_path().map_err(|()| wrong("it is not a directory of this machine"))?
    } else if var.value.contains("://") {
        return Err(wrong("files go to a directory"));
    } else {
        std::path::absolute(&var.value).map_err(|error| wrong(&error.to_string()))?
    };
    Url::from_directory_path(path).map_err(|()| wrong("it is not a directory of this machine"))
}
