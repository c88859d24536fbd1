//! The export path, tested with the bytes that a collector receives.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use llm_trace::export::{self, InitError, Parts};
use llm_trace_tests::collector::{Answer, Collector, Request};
use opentelemetry::KeyValue;
use opentelemetry::trace::{Span, Tracer, TracerProvider};

const LIMIT: Duration = Duration::from_secs(10);

fn try_parts(vars: &[(&str, &str)]) -> Result<Parts, InitError> {
    let vars: HashMap<String, String> = vars.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
    export::from_lookup(&move |name| vars.get(name).cloned())
}

fn parts(vars: &[(&str, &str)]) -> Parts {
    try_parts(vars).unwrap_or_else(|e| panic!("{e}"))
}

fn span(parts: &Parts, name: &'static str) {
    let mut span = parts.provider.tracer("app").start(name);
    span.set_attribute(KeyValue::new("number", 7));
}

/// Sends one span and returns the request that contained it.
fn send_one(collector: &Collector, vars: &[(&str, &str)]) -> Request {
    let parts = parts(vars);
    span(&parts, "work");
    assert!(parts.telemetry.shutdown(LIMIT));
    let work = collector.span("work");
    assert_eq!(work.attribute("number").unwrap(), 7);
    assert_eq!(work.resource_attribute("telemetry.sdk.language").unwrap(), "rust");
    collector.requests().pop().unwrap()
}

#[test]
fn http_protobuf_is_a_post_with_headers_to_the_traces_path() {
    let collector = Collector::start();
    let endpoint = format!("{}?tenant=a", collector.endpoint());
    let vars = [
        ("OTEL_EXPORTER", "otlp_http"),
        ("OTEL_ENDPOINT", &endpoint),
        ("OTEL_HEADERS", "Authorization=Bearer%20secret,x-other=1"),
        ("OTEL_SERVICE_NAME", "shop"),
        ("OTEL_ENVIRONMENT_NAME", "prod"),
    ];
    let request = send_one(&collector, &vars);
    assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/v1/traces"));
    assert_eq!(request.query.as_deref(), Some("tenant=a"));
    assert_eq!(request.header("content-type"), "application/x-protobuf");
    assert_eq!((request.header("authorization"), request.header("x-other")), ("Bearer secret", "1"));
    assert_eq!(request.header("content-encoding"), "");
    assert!(request.header("user-agent").starts_with("llm-trace/"), "{request:?}");
    let work = collector.span("work");
    assert_eq!(work.resource_attribute("service.name").unwrap(), "shop");
    assert_eq!(work.resource_attribute("deployment.environment.name").unwrap(), "prod");
}

#[test]
fn http_json_is_json_on_the_wire() {
    let collector = Collector::start();
    let request = send_one(&collector, &[("OTEL_EXPORTER", "http/json"), ("OTEL_ENDPOINT", &collector.endpoint())]);
    assert_eq!((request.path.as_str(), request.header("content-type")), ("/v1/traces", "application/json"));
    let json: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
    let span = &json["resourceSpans"][0]["scopeSpans"][0]["spans"][0];
    assert_eq!((&span["name"], &span["attributes"][0]["value"]["intValue"]), (&"work".into(), &"7".into()));
    assert_eq!(span["traceId"].as_str().unwrap().len(), 32);
}

#[test]
fn grpc_calls_the_trace_service_with_metadata() {
    let collector = Collector::start();
    let endpoint = format!("localhost:{}", collector.port());
    let headers = ("OTEL_HEADERS", "Authorization=Bearer secret");
    let request = send_one(&collector, &[("OTEL_EXPORTER", "otlp_grpc"), ("OTEL_ENDPOINT", &endpoint), headers]);
    assert_eq!(request.path, "/opentelemetry.proto.collector.trace.v1.TraceService/Export");
    assert_eq!(request.header("content-type"), "application/grpc");
    assert_eq!(request.header("authorization"), "Bearer secret");
}

