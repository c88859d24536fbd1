//! One of several destinations of spans, configured in code.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;
use opentelemetry_sdk::trace::SpanProcessor;
use url::Url;

use super::disk::DiskLimits;
use super::endpoint;
use super::endpoint::Written;
use super::env::{Env, Var};
use super::error::{ConfigError, InitError};
use super::export_processor::ExportProcessor;
use super::exporter::{Hidden, Otlp, Protocol, Signal, Tls, write_target};
use super::exports::Exports;
use super::instrumentation_scope_processor::InstrumentationScopeProcessor;
use super::limits;
use super::limits::{EXPORT_TIMEOUT, Limits};
use super::{headers, proxy};
use crate::{NarrowProcessor, Policy, PolicyHandle, RedactProcessor, diag};

type View = Arc<dyn Fn(&str) -> bool + Send + Sync>;

/// A destination of spans, with its own headers, limits, policy and view.
///
/// `OTEL_*` variables do not affect it, and its settings do not affect other destinations. Only the usual proxy
/// variables (`HTTPS_PROXY`, `NO_PROXY`, …) apply, as they do for every HTTP client of the process.
///
/// [`build`](Self::build) returns a span processor. It limits batches by bytes, resends or counts rejected spans, and
/// never blocks a call. One provider can have several:
///
/// ```
/// use llm_trace::export::Destination;
/// use llm_trace::{Capture, Policy};
/// use opentelemetry_sdk::trace::SdkTracerProvider;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let inside = Destination::http("http://collector.internal:4318")
///     .header("x-tenant", "platform")
///     .policy(Policy::new().capture(Capture::Span));
/// let vendor = Destination::http("https://otlp.example.com")
///     .header("authorization", "Bearer a-token-of-theirs")
///     .gzip(true)
///     .policy(Policy::new().hash_identity(*b"a key of thirty-two random bytes"))
///     .view(|key| key.starts_with("gen_ai."));
/// let provider = SdkTracerProvider::builder()
///     .with_id_generator(llm_trace::TraceIdGenerator::default())
///     .with_span_processor(inside.build()?)
///     .with_span_processor(vendor.build()?)
///     .build();
/// opentelemetry::global::set_tracer_provider(provider);
/// # Ok(())
/// # }
/// ```
///
/// Without a [`policy`](Self::policy) no content is exported. The layer's policy applies first: a destination receives
/// only content that the layer captures. [`preset`](super::preset) creates a destination by a backend's name.
///
/// All options:
///
/// ```
/// use std::time::Duration;
///
/// use llm_trace::export::Destination;
///
/// # fn main() -> Result<(), llm_trace::export::InitError> {
/// let processor = Destination::http_json("https://collector.internal:4318")
///     .header("x-tenant", "acme")
///     .gzip(true)
///     .timeout(Duration::from_secs(5))
///     .max_batch_bytes(1_000_000)
///     .max_batch_spans(256)
///     .max_queue_bytes(16 << 20)
///     .max_queue_spans(10_000)
///     .delay(Duration::from_secs(1))
///     .build()?;
/// assert_eq!(processor.stats().get().dropped(), 0);
/// # Ok(())
/// # }
/// ```
///
/// gRPC with custom certificates:
///
/// ```no_run
/// use llm_trace::export::Destination;
///
/// # fn main() -> Result<(), llm_trace::export::InitError> {
/// let processor = Destination::grpc("collector.internal:443")
///     .certificate("/etc/tls/ca.pem")
///     .client_certificate("/etc/tls/client.pem", "/etc/tls/client.key")
///     .build()?;
/// # drop(processor);
/// # Ok(())
/// # }
/// ```
#[must_use = "a destination does nothing until you call `build()`"]
#[derive(Clone)]
pub struct Destination {
    protocol: Protocol,
    address: Var,
    headers: HeaderMap,
    gzip: bool,
    timeout: Duration,
    tls: Tls,
    limits: Limits,
    policy: PolicyHandle,
    view: Option<View>,
    /// An invalid header, reported by `build`.
    wrong: Option<ConfigError>,
    spill: Option<PathBuf>,
    disk: DiskLimits,
}

/// Omits the values of headers.
impl fmt::Debug for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Destination({self})")
    }
}

/// A description with the names of the headers, but not their values.
impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.url(&mut Vec::new()) {
            Ok(url) if self.protocol == Protocol::File => write!(f, "files in {}", url.path()),
            Ok(url) => write_target(f, self.protocol, &endpoint::shown(&url), &self.headers),
            Err(error) => fmt::Display::fmt(&error, f),
        }
    }
}

