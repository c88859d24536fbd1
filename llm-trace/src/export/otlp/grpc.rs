//! OTLP over gRPC. It has its own thread and runtime, so it works in any program and can flush in any `Drop`.

use std::io;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use base64::Engine as _;
use bytes::{Buf, BufMut, Bytes};
use hyper_util::client::legacy::connect::{HttpConnector, proxy::Tunnel};
use opentelemetry::KeyValue;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tonic::client::Grpc;
use tonic::codec::{Codec, CompressionEncoding, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::codegen::http::uri::PathAndQuery;
use tonic::metadata::MetadataMap;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};
use tonic::{Code, Request, Status};
use tonic_types::StatusExt as _;

use super::pem_files;
use super::quiet::Quiet;
use super::recovery::{PAUSE, survive};
use super::refusal::{CONNECT_LIMIT, Refusal, RefusalKind, USER_AGENT, is_tls_failure};
use super::request::Encoded;
use crate::diag::outside;
use crate::export::endpoint;
use crate::export::error::InitError;
use crate::export::export_operation::ExportOperation;
use crate::export::exporter::{Otlp, Signal};
use crate::export::proxy;
use crate::threads;

/// The extra time to wait for a call beyond its limit, in case the thread has ended.
const GRACE: Duration = Duration::from_millis(500);

#[derive(Debug)]
pub(crate) struct GrpcTransport {
    jobs: UnboundedSender<Job>,
    shown: String,
}

#[derive(Debug)]
struct Job {
    request: Encoded,
    limit: Duration,
    answer: mpsc::SyncSender<Answer>,
}

/// `None` if no response arrived in time.
type Answer = Option<Result<Bytes, Status>>;

/// The state that each call needs.
#[derive(Clone)]
struct Client {
    channel: Channel,
    headers: MetadataMap,
    gzip: bool,
}

impl GrpcTransport {
    pub(super) fn new(otlp: &Otlp) -> Result<Self, InitError> {
        let shown = endpoint::shown(&otlp.url);
        let failed = |reason: String| InitError::Transport { endpoint: shown.clone(), reason };
        let mut target = Endpoint::from_shared(otlp.url.to_string())
            .and_then(|endpoint| endpoint.user_agent(USER_AGENT))
            .map_err(|e| failed(with_sources(&e)))?
            .connect_timeout(otlp.timeout.min(CONNECT_LIMIT));
        if otlp.url.scheme() == "https" {
            target = target.tls_config(tls(otlp)?).map_err(|e| failed(with_sources(&e)))?;
        }
        let headers = MetadataMap::from_headers(otlp.headers.clone());
        let gzip = otlp.gzip;
        let tunnel = match &otlp.proxy {
            Some(proxy) => Some(tunnel(&proxy.0).ok_or_else(|| failed(proxy::WRONG.into()))?),
            None => None,
        };
        // The runtime resolves names on its blocking threads.
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .on_thread_start(Quiet::for_thread)
            .thread_name("llm-trace-grpc-io")
            .build();
        let runtime = runtime.map_err(|e| failed(e.to_string()))?;
        let work = move |inbox: &mut UnboundedReceiver<Job>| {
            runtime.block_on(async {
                // The channel must be created inside the runtime.
                let channel = match &tunnel {
                    Some(tunnel) => target.connect_with_connector_lazy(tunnel.clone()),
                    None => target.connect_lazy(),
                };
                serve(&Client { channel, headers: headers.clone(), gzip }, inbox).await;
            });
        };
        Self::start(shown.clone(), work).map_err(|e| failed(e.to_string()))
    }

    /// Starts the thread. If `work` panics, it starts again with the jobs that wait.
    fn start(shown: String, mut work: impl FnMut(&mut UnboundedReceiver<Job>) + Send + 'static) -> io::Result<Self> {
        let (jobs, mut inbox) = unbounded_channel();
        let run = move || {
            let _quiet = Quiet::here();
            while survive("the thread of OTLP over gRPC", || work(&mut inbox)).is_none() {
                std::thread::sleep(PAUSE);
            }
        };
        threads::spawn("grpc", Box::new(run))?;
        Ok(Self { jobs, shown })
    }

