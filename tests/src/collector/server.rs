//! The collector's server: one handler for OTLP over HTTP/1, HTTP/2 and gRPC.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use opentelemetry_proto::tonic::collector::trace::v1::{ExportTracePartialSuccess, ExportTraceServiceResponse};
use prost::Message;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use tokio_rustls::rustls::{RootCertStore, ServerConfig, crypto, server::WebPkiClientVerifier};

use super::store::{Request, Store, gunzip};

/// An answer to a request.
#[derive(Clone, Debug, Default)]
pub enum Answer {
    /// Full success.
    #[default]
    Ok,
    /// An HTTP status, with `Retry-After` in seconds if given.
    Status(u16, Option<u64>),
    /// A gRPC status code.
    Grpc(i32),
    /// Too large: 413, or RESOURCE_EXHAUSTED.
    TooLarge,
    /// Success with this number of rejected spans.
    Partial(i64),
    /// No answer within this time; the data is not kept.
    Slow(Duration),
    /// Full success, after this time.
    After(Duration),
    /// Closes the connection without an answer; the data is not kept.
    Reset,
    /// Keeps the batch, but sends an incomplete answer.
    Half,
    /// Answers with meaningless bytes that include control characters; over HTTP the batch is kept.
    Garbage,
}

pub(super) struct Server {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Server {
    pub(super) fn start(store: Arc<Store>, tls: Option<Arc<ServerConfig>>) -> (Self, SocketAddr) {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.set_nonblocking(true).expect("non-blocking");
        let addr = listener.local_addr().expect("an address");
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new()
            .name("collector".into())
            .spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
                runtime.block_on(async move {
                    let listener = TcpListener::from_std(listener).expect("a listener");
                    tokio::select! {
                        () = accept(listener, store, tls) => {}
                        _ = stopped => {}
                    }
                });
                runtime.shutdown_background();
            })
            .expect("a thread");
        (Self { stop: Some(stop), thread: Some(thread) }, addr)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The TLS configuration of a server with one certificate. With a CA it requests client certificates.
pub(super) fn tls_config(cert_pem: &str, key_pem: &str, client_ca_pem: Option<&str>) -> Arc<ServerConfig> {
    let chain = certificates(cert_pem);
    let key = PrivateKeyDer::from_pem_slice(key_pem.as_bytes()).expect("a PEM key");
    let provider = Arc::new(crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .expect("versions");
    let builder = match client_ca_pem {
        None => builder.with_no_client_auth(),
        Some(ca) => {
            let mut roots = RootCertStore::empty();
            roots.add_parsable_certificates(certificates(ca));
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
            builder.with_client_cert_verifier(verifier.expect("a verifier"))
        }
    };
    let mut config = builder.with_single_cert(chain, key).expect("a certificate with its key");
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Arc::new(config)
}

fn certificates(pem: &str) -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_slice_iter(pem.as_bytes()).collect::<Result<_, _>>().expect("PEM certificates")
}

async fn accept(listener: TcpListener, store: Arc<Store>, tls: Option<Arc<ServerConfig>>) {
    let acceptor = tls.map(TlsAcceptor::from);
    while let Ok((stream, _)) = listener.accept().await {
        let (store, acceptor) = (Arc::clone(&store), acceptor.clone());
        tokio::spawn(async move {
            let service = hyper::service::service_fn(move |request| handle(Arc::clone(&store), request));
            let builder = auto::Builder::new(TokioExecutor::new());
            // Connection errors of a client are ignored.
            match acceptor {
                None => drop(builder.serve_connection(TokioIo::new(stream), service).await),
                Some(acceptor) => {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        drop(builder.serve_connection(TokioIo::new(stream), service).await);
                    }
                }
            }
        });
    }
}