#[test]
fn gzip_is_gzip_over_every_transport() {
    for (exporter, header) in
        [("otlp_http", "content-encoding"), ("http/json", "content-encoding"), ("otlp_grpc", "grpc-encoding")]
    {
        let collector = Collector::start();
        let gzip = ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip");
        let vars = [("OTEL_EXPORTER", exporter), ("OTEL_ENDPOINT", &collector.endpoint()), gzip];
        let parts = parts(&vars);
        for _ in 0..50 {
            span(&parts, "work");
        }
        assert!(parts.telemetry.shutdown(LIMIT));
        let request = collector.requests().pop().unwrap();
        assert_eq!(collector.spans().len(), 50);
        assert_eq!(request.header(header), "gzip", "{exporter}");
        assert!(request.wire_size < request.body.len(), "{exporter}: {} on the wire", request.wire_size);
    }
}

struct Pki {
    ca: String,
    server: (String, String),
    client: (String, String),
    _dir: tempdir::Dir,
    dir: std::path::PathBuf,
}

impl Pki {
    /// Creates a CA, a certificate for localhost and a client certificate, the latter also as files.
    fn new() -> Self {
        use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let ca = params.self_signed(&key).unwrap().pem();
        let issuer = Issuer::new(params, key);
        let issue = |names: Vec<String>| {
            let key = KeyPair::generate().unwrap();
            let certificate = CertificateParams::new(names).unwrap().signed_by(&key, &issuer).unwrap();
            (certificate.pem(), key.serialize_pem())
        };
        let (server, client) = (issue(vec!["localhost".into()]), issue(vec!["client".into()]));
        let _dir = tempdir::Dir::new();
        let dir = _dir.path().to_owned();
        for (name, pem) in [("ca.pem", &ca), ("client.pem", &client.0), ("client.key", &client.1)] {
            std::fs::write(dir.join(name), pem).unwrap();
        }
        Self { ca, server, client, _dir, dir }
    }

    fn file(&self, name: &str) -> String {
        self.dir.join(name).display().to_string()
    }
}

/// A temporary directory that is deleted when dropped.
mod tempdir {
    pub struct Dir(std::path::PathBuf);

    impl Dir {
        pub fn new() -> Self {
            use std::sync::atomic::{AtomicU32, Ordering};
            static COUNT: AtomicU32 = AtomicU32::new(0);
            let name = format!("llm-trace-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
            let path = std::env::temp_dir().join(name);
            std::fs::create_dir_all(&path).unwrap();
            Self(path)
        }

        pub fn path(&self) -> &std::path::Path {
            &self.0
        }
    }