    pub(super) fn send(
        &self,
        operation: &mut ExportOperation,
        request: Encoded,
        limit: Duration,
    ) -> Result<Bytes, Refusal> {
        let (answer, answered) = mpsc::sync_channel(1);
        let closed = |kind| Refusal { kind, text: format!("the connection to {} is closed", self.shown) };
        self.jobs.send(Job { request, limit, answer }).map_err(|_| closed(RefusalKind::Rejected))?;
        match answered.recv_timeout(limit.saturating_add(GRACE)) {
            Ok(Some(result)) => {
                if let Some(code) = code_of_server(&result) {
                    operation.respond(KeyValue::new("rpc.response.status_code", code_name(code)));
                }
                result.map_err(|status| self.refusal(&status))
            }
            // The thread panicked. It may have sent the request.
            Err(mpsc::RecvTimeoutError::Disconnected) => Err(closed(RefusalKind::Unanswered)),
            Ok(None) | Err(mpsc::RecvTimeoutError::Timeout) => Err(Refusal {
                kind: RefusalKind::Unanswered,
                text: format!("no answer from {} within {limit:?}", self.shown),
            }),
        }
    }

    fn refusal(&self, status: &Status) -> Refusal {
        let kind = match status.code() {
            Code::Unavailable => match retry_after(status) {
                Some(wait) => RefusalKind::Later(Some(wait)),
                // A status sent by the server has no local source.
                None if std::error::Error::source(status).is_none() => RefusalKind::Later(None),
                None if is_tls_failure(status) => RefusalKind::Rejected,
                None => RefusalKind::Unreachable,
            },
            Code::Cancelled | Code::DeadlineExceeded | Code::Aborted | Code::OutOfRange | Code::DataLoss => {
                RefusalKind::Later(None)
            }
            // With a retry time it means "not now", otherwise "too large".
            Code::ResourceExhausted => match retry_after(status) {
                Some(wait) => RefusalKind::Later(Some(wait)),
                None => RefusalKind::TooLarge,
            },
            _ => RefusalKind::Rejected,
        };
        let hint = match status.code() {
            Code::Unauthenticated | Code::PermissionDenied => ": check the key in OTEL_HEADERS",
            Code::Unimplemented => ": the endpoint does not support OTLP over gRPC, try OTEL_EXPORTER=otlp_http",
            _ => "",
        };
        let text = format!("{} answered {:?} ({}){hint}", self.shown, status.code(), reason(status));
        Refusal { kind, text }
    }
}

async fn serve(client: &Client, inbox: &mut UnboundedReceiver<Job>) {
    while let Some(job) = inbox.recv().await {
        let client = client.clone();
        tokio::spawn(async move {
            let call = client.call(job.request);
            let _ = job.answer.send(tokio::time::timeout(job.limit, call).await.ok());
        });
    }
}

impl Client {
    async fn call(self, request: Encoded) -> Result<Bytes, Status> {
        let path = match request.signal {
            Signal::Traces => "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
            Signal::Metrics => "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
            Signal::Logs => "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
        };
        let mut grpc = Grpc::new(self.channel).accept_compressed(CompressionEncoding::Gzip);
        if self.gzip {
            grpc = grpc.send_compressed(CompressionEncoding::Gzip);
        }
        grpc.ready().await.map_err(|error| {
            let mut status = Status::unavailable("no connection");
            status.set_source(Arc::new(error));
            status
        })?;
        let mut request = Request::new(request.body);
        *request.metadata_mut() = self.headers;
        grpc.unary(request, PathAndQuery::from_static(path), Raw).await.map(tonic::Response::into_inner)
    }
}

/// A codec for messages that are already encoded.
#[derive(Clone, Copy, Debug, Default)]
struct Raw;

impl Codec for Raw {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, dst: &mut EncodeBuf<'_>) -> Result<(), Status> {
        dst.put(item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, src: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(src.copy_to_bytes(src.remaining())))
    }
}

