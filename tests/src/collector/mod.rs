//! An in-process OTLP collector: HTTP (protobuf and JSON) and gRPC on one port, plain or gzip.
//!
//! It keeps the exact bytes received, so that a test can check the data that left the process.
//!
//! ```
//! use llm_trace_tests::collector::Collector;
//! use opentelemetry::trace::{Tracer, TracerProvider};
//!
//! let collector = Collector::start();
//! let provider = collector.provider();
//! provider.tracer("demo").in_span("work", |_| {});
//! assert_eq!(collector.spans()[0].span.name, "work");
//! ```

mod exporter;
mod received;
mod server;
mod signals;
mod store;

pub use received::{ReceivedSpan, attribute, attributes_json, value_json};
pub use server::Answer;
pub use signals::{ReceivedLog, Series};
pub use store::{Counted, Request};

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use opentelemetry_proto::tonic::collector::{
    logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest, trace::v1::ExportTraceServiceRequest,
};
use opentelemetry_sdk::trace::{SdkTracerProvider, SimpleSpanProcessor};

pub use exporter::CollectorExporter;

/// A running collector. It stops when dropped.
pub struct Collector {
    addr: SocketAddr,
    store: Arc<store::Store>,
    _server: server::Server,
}

impl Collector {
    /// Starts a collector on a free loopback port, with its own thread and runtime.
    pub fn start() -> Self {
        let store = Arc::new(store::Store::default());
        let (server, addr) = server::Server::start(Arc::clone(&store), None);
        Self { addr, store, _server: server }
    }

    /// Like [`start`](Self::start), over TLS with this PEM certificate chain and key. With a client CA it requests
    /// client certificates.
    pub fn start_tls(cert_pem: &str, key_pem: &str, client_ca_pem: Option<&str>) -> Self {
        let store = Arc::new(store::Store::default());
        let tls = server::tls_config(cert_pem, key_pem, client_ca_pem);
        let (server, addr) = server::Server::start(Arc::clone(&store), Some(tls));
        Self { addr, store, _server: server }
    }

    /// The endpoint for HTTP and gRPC: `http://127.0.0.1:<port>`.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// The port of the collector.
    pub fn port(&self) -> u16 {
        self.addr.port()
    }

    /// Sets the answers to the next requests, one each. Later requests succeed.
    pub fn answer_next(&self, answers: impl IntoIterator<Item = Answer>) {
        self.store.answer_next(answers);
    }

    /// Sets the answers to all requests that follow those of [`answer_next`](Self::answer_next).
    pub fn answer_by(&self, answer: impl FnMut(&Request) -> Answer + Send + 'static) {
        self.store.answer_by(Box::new(answer));
    }

    /// Stops keeping requests and only counts spans by name, for amounts that do not fit in memory.
    pub fn count_only(&self) {
        self.store.count_only();
    }

    /// The counts since [`count_only`](Self::count_only).
    pub fn counted(&self) -> Counted {
        self.store.counted()
    }

    /// Rejects messages above this size, like a collector with such a limit.
    pub fn refuse_above(&self, bytes: usize) {
        self.store.refuse_above(bytes);
    }

    /// Every request so far.
    pub fn requests(&self) -> Vec<Request> {
        self.store.requests()
    }

    /// The trace requests so far, decoded.
    pub fn trace_requests(&self) -> Vec<ExportTraceServiceRequest> {
        self.store.requests().iter().filter(|r| r.accepted).filter_map(Request::traces).collect()
    }

    /// The metric requests so far, decoded.
    pub fn metric_requests(&self) -> Vec<ExportMetricsServiceRequest> {
        self.store.requests().iter().filter(|r| r.accepted).filter_map(Request::metrics).collect()
    }

    /// The log requests so far, decoded.
    pub fn log_requests(&self) -> Vec<ExportLogsServiceRequest> {
        self.store.requests().iter().filter(|r| r.accepted).filter_map(Request::logs).collect()
    }

    /// The accepted spans so far, in order of arrival, each with its scope and resource.
    pub fn spans(&self) -> Vec<ReceivedSpan> {
        received::flatten(self.trace_requests())
    }

    /// The only span with this name.
    ///
    /// # Panics
    /// If there is none, or more than one.
    pub fn span(&self, name: &str) -> ReceivedSpan {
        let spans = self.spans();
        let names: Vec<_> = spans.iter().map(|s| s.span.name.clone()).collect();
        let mut found = spans.into_iter().filter(|s| s.span.name == name);
        match (found.next(), found.next()) {
            (Some(span), None) => span,
            (None, _) => panic!("no span {name:?} among {names:?}"),
            _ => panic!("more than one span {name:?} among {names:?}"),
        }
    }

    /// Waits until `count` spans have arrived, or fails the test after `limit`.
    ///
    /// # Panics
    /// If they do not arrive in time.
    pub fn wait_for_spans(&self, count: usize, limit: Duration) -> Vec<ReceivedSpan> {
        let mut spans = Vec::new();
        let came = self.store.wait(limit, || {
            spans = self.spans();
            spans.len() >= count
        });
        assert!(came, "{} of {count} spans within {limit:?}: {:?}", spans.len(), self.requests());
        spans
    }

    /// Waits until `done` returns true for the requests, or fails the test after `limit`.
    ///
    /// # Panics
    /// If it does not return true in time.
    pub fn wait_for(&self, limit: Duration, done: impl Fn(&[Request]) -> bool) -> Vec<Request> {
        let came = self.store.wait(limit, || done(&self.requests()));
        assert!(came, "not within {limit:?}: {:?}", self.requests());
        self.requests()
    }

    /// All received headers and decompressed bodies, to search for data that must not be exported.
    pub fn raw_bytes(&self) -> Vec<u8> {
        self.store.requests().iter().flat_map(Request::raw_bytes).collect()
    }

    /// Whether `needle` occurs anywhere in the received data.
    pub fn saw(&self, needle: &str) -> bool {
        String::from_utf8_lossy(&self.raw_bytes()).contains(needle)
    }

    /// An exporter that passes encoded protobuf to this collector without a network.
    pub fn exporter(&self) -> CollectorExporter {
        CollectorExporter::new(Arc::clone(&self.store))
    }

    /// A provider whose spans arrive here as encoded bytes as soon as they end.
    pub fn provider(&self) -> SdkTracerProvider {
        SdkTracerProvider::builder().with_span_processor(SimpleSpanProcessor::new(self.exporter())).build()
    }

    /// Discards all received data.
    pub fn clear(&self) {
        self.store.clear();
    }
}