    impl Drop for Dir {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }
}

#[test]
fn tls_with_a_private_ca_and_a_client_certificate_works_over_every_transport() {
    let pki = Pki::new();
    let collector = Collector::start_tls(&pki.server.0, &pki.server.1, Some(&pki.ca));
    let endpoint = format!("https://localhost:{}", collector.port());
    let (ca, chain, key) = (pki.file("ca.pem"), pki.file("client.pem"), pki.file("client.key"));
    assert!(!pki.client.0.is_empty());
    for exporter in ["otlp_http", "http/json", "otlp_grpc"] {
        let vars = [
            ("OTEL_EXPORTER", exporter),
            ("OTEL_ENDPOINT", &endpoint),
            ("OTEL_EXPORTER_OTLP_CERTIFICATE", &ca),
            ("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", &chain),
            ("OTEL_EXPORTER_OTLP_CLIENT_KEY", &key),
        ];
        send_one(&collector, &vars);
        collector.clear();
    }
}

#[test]
fn an_untrusted_server_receives_nothing() {
    let pki = Pki::new();
    let collector = Collector::start_tls(&pki.server.0, &pki.server.1, None);
    let endpoint = format!("https://localhost:{}", collector.port());
    for exporter in ["otlp_http", "otlp_grpc"] {
        // Without the CA variable the system's root certificates apply, which do not include this CA.
        let parts = parts(&[("OTEL_EXPORTER", exporter), ("OTEL_ENDPOINT", &endpoint)]);
        span(&parts, "work");
        parts.telemetry.shutdown(LIMIT);
        assert!(collector.requests().is_empty(), "{exporter}");
    }
}

#[test]
fn a_file_that_cannot_be_read_is_an_error_that_names_the_variable() {
    for exporter in ["otlp_http", "otlp_grpc"] {
        let vars = [
            ("OTEL_EXPORTER", exporter),
            ("OTEL_ENDPOINT", "https://localhost:1"),
            ("OTEL_EXPORTER_OTLP_CERTIFICATE", "/nowhere/ca.pem"),
        ];
        let error = try_parts(&vars).unwrap_err().to_string();
        assert!(error.starts_with("`OTEL_EXPORTER_OTLP_CERTIFICATE` names /nowhere/ca.pem: "), "{error}");
    }
}

#[test]
fn temporary_rejections_are_retried_and_permanent_ones_are_not() {
    for exporter in ["otlp_http", "otlp_grpc"] {
        let grpc = exporter == "otlp_grpc";
        let collector = Collector::start();
        let (later, never) = if grpc {
            (Answer::Grpc(14), Answer::Grpc(3))
        } else {
            (Answer::Status(503, Some(0)), Answer::Status(400, None))
        };
        collector.answer_next([later, never]);
        let parts = parts(&[("OTEL_EXPORTER", exporter), ("OTEL_ENDPOINT", &collector.endpoint())]);
        span(&parts, "work");
        parts.telemetry.flush();
        assert_eq!(collector.requests().len(), 2, "{exporter}");
        assert!(collector.spans().is_empty());
        span(&parts, "more");
        assert!(!parts.telemetry.shutdown(LIMIT), "{exporter}: one span was refused for good");
        assert_eq!(collector.spans().len(), 1);
    }
}

#[test]
fn a_dead_endpoint_does_not_delay_the_shutdown() {
    // A listener that never answers: the system accepts the connections and no data is returned.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", silent.local_addr().unwrap());
    for exporter in ["otlp_http", "otlp_grpc"] {
        let vars = [("OTEL_EXPORTER", exporter), ("OTEL_ENDPOINT", &endpoint), ("OTEL_EXPORTER_OTLP_TIMEOUT", "60000")];
        let parts = parts(&vars);
        span(&parts, "work");
        let start = Instant::now();
        assert!(!parts.telemetry.shutdown(Duration::from_millis(200)));
        // Well below the one-minute limit of an export.
        assert!(start.elapsed() < Duration::from_secs(30), "{exporter}");
    }
}

#[test]
fn a_closed_port_is_not_retried_during_shutdown() {
    let endpoint = {
        let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", gone.local_addr().unwrap())
    };
    for exporter in ["otlp_http", "otlp_grpc"] {
        let parts = parts(&[("OTEL_EXPORTER", exporter), ("OTEL_ENDPOINT", &endpoint)]);
        span(&parts, "work");
        let start = Instant::now();
        parts.telemetry.shutdown(Duration::from_secs(60));
        assert!(start.elapsed() < Duration::from_secs(30), "{exporter}");
    }
}

fn exports_from(drop_in: impl Fn(Parts)) {
    for exporter in ["otlp_http", "otlp_grpc"] {
        let collector = Collector::start();
        let parts = parts(&[("OTEL_EXPORTER", exporter), ("OTEL_ENDPOINT", &collector.endpoint())]);
        span(&parts, "work");
        drop_in(parts);
        assert_eq!(collector.spans().len(), 1, "{exporter}");
    }
}

#[test]
fn the_guard_flushes_when_dropped_in_a_blocking_program() {
    exports_from(drop);
}

#[test]
fn the_guard_flushes_when_dropped_inside_a_current_thread_runtime() {
    exports_from(|parts| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move { drop(parts) });
    });
}