impl Destination {
    /// Exports by HTTP with protobuf. `endpoint` is a URL, or `host:port`; `/v1/traces` is added unless the path
    /// already contains a signal.
    pub fn http(endpoint: impl Into<String>) -> Self {
        Self::new(Protocol::HttpProtobuf, Var { name: "endpoint", value: endpoint.into() })
    }

    /// Like [`http`](Self::http), with JSON.
    pub fn http_json(endpoint: impl Into<String>) -> Self {
        Self::new(Protocol::HttpJson, Var { name: "endpoint", value: endpoint.into() })
    }

    /// Exports by gRPC. `endpoint` is a URL, or `host:port`, with TLS for ports 443 and 8443.
    pub fn grpc(endpoint: impl Into<String>) -> Self {
        Self::new(Protocol::Grpc, Var { name: "endpoint", value: endpoint.into() })
    }

    /// Writes JSON lines to files in this directory: `traces.jsonl`, and closed files such as `traces.00000001.jsonl`.
    /// The Collector's `otlpjsonfile` receiver reads them.
    ///
    /// The directory is created if necessary. Only the process's user can read the files. A directory can be used by
    /// one process, and by one destination in it. See [`max_disk_bytes`](Self::max_disk_bytes).
    ///
    /// ```
    /// use llm_trace::export::Destination;
    ///
    /// # fn main() -> Result<(), llm_trace::export::InitError> {
    /// # let directory = std::env::temp_dir().join(format!("llm-trace-example-{}", std::process::id()));
    /// let processor = Destination::file(&directory).max_disk_bytes(100 << 20).build()?;
    /// # drop((processor, std::fs::remove_dir_all(directory)));
    /// # Ok(())
    /// # }
    /// ```
    pub fn file(directory: impl AsRef<std::path::Path>) -> Self {
        let value = directory.as_ref().display().to_string();
        Self::new(Protocol::File, Var { name: "directory", value })
    }

    fn new(protocol: Protocol, address: Var) -> Self {
        Self {
            protocol,
            address,
            headers: HeaderMap::new(),
            gzip: false,
            timeout: EXPORT_TIMEOUT,
            tls: Tls::default(),
            limits: Limits::default(),
            policy: PolicyHandle::new(Policy::new()),
            view: None,
            wrong: None,
            spill: None,
            disk: DiskLimits::DEFAULT,
        }
    }

    pub(super) fn of_preset(
        protocol: Protocol,
        address: Var,
        headers: HeaderMap,
        gzip: bool,
        max_bytes: Option<usize>,
    ) -> Self {
        let mut limits = Limits::default();
        limits.batch_bytes = max_bytes.unwrap_or(limits.batch_bytes);
        Self { headers, gzip, limits, ..Self::new(protocol, address) }
    }