async fn handle(
    store: Arc<Store>,
    request: http::Request<hyper::body::Incoming>,
) -> Result<Response<Body>, Box<dyn std::error::Error + Send + Sync>> {
    let (parts, body) = request.into_parts();
    let wire = body.collect().await?.to_bytes();
    let mut received = Request {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().map(str::to_owned),
        headers: parts.headers,
        wire_size: wire.len(),
        body: wire.to_vec(),
        accepted: false,
        rejected: 0,
    };
    let grpc = received.is_grpc();
    let plain = if grpc {
        unframe(&received.body)
    } else if received.header("content-encoding") == "gzip" {
        gunzip(&received.body)
    } else {
        Some(std::mem::take(&mut received.body))
    };
    let Some(plain) = plain else { return Ok(status(StatusCode::BAD_REQUEST)) };
    received.body = plain;
    let json = received.header("content-type").starts_with("application/json");
    // In JSON the name of this field depends on the signal; in protobuf all three are the same.
    let rejected_key = match received.signal() {
        "logs" => "rejectedLogRecords",
        "metrics" => "rejectedDataPoints",
        _ => "rejectedSpans",
    };
    let mut answer = store.receive(received);
    if let Answer::Reset = answer {
        // An error from the service closes the connection.
        return Err("reset by the test".into());
    }
    if let (Answer::TooLarge, grpc) = (&answer, grpc) {
        answer = if grpc { Answer::Grpc(8) } else { Answer::Status(413, None) };
    }
    if let Answer::Slow(time) | Answer::After(time) = answer {
        tokio::time::sleep(time).await;
    }
    Ok(if grpc { answer_grpc(&answer) } else { answer_http(&answer, json.then_some(rejected_key)) })
}

/// Extracts the message from a gRPC frame: a flag, four bytes of length, the message.
fn unframe(frame: &[u8]) -> Option<Vec<u8>> {
    let (flag, message) = (*frame.first()?, frame.get(5..)?);
    if flag == 1 { gunzip(message) } else { Some(message.to_vec()) }
}

fn status(code: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = code;
    response
}

fn partial_success(rejected: i64) -> ExportTraceServiceResponse {
    let error_message = "rejected by the test".to_owned();
    ExportTraceServiceResponse {
        partial_success: Some(ExportTracePartialSuccess { rejected_spans: rejected, error_message }),
    }
}

fn answer_http(answer: &Answer, json: Option<&str>) -> Response<Body> {
    if let Answer::Garbage = answer {
        return Response::new(Body::from(garbage()));
    }
    let body = match answer {
        Answer::Status(code, retry_after) => {
            let mut response = status(StatusCode::from_u16(*code).expect("a status"));
            if let Some(seconds) = retry_after {
                response.headers_mut().insert("retry-after", HeaderValue::from(*seconds));
            }
            return response;
        }
        Answer::Partial(rejected) => partial_success(*rejected),
        _ => ExportTraceServiceResponse::default(),
    };
    let (bytes, kind) = if let Some(rejected_key) = json {
        let text = serde_json::to_string(&body).expect("JSON").replace("rejectedSpans", rejected_key);
        (text.into_bytes(), "application/json")
    } else {
        (body.encode_to_vec(), "application/x-protobuf")
    };
    let mut response = Response::new(if matches!(answer, Answer::Half) { half(bytes) } else { Body::from(bytes) });
    response.headers_mut().insert("content-type", HeaderValue::from_static(kind));
    response
}

/// A body that fails after some bytes.
fn half(bytes: Vec<u8>) -> Body {
    let cut = async {
        // Sends the head and the first part of the body first.
        tokio::time::sleep(Duration::from_millis(20)).await;
        Err(std::io::Error::other("cut by the test"))
    };
    let start = futures_util::stream::iter([Ok(bytes)]);
    Body::from_stream(futures_util::StreamExt::chain(start, futures_util::stream::once(cut)))
}

/// Bytes that are not a message in any format.
fn garbage() -> Vec<u8> {
    (0..200_u8).map(|n| n.wrapping_mul(37) ^ 0x1b).collect()
}

fn answer_grpc(answer: &Answer) -> Response<Body> {
    if let Answer::Garbage = answer {
        let mut response = Response::new(Body::from(garbage()));
        response.headers_mut().insert("content-type", HeaderValue::from_static("application/grpc"));
        return response;
    }
    let (code, message) = match answer {
        Answer::Grpc(code) => (*code, None),
        Answer::Status(http, _) => return status(StatusCode::from_u16(*http).expect("a status")),
        Answer::Partial(rejected) => (0, Some(partial_success(*rejected))),
        _ => (0, Some(ExportTraceServiceResponse::default())),
    };
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from(code));
    let frame = message.map(|message| {
        let bytes = message.encode_to_vec();
        let mut frame = vec![0];
        frame.extend_from_slice(&(bytes.len() as u32).to_be_bytes());
        frame.extend_from_slice(&bytes);
        frame
    });
    let body = Full::new(bytes::Bytes::from(frame.unwrap_or_default()));
    let mut response = Response::new(Body::new(body.with_trailers(std::future::ready(Some(Ok(trailers))))));
    response.headers_mut().insert("content-type", HeaderValue::from_static("application/grpc"));
    response
}