#[test]
fn the_guard_flushes_when_dropped_inside_a_multi_thread_runtime() {
    exports_from(|parts| {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        runtime.block_on(async move { tokio::spawn(async move { drop(parts) }).await.unwrap() });
    });
}

#[test]
fn parts_made_inside_a_runtime_outlive_it() {
    for exporter in ["otlp_http", "otlp_grpc"] {
        let collector = Collector::start();
        let endpoint = collector.endpoint();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let parts = runtime.block_on(async { parts(&[("OTEL_EXPORTER", exporter), ("OTEL_ENDPOINT", &endpoint)]) });
        drop(runtime);
        span(&parts, "work");
        drop(parts);
        assert_eq!(collector.spans().len(), 1, "{exporter}");
    }
}

/// A proxy that opens one tunnel per connection, and the heads of the requests that it received.
fn proxy() -> (String, std::sync::mpsc::Receiver<String>) {
    use std::io::{BufRead, BufReader, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (heads, received) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let mut client = client.unwrap();
            let head: Vec<String> = BufReader::new(client.try_clone().unwrap())
                .lines()
                .map_while(Result::ok)
                .take_while(|line| !line.is_empty())
                .collect();
            let target = head[0].split(' ').nth(1).unwrap().to_owned();
            heads.send(head.join("\n")).unwrap();
            let mut server = std::net::TcpStream::connect(target).unwrap();
            client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
            let (mut from_client, mut to_server) = (client.try_clone().unwrap(), server.try_clone().unwrap());
            std::thread::spawn(move || std::io::copy(&mut from_client, &mut to_server));
            std::thread::spawn(move || std::io::copy(&mut server, &mut client));
        }
    });
    (address, received)
}

#[test]
fn a_proxy_is_used_with_its_credentials() {
    for exporter in ["otlp_http", "otlp_grpc"] {
        let (collector, (address, heads)) = (Collector::start(), proxy());
        let proxy = format!("http://user:p%40ss@{address}");
        let vars = [("OTEL_EXPORTER", exporter), ("OTEL_ENDPOINT", &collector.endpoint()), ("http_proxy", &proxy)];
        send_one(&collector, &vars);
        let head = heads.try_recv().unwrap();
        assert!(head.starts_with(&format!("CONNECT 127.0.0.1:{} ", collector.port())), "{exporter}: {head}");
        assert!(head.to_lowercase().contains("proxy-authorization: basic"), "{exporter}: {head}");
        assert!(head.contains("dXNlcjpwQHNz"), "{exporter}: {head}");

        collector.clear();
        send_one(&collector, &[vars[0], vars[1], vars[2], ("NO_PROXY", "127.0.0.1")]);
        assert!(heads.try_recv().is_err(), "{exporter}");
    }
}

#[test]
fn llm_spans_have_our_scope_and_schema_and_others_their_own() {
    let collector = Collector::start();
    let parts = parts(&[("OTEL_ENDPOINT", &collector.endpoint())]);
    let tracer = parts.provider.tracer("app");
    tracer.start("other").end();
    tracer
        .span_builder("chat m")
        .with_attributes([KeyValue::new("gen_ai.operation.name", "chat")])
        .start(&tracer)
        .end();
    drop(parts);
    let (other, chat) = (collector.span("other"), collector.span("chat m"));
    assert_eq!((other.scope.name.as_str(), other.schema_url.as_str()), ("app", ""));
    assert_eq!(chat.scope.name, "llm-trace");
    assert!(!chat.scope.version.is_empty());
    assert_eq!(chat.schema_url, "https://opentelemetry.io/schemas/1.41.1");
}

#[test]
fn disabled_creates_no_spans_and_none_still_creates_trace_ids() {
    let disabled = parts(&[("OTEL_SDK_DISABLED", "true")]);
    let span = disabled.provider.tracer("app").start("work");
    assert!(!span.is_recording() && !span.span_context().is_sampled());
    let none = parts(&[("OTEL_EXPORTER", "none")]);
    assert!(none.provider.tracer("app").start("work").span_context().is_valid());
}
