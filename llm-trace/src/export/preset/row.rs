//! The data of one preset, and how it is resolved.

use base64::Engine as _;
use http::HeaderMap;
use http::header::{Entry, HeaderName};

use crate::export::destination::Destination;
use crate::export::env::{Env, Var};
use crate::export::error::ConfigError;
use crate::export::exporter::{Protocol, Signal};
use crate::export::headers;

/// A backend.
#[derive(Debug)]
pub(crate) struct Row {
    pub(super) name: &'static str,
    /// The supported protocols, best first.
    pub(super) protocols: &'static [Protocol],
    pub(super) address: Address,
    pub(super) headers: &'static [Header],
    /// Whether the backend accepts only traces.
    pub(super) traces_only: bool,
    pub(super) gzip: bool,
    /// The maximum request size, if it is smaller than usual.
    pub(super) max_bytes: Option<usize>,
}

impl Row {
    pub(super) const PLAIN: Row = Row {
        name: "",
        protocols: &[],
        address: Address::NONE,
        headers: &[],
        traces_only: false,
        gzip: false,
        max_bytes: None,
    };
}

/// The address of a backend.
#[derive(Debug)]
pub(crate) struct Address {
    /// The vendor's variables that override the address; the first that is set applies.
    pub(super) own: &'static [&'static str],
    /// `{VARIABLE}` and `{VARIABLE|default}` are replaced by the variable's value.
    pub(super) http: &'static str,
    pub(super) grpc: &'static str,
    /// The gRPC port of addresses without a port.
    pub(super) grpc_port: Option<u16>,
    /// The path that is added to every address.
    pub(super) path: &'static str,
    /// A key variable, a prefix of its value, and the address for keys with this prefix.
    pub(super) eu: Option<(&'static str, &'static str, &'static str)>,
}

impl Address {
    pub(super) const NONE: Address = Address { own: &[], http: "", grpc: "", grpc_port: None, path: "", eu: None };
}

#[derive(Debug)]
pub(crate) struct Header {
    /// In lower case.
    pub(super) name: &'static str,
    pub(super) value: Value,
}