    /// Sends this header, or gRPC metadata, with every request. A second header of the same name replaces the first.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let set = headers::name(name).and_then(|name| {
            let value = headers::value(value.trim().as_bytes()).map_err(str::to_owned)?;
            Ok((name, value))
        });
        match set {
            Ok((name, value)) => drop(self.headers.insert(name, value)),
            Err(reason) => {
                let error = ConfigError::Header { header: name.to_owned(), reason };
                self.wrong.get_or_insert(error);
            }
        }
        self
    }

    /// Compresses requests with gzip. Off by default, unless a preset's backend recommends it.
    pub fn gzip(mut self, on: bool) -> Self {
        self.gzip = on;
        self
    }

    /// The time limit of one request; 10 seconds by default, at most 24 days.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = limits::at_most_longest(limit.max(Duration::from_millis(1)));
        self
    }

    /// Trusts the PEM certificates in this file instead of the system's root certificates.
    pub fn certificate(mut self, path: impl Into<PathBuf>) -> Self {
        self.tls.ca = Some(("certificate", path.into()));
        self
    }

    /// Authenticates with this certificate chain and key, both in PEM format.
    pub fn client_certificate(mut self, chain: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        self.tls.client = Some([("client certificate", chain.into()), ("client key", key.into())]);
        self
    }

    /// The maximum size of a request in bytes before compression; 3,500,000 by default, at most 1,000,000,000.
    pub fn max_batch_bytes(mut self, bytes: usize) -> Self {
        self.limits.batch_bytes = bytes.max(1);
        self
    }

    /// The maximum number of spans in a request; 512 by default, at most 1,000,000.
    pub fn max_batch_spans(mut self, spans: usize) -> Self {
        self.limits.batch_records = spans.max(1);
        self
    }

    /// The maximum size of queued and exporting spans in bytes; 64 MiB by default, at most 1,000,000,000,000.
    pub fn max_queue_bytes(mut self, bytes: usize) -> Self {
        self.limits.queue_bytes = bytes.max(1);
        self
    }

    /// The maximum number of queued spans; 2,048 by default, at most 1,000,000.
    pub fn max_queue_spans(mut self, spans: usize) -> Self {
        self.limits.queue_records = spans.max(1);
        self
    }

    /// The longest time that a span waits for its batch to fill; 5 seconds by default, at most 24 days.
    pub fn delay(mut self, longest: Duration) -> Self {
        self.limits.delay = limits::at_most_longest(longest);
        self
    }

    /// Keeps spans in this directory while the destination does not accept them, and sends them later.
    ///
    /// They survive a restart of the program and are delivered at least once: after a restart or a lost response, some
    /// are sent twice. If the program is killed, only spans in memory are lost. The files contain the data that the
    /// [`policy`](Self::policy) permits, and no headers. A directory can be used by one destination.
    ///
    /// ```
    /// use llm_trace::export::Destination;
    ///
    /// # fn main() -> Result<(), llm_trace::export::InitError> {
    /// # let directory = std::env::temp_dir().join(format!("llm-trace-spill-{}", std::process::id()));
    /// let processor = Destination::http("http://localhost:4318").spill(&directory).build()?;
    /// # drop((processor, std::fs::remove_dir_all(directory)));
    /// # Ok(())
    /// # }
    /// ```
    pub fn spill(mut self, directory: impl Into<PathBuf>) -> Self {
        self.spill = Some(directory.into());
        self
    }

    /// The maximum size of the files of [`file`](Self::file) or [`spill`](Self::spill) in bytes; 1 GiB by default. The
    /// oldest files are removed and their spans counted.
    pub fn max_disk_bytes(mut self, bytes: u64) -> Self {
        self.disk = DiskLimits { bytes: bytes.max(1) };
        self
    }

    /// The policy for this destination; by default no content is exported. A [`PolicyHandle`] can be changed while the
    /// program runs.
    pub fn policy(mut self, policy: impl Into<PolicyHandle>) -> Self {
        self.policy = policy.into();
        self
    }

    /// Exports only the attributes for which `keep` returns true, given the key.
    pub fn view(mut self, keep: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        self.view = Some(Arc::new(keep));
        self
    }

    /// Builds the span processor. It connects with the first batch.
    ///
    /// # Errors
    /// If an address, a header, a number or a file is invalid, or if the feature of the protocol is off.
    pub fn build(self) -> Result<ExportProcessor, InitError> {
        self.limits.check()?;
        let (otlp, mut limits) = (self.otlp()?, self.limits);
        limits.batch_records = limits.batch_records.min(limits.queue_records);
        let mut exports = Exports::default();
        let batches = exports.span_batches(&otlp, limits, &self.policy)?;
        let inner: Box<dyn SpanProcessor> = match self.view {
            None => {
                Box::new(InstrumentationScopeProcessor::new(RedactProcessor::new(batches, &self.policy).with_recheck()))
            }
            Some(view) => {
                let narrow = NarrowProcessor::new(batches, move |key| crate::guard::otel::is_note(key) || view(key));
                Box::new(InstrumentationScopeProcessor::new(RedactProcessor::new(narrow, &self.policy).with_recheck()))
            }
        };
        Ok(ExportProcessor::new(inner, exports.stats()))
    }

    fn url(&self, warnings: &mut Vec<String>) -> Result<Url, ConfigError> {
        endpoint::resolve(&self.address, Written::ForAll, self.protocol, Signal::Traces, None, warnings)
    }

    fn otlp(&self) -> Result<Otlp, ConfigError> {
        if let Some(wrong) = &self.wrong {
            return Err(wrong.clone());
        }
        let mut warnings = Vec::new();
        let url = self.url(&mut warnings)?;
        warnings.iter().for_each(|warning| diag::warn(warning));
        Ok(Otlp {
            protocol: self.protocol,
            asked_by: self.address.name,
            proxy: proxy::find(&Env(&super::env::of_process), &url).map(Hidden),
            url,
            headers: self.headers.clone(),
            gzip: self.gzip,
            timeout: self.timeout,
            tls: self.tls.clone(),
            spill: self.spill.clone().filter(|_| self.protocol != Protocol::File),
            disk: self.disk,
        })
    }
}
