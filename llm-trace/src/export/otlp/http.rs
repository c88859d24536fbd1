//! OTLP over HTTP. It blocks the calling thread and needs no runtime.

use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use opentelemetry::KeyValue;
use ureq::http::StatusCode;
use ureq::tls::{Certificate, ClientCert, PrivateKey, RootCerts, TlsConfig};
use ureq::{Agent, Body, Error, Proxy, Timeout};

use super::pem_files;
use super::refusal::{CONNECT_LIMIT, Refusal, RefusalKind, USER_AGENT, is_tls_failure};
use crate::diag::outside;
use crate::export::endpoint;
use crate::export::error::InitError;
use crate::export::export_operation::ExportOperation;
use crate::export::exporter::{Otlp, Protocol};
use crate::export::proxy;
use crate::semconv::Fact;

/// Responses are a few bytes long; larger ones are not OTLP.
const ANSWER_LIMIT: u64 = 4 << 20;

#[derive(Debug)]
pub(crate) struct HttpTransport {
    agent: Agent,
    otlp: Otlp,
    shown: String,
}

impl HttpTransport {
    pub(super) fn new(otlp: &Otlp) -> Result<Self, InitError> {
        let shown = endpoint::shown(&otlp.url);
        let proxy = otlp.proxy.as_ref().map(|proxy| Proxy::new(&proxy.0)).transpose();
        let proxy = proxy.map_err(|_| InitError::Transport { endpoint: shown.clone(), reason: proxy::WRONG.into() })?;
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            // A redirected POST would lose its body or its headers, so the redirect's target is reported as an error.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(USER_AGENT)
            .proxy(proxy)
            .tls_config(tls(otlp)?)
            .build()
            .new_agent();
        Ok(Self { agent, otlp: otlp.clone(), shown })
    }

    pub(super) fn send(&self, operation: &mut ExportOperation, body: Bytes, limit: Duration) -> Result<Bytes, Refusal> {
        let kind = if self.otlp.protocol == Protocol::HttpJson { "application/json" } else { "application/x-protobuf" };
        let mut request = self.agent.post(self.otlp.url.as_str()).header("content-type", kind);
        for (name, value) in &self.otlp.headers {
            request = request.header(name, value);
        }
        let request =
            request.config().timeout_global(Some(limit)).timeout_connect(Some(limit.min(CONNECT_LIMIT))).build();
        let answer = match gzip(&body).filter(|_| self.otlp.gzip) {
            Some(packed) => request.header("content-encoding", "gzip").send(packed.as_slice()),
            None => request.send(body.as_ref()),
        };
        if let Ok(answer) = &answer {
            operation.respond(KeyValue::new(Fact::HttpStatusCode.key(), i64::from(answer.status().as_u16())));
        }
        self.read(answer)
    }

    fn read(&self, answer: Result<ureq::http::Response<Body>, Error>) -> Result<Bytes, Refusal> {
        let mut answer = answer.map_err(|error| self.unreachable(&error))?;
        let status = answer.status();
        if status.is_success() {
            let body = answer.body_mut().with_config().limit(ANSWER_LIMIT).read_to_vec();
            // The batch was accepted, even if the response is incomplete.
            return Ok(body.unwrap_or_default().into());
        }
        let header = |name: &str| answer.headers().get(name).and_then(|v| v.to_str().ok());
        let kind = match status.as_u16() {
            413 => RefusalKind::TooLarge,
            429 | 502..=504 => RefusalKind::Later(header("retry-after").and_then(retry_after)),
            _ => RefusalKind::Rejected,
        };
        let hint = match status.as_u16() {
            301 | 302 | 303 | 307 | 308 => match header("location").map(|l| l.split(['?', '#']).next().unwrap_or(l)) {
                Some(location) => format!(": the endpoint redirects to {}, use that URL", outside(location)),
                None => String::new(),
            },
            401 | 403 => ": check the key in OTEL_HEADERS".into(),
            404 | 405 => ": check the path of the endpoint".into(),
            415 => ": the endpoint does not support this protocol, set OTEL_EXPORTER_OTLP_PROTOCOL".into(),
            _ => String::new(),
        };
        Err(Refusal { kind, text: format!("{} answered {}{hint}", self.shown, describe(status)) })
    }

    fn unreachable(&self, error: &Error) -> Refusal {
        let kind = match error {
            // Connecting has a separate timeout, so any other timeout means that the request was sent.
            Error::Timeout(Timeout::Resolve | Timeout::Connect) => RefusalKind::Unreachable,
            Error::Timeout(_) => RefusalKind::Unanswered,
            Error::Tls(_) | Error::Rustls(_) | Error::Pem(_) | Error::BadUri(_) => RefusalKind::Rejected,
            Error::Io(error) if is_tls_failure(error) => RefusalKind::Rejected,
            _ => RefusalKind::Unreachable,
        };
        Refusal { kind, text: format!("cannot send to {}: {}", self.shown, outside(&error.to_string())) }
    }
}

fn describe(status: StatusCode) -> String {
    match status.canonical_reason() {
        Some(reason) => format!("{} {reason}", status.as_u16()),
        None => status.as_u16().to_string(),
    }
}

/// Parses seconds or a date.
fn retry_after(value: &str) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(date.duration_since(SystemTime::now()).unwrap_or_default())
}

fn gzip(body: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body).ok()?;
    encoder.finish().ok()
}

fn tls(otlp: &Otlp) -> Result<TlsConfig, InitError> {
    let roots = match &otlp.tls.ca {
        None => RootCerts::PlatformVerifier,
        Some((variable, path)) => RootCerts::Specific(Arc::new(certificates(variable, path)?)),
    };
    let client = match &otlp.tls.client {
        None => None,
        Some([(chain_variable, chain), (key_variable, key)]) => {
            let chain = certificates(chain_variable, chain)?;
            let pem = pem_files::private_key(key_variable, key)?;
            let key = PrivateKey::from_pem(&pem)
                .map_err(|_| pem_files::error(key_variable, key, "it holds no private key that can be read"))?;
            Some(ClientCert::new_with_certs(&chain, key))
        }
    };
    Ok(TlsConfig::builder().root_certs(roots).client_cert(client).build())
}

fn certificates(variable: &str, path: &std::path::Path) -> Result<Vec<Certificate<'static>>, InitError> {
    let found = pem_files::certificates(variable, path)?.all;
    Ok(found.iter().map(|certificate| Certificate::from_der(certificate).to_owned()).collect())
}