/// A connection through an HTTP proxy. User and password are sent as they are in the URL.
fn tunnel(proxy: &str) -> Option<Tunnel<HttpConnector>> {
    let url = proxy::parse(proxy)?;
    let address = format!("http://{}:{}", url.host_str()?, url.port_or_known_default()?);
    let tunnel = Tunnel::new(address.parse().ok()?, HttpConnector::new());
    if url.username().is_empty() {
        return Some(tunnel);
    }
    let decode = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
    let user = format!("{}:{}", decode(url.username()), decode(url.password().unwrap_or_default()));
    let user = base64::engine::general_purpose::STANDARD.encode(user);
    Some(tunnel.with_auth(format!("Basic {user}").parse().ok()?))
}

fn tls(otlp: &Otlp) -> Result<ClientTlsConfig, InitError> {
    let mut tls = ClientTlsConfig::new();
    tls = match &otlp.tls.ca {
        None => tls.with_enabled_roots(),
        Some((variable, path)) => {
            tls.ca_certificate(Certificate::from_pem(pem_files::certificates(variable, path)?.pem))
        }
    };
    if let Some([(chain_variable, chain), (key_variable, key)]) = &otlp.tls.client {
        let chain = pem_files::certificates(chain_variable, chain)?.pem;
        tls = tls.identity(Identity::from_pem(chain, pem_files::private_key(key_variable, key)?));
    }
    Ok(tls)
}

/// The code that the server sent. Failures of the connection have a code too, and a local source.
fn code_of_server(result: &Result<Bytes, Status>) -> Option<Code> {
    match result {
        Ok(_) => Some(Code::Ok),
        Err(status) => std::error::Error::source(status).is_none().then_some(status.code()),
    }
}

/// The retry time that the server requests in the status detail `google.rpc.RetryInfo`.
fn retry_after(status: &Status) -> Option<Duration> {
    status.get_details_retry_info()?.retry_delay
}

fn reason(status: &Status) -> String {
    match std::error::Error::source(status) {
        Some(source) => format!("{}: {}", outside(status.message()), outside(&with_sources(source))),
        None => outside(status.message()).into_owned(),
    }
}

/// An error with its causes: tonic's own text is only "transport error".
fn with_sources(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    // A few causes are sufficient.
    for _ in 0..16 {
        let Some(cause) = source else { break };
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}

/// The name of a code in gRPC's specification, such as `DEADLINE_EXCEEDED`.
fn code_name(code: Code) -> String {
    let mut name = String::new();
    for letter in format!("{code:?}").chars() {
        if letter.is_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(letter.to_ascii_uppercase());
    }
    name
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::time::Duration;

    use tonic::{Code, Status};
    use tonic_types::{ErrorDetails, StatusExt as _};

    use super::{Bytes, Encoded, ExportOperation, GrpcTransport, RefusalKind, Signal, retry_after};

    #[test]
    fn the_thread_starts_again_after_a_panic() {
        let mut starts = 0;
        let transport = GrpcTransport::start("a collector".into(), move |inbox| {
            starts += 1;
            while let Some(job) = inbox.blocking_recv() {
                assert!(starts > 2, "the first two starts panic");
                let _ = job.answer.send(Some(Ok(job.request.body)));
            }
        });
        let transport = transport.unwrap();
        let send = |body: &'static [u8]| {
            let request = Encoded { signal: Signal::Traces, body: Bytes::from_static(body) };
            transport.send(&mut ExportOperation::start(), request, Duration::from_secs(60))
        };
        let lost = [b"one", b"two"].map(|body| send(body).map_err(|refusal| refusal.kind));
        assert_eq!(lost, [Err(RefusalKind::Unanswered), Err(RefusalKind::Unanswered)]);
        assert_eq!(send(b"three").unwrap(), "three");
    }

    #[test]
    fn the_retry_delay_is_read_from_the_status_details() {
        let wait = Duration::from_millis(1500);
        let details = ErrorDetails::with_retry_info(Some(wait));
        let asked = Status::with_error_details(Code::ResourceExhausted, "later", details);
        assert_eq!(retry_after(&asked), Some(wait));
        assert_eq!(retry_after(&Status::resource_exhausted("too much")), None);
        let broken = Status::with_details(Code::Unavailable, "later", bytes::Bytes::from_static(b"\xff\xff"));
        assert_eq!(retry_after(&broken), None);
    }
}