/// The value of a header, from variables.
#[derive(Debug)]
pub(crate) enum Value {
    Fixed(&'static str),
    Key(&'static str),
    Or(&'static str, &'static str),
    IfSet(&'static str),
    Bearer(&'static str),
    BearerIfSet(&'static str),
    Basic(&'static str, &'static str),
    BasicIfSet(&'static str, &'static str),
}

impl Row {
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    pub(crate) fn gzip(&self) -> bool {
        self.gzip
    }

    pub(crate) fn max_bytes(&self) -> Option<usize> {
        self.max_bytes
    }

    /// Whether it accepts this signal.
    pub(crate) fn takes(&self, signal: Signal) -> bool {
        signal == Signal::Traces || !self.traces_only
    }

    /// The preferred protocol among those that are compiled in.
    pub(crate) fn protocol(&self) -> Protocol {
        let mut all = self.protocols.iter().copied();
        all.clone().find(|protocol| protocol.is_compiled_in()).or(all.next()).unwrap_or(Protocol::HttpProtobuf)
    }

    /// Returns an error if the backend does not support the protocol that a variable selects.
    pub(crate) fn check(&self, protocol: Protocol, asked_by: &str) -> Result<(), ConfigError> {
        if self.protocols.contains(&protocol) {
            return Ok(());
        }
        let takes: Vec<_> = self.protocols.iter().map(ToString::to_string).collect();
        Err(ConfigError::PresetProtocol {
            variable: asked_by.to_owned(),
            protocol: protocol.to_string(),
            preset: self.name,
            takes: takes.join(", "),
        })
    }

    /// The address, without a signal's path.
    pub(crate) fn address(&self, env: &Env<'_>, protocol: Protocol) -> Result<Var, ConfigError> {
        let Address { own, http, grpc, grpc_port, path, eu } = &self.address;
        let is_grpc = protocol == Protocol::Grpc;
        let mut var = match env.first(own) {
            Some(var) => var,
            None => {
                let eu = eu.and_then(|(key, start, address)| {
                    env.get(key).is_some_and(|key| key.value.starts_with(start)).then_some(address)
                });
                let template = eu.unwrap_or(if is_grpc && !grpc.is_empty() { grpc } else { http });
                Var { name: super::VARIABLE, value: self.fill(template, env)? }
            }
        };
        let trimmed = var.value.trim_end_matches('/');
        let path = if trimmed.ends_with(path) { "" } else { path };
        var.value = format!("{trimmed}{path}");
        if let Some(port) = grpc_port.filter(|_| is_grpc) {
            let host = var.value.split_once("://").map_or(var.value.as_str(), |(_, rest)| rest);
            if !host.contains(':') {
                var.value = format!("{}:{port}", var.value);
            }
        }
        Ok(var)
    }

    fn fill(&self, template: &str, env: &Env<'_>) -> Result<String, ConfigError> {
        let Some((before, rest)) = template.split_once('{') else { return Ok(template.to_owned()) };
        let Some((slot, after)) = rest.split_once('}') else { return Ok(template.to_owned()) };
        let (name, default) = slot.split_once('|').map_or((slot, None), |(name, default)| (name, Some(default)));
        let value = match (env.value(name), default) {
            (Some(value), _) => value,
            (None, Some(default)) => default.to_owned(),
            (None, None) => return Err(self.missing(name)),
        };
        Ok(format!("{before}{value}{after}"))
    }

    /// The headers, except for those that are `given`: they take precedence, and their keys are not required.
    pub(crate) fn headers(&self, env: &Env<'_>, given: &HeaderMap) -> Result<HeaderMap, ConfigError> {
        let mut all = given.clone();
        for header in self.headers {
            if given.contains_key(header.name) {
                continue;
            }
            let Some((variable, value)) = self.value(&header.value, env)? else { continue };
            let value = headers::value(value.as_bytes()).map_err(|reason| ConfigError::Header {
                header: header.name.to_owned(),
                reason: format!("{reason}: look at `{variable}`"),
            })?;
            if let Entry::Vacant(entry) = all.entry(HeaderName::from_static(header.name)) {
                entry.insert(value);
            }
        }
        Ok(all)
    }

    /// The value, with the variable it was read from.
    fn value(&self, value: &Value, env: &Env<'_>) -> Result<Option<(&'static str, String)>, ConfigError> {
        let key = |name: &'static str| env.value(name).ok_or_else(|| self.missing(name));
        let basic = |user: String, password: String| {
            format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}")))
        };
        Ok(match *value {
            Value::Fixed(text) => Some((super::VARIABLE, text.to_owned())),
            Value::Key(name) => Some((name, key(name)?)),
            Value::Or(name, default) => Some((name, env.value(name).unwrap_or_else(|| default.to_owned()))),
            Value::IfSet(name) => env.value(name).map(|value| (name, value)),
            Value::Bearer(name) => Some((name, format!("Bearer {}", key(name)?))),
            Value::BearerIfSet(name) => env.value(name).map(|token| (name, format!("Bearer {token}"))),
            Value::Basic(user, password) => Some((user, basic(key(user)?, key(password)?))),
            Value::BasicIfSet(user, password) => match env.value(user) {
                Some(name) => Some((user, basic(name, key(password)?))),
                None => None,
            },
        })
    }

    fn missing(&self, variable: &str) -> ConfigError {
        ConfigError::Key { preset: self.name, variable: variable.to_owned() }
    }

    /// The destination, from this row and the vendor's variables.
    pub(super) fn destination(&self, env: &Env<'_>) -> Result<Destination, ConfigError> {
        let protocol = self.protocol();
        let address = self.address(env, protocol)?;
        let headers = self.headers(env, &HeaderMap::new())?;
        Ok(Destination::of_preset(protocol, address, headers, self.gzip, self.max_bytes))
    }
}
