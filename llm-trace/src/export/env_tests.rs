//! A table of variables and the resulting configurations.
#![allow(clippy::unwrap_used, clippy::panic)]

use super::config::Config;
use super::exporter::{Exporter, Otlp, Protocol};

/// Formats a configuration as a line: exporter, URL, headers; then differences from the defaults; then `!` and each
/// warning.
pub(super) fn read(vars: &str) -> String {
    let get = lookup(vars);
    match Config::from_lookup(&get) {
        Err(error) => format!("error: {error}"),
        Ok(config) => {
            let exporter = match &config.exporter {
                Exporter::Disabled => "disabled".to_owned(),
                Exporter::None => "none".to_owned(),
                Exporter::Console { json: false } => "console".to_owned(),
                Exporter::Console { json: true } => "console_json".to_owned(),
                Exporter::Otlp(otlp) => describe(otlp),
            };
            format!("{exporter}{}", "!".repeat(config.warnings.len()))
        }
    }
}

fn describe(otlp: &Otlp) -> String {
    let protocol = match otlp.protocol {
        Protocol::HttpProtobuf => "http/protobuf",
        Protocol::HttpJson => "http/json",
        Protocol::Grpc => "grpc",
        Protocol::File => "otlp_file",
    };
    let mut words = vec![protocol.to_owned(), otlp.url.to_string()];
    words.extend(otlp.headers.iter().map(|(name, value)| format!("{name}={}", value.to_str().unwrap())));
    if otlp.gzip {
        words.push("gzip".into());
    }
    if otlp.timeout.as_millis() != 10_000 {
        words.push(format!("{}ms", otlp.timeout.as_millis()));
    }
    words.extend(otlp.tls.ca.iter().map(|(_, path)| format!("ca:{}", path.display())));
    words.extend(otlp.tls.client.iter().flatten().map(|(_, path)| format!("client:{}", path.display())));
    words.extend(otlp.proxy.iter().map(|proxy| format!("via:{}", proxy.0)));
    words.join(" ")
}

/// `NAME=value;NAME=value`.
pub(super) fn lookup(vars: &str) -> impl Fn(&str) -> Option<String> {
    let pairs: Vec<(String, String)> = vars
        .split(';')
        .filter_map(|pair| pair.trim_start().split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    move |name| pairs.iter().find(|(n, _)| n == name).map(|(_, value)| value.clone())
}

const E: &str = "http/protobuf http://localhost:4318/v1/traces";

#[rustfmt::skip]
const TABLE: &[(&str, &str)] = &[
    // Defaults and names
    ("", "console"),
    ("OTEL_EXPORTER=", "console"),
    ("OTEL_EXPORTER=  ;OTEL_ENDPOINT= ", "console"),
    ("OTEL_EXPORTER=console", "console"),
    ("OTEL_EXPORTER=CONSOLE", "console"),
    ("OTEL_EXPORTER=console_json", "console_json"),
    ("OTEL_EXPORTER=Console-JSON", "console_json"),
    ("OTEL_EXPORTER=none", "none"),
    ("OTEL_EXPORTER=otlp", E),
    ("OTEL_EXPORTER=otlp_http", E),
    ("OTEL_EXPORTER= OTLP_HTTP ", E),
    ("OTEL_EXPORTER=otlp-http", E),
    ("OTEL_EXPORTER=http/protobuf", E),
    ("OTEL_EXPORTER=http/json", "http/json http://localhost:4318/v1/traces"),
    ("OTEL_EXPORTER=HTTP/JSON", "http/json http://localhost:4318/v1/traces"),
    ("OTEL_EXPORTER=otlp_grpc", "grpc http://localhost:4317/"),
    ("OTEL_EXPORTER=grpc", "grpc http://localhost:4317/"),
    ("OTEL_EXPORTER=zipkin", "error: `OTEL_EXPORTER` is `zipkin`: use one of console, console_json, otlp_http, otlp_grpc, otlp_file, http/protobuf, http/json, grpc, none"),
    ("OTEL_TRACES_EXPORTER=jaeger", "error: `OTEL_TRACES_EXPORTER` is `jaeger`: use one of console, console_json, otlp_http, otlp_grpc, otlp_file, http/protobuf, http/json, grpc, none"),
    // Files
    ("OTEL_EXPORTER=otlp_file;OTEL_ENDPOINT=/var/log/app", "otlp_file file:///var/log/app/"),
    ("OTEL_EXPORTER=otlp_file;OTEL_ENDPOINT=file:///var/log/app", "otlp_file file:///var/log/app/"),
    ("OTEL_ENDPOINT=file:///var/log/app", "otlp_file file:///var/log/app/"),
    ("OTEL_ENDPOINT=file:///var/log/app;OTEL_HEADERS=a=b;OTEL_EXPORTER_OTLP_PROTOCOL=grpc", "otlp_file file:///var/log/app/"),
    ("OTEL_TRACES_EXPORTER=otlp;OTEL_EXPORTER=otlp_file;OTEL_ENDPOINT=/var/log/app", "otlp_file file:///var/log/app/"),
    // The four lines of the README
    ("OTEL_EXPORTER=otlp_http;OTEL_ENDPOINT=https://api.traceloop.com;OTEL_HEADERS=Authorization=Bearer%20<key>", "http/protobuf https://api.traceloop.com/v1/traces authorization=Bearer <key>"),
    ("OTEL_EXPORTER=otlp_http;OTEL_ENDPOINT=http://0.0.0.0:4318", "http/protobuf http://127.0.0.1:4318/v1/traces"),
    ("OTEL_EXPORTER=otlp_grpc;OTEL_ENDPOINT=http://0.0.0.0:4317", "grpc http://127.0.0.1:4317/"),
    ("OTEL_EXPORTER=otlp_grpc;OTEL_ENDPOINT=https://api.lmnr.ai:8443;OTEL_HEADERS=authorization=Bearer <key>", "grpc https://api.lmnr.ai:8443/ authorization=Bearer <key>"),
    // Precedence
    ("OTEL_EXPORTER=none;OTEL_TRACES_EXPORTER=console", "console"),
    ("OTEL_EXPORTER=otlp_grpc;OTEL_TRACES_EXPORTER=console", "console"),
    ("OTEL_EXPORTER=console;OTEL_TRACES_EXPORTER=otlp", E),
    ("OTEL_EXPORTER=otlp_grpc;OTEL_TRACES_EXPORTER=otlp", "grpc http://localhost:4317/"),
    ("OTEL_EXPORTER=console;OTEL_ENDPOINT=http://c:4318", "console"),
    ("OTEL_EXPORTER=none;OTEL_EXPORTER_OTLP_ENDPOINT=http://c:4318", "none"),
    ("OTEL_EXPORTER=otlp_grpc;OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf", "http/protobuf http://localhost:4318/v1/traces!"),
    ("OTEL_EXPORTER_OTLP_PROTOCOL=grpc;OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=http/json", "http/json http://localhost:4318/v1/traces"),
    ("OTEL_EXPORTER_OTLP_PROTOCOL=grpc", "grpc http://localhost:4317/"),
    ("OTEL_EXPORTER_OTLP_PROTOCOL=http", "error: `OTEL_EXPORTER_OTLP_PROTOCOL` is `http`: use one of http/protobuf, http/json, grpc"),
    ("OTEL_ENDPOINT=http://short:1;OTEL_EXPORTER_OTLP_ENDPOINT=http://standard:2;OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://signal:3/x", "http/protobuf http://signal:3/x"),
    ("OTEL_ENDPOINT=http://short:1;OTEL_EXPORTER_OTLP_ENDPOINT=http://standard:2", "http/protobuf http://standard:2/v1/traces"),
    ("OTEL_ENDPOINT=http://short:1;OTEL_EXPORTER_OTLP_ENDPOINT=", "http/protobuf http://short:1/v1/traces"),
    ("OTEL_ENDPOINT=http://c;OTEL_HEADERS=a=1;OTEL_EXPORTER_OTLP_HEADERS=b=2;OTEL_EXPORTER_OTLP_TRACES_HEADERS=c=3", "http/protobuf http://c/v1/traces c=3"),
    ("OTEL_EXPORTER_OTLP_ENDPOINT=http://c;OTEL_HEADERS=a=1", "http/protobuf http://c/v1/traces a=1!"),
    // Endpoints over HTTP
    ("OTEL_ENDPOINT=http://c:4318", "http/protobuf http://c:4318/v1/traces"),
    ("OTEL_ENDPOINT=http://c:4318/", "http/protobuf http://c:4318/v1/traces"),
    ("OTEL_ENDPOINT=http://c:4318/v1", "http/protobuf http://c:4318/v1/traces"),
    ("OTEL_ENDPOINT=http://c:4318/v1/", "http/protobuf http://c:4318/v1/traces"),
    ("OTEL_ENDPOINT=http://c:4318/v1/traces", "http/protobuf http://c:4318/v1/traces"),
    ("OTEL_ENDPOINT=http://c:4318/v1/traces/", "http/protobuf http://c:4318/v1/traces"),
    ("OTEL_ENDPOINT=http://c:4318/v1/metrics", "http/protobuf http://c:4318/v1/traces"),
    ("OTEL_ENDPOINT=http://c/base?tenant=a&x=1", "http/protobuf http://c/base/v1/traces?tenant=a&x=1"),
    ("OTEL_ENDPOINT=http://c/v1/logs?tenant=a#part", "http/protobuf http://c/v1/traces?tenant=a"),
    ("OTEL_ENDPOINT=https://cloud.langfuse.com/api/public/otel", "http/protobuf https://cloud.langfuse.com/api/public/otel/v1/traces"),
    ("OTEL_ENDPOINT=https://otlp-gateway.grafana.net/otlp", "http/protobuf https://otlp-gateway.grafana.net/otlp/v1/traces"),
    ("OTEL_ENDPOINT=https://ingest.us1.signalfx.com/v2/trace/otlp", "http/protobuf https://ingest.us1.signalfx.com/v2/trace/otlp"),
    ("OTEL_ENDPOINT=https://trace.example.com/otel/v1/traces", "http/protobuf https://trace.example.com/otel/v1/traces"),
    ("OTEL_ENDPOINT=HTTPS://Collector.Example.com", "http/protobuf https://collector.example.com/v1/traces"),
    ("OTEL_ENDPOINT=localhost:4318", "http/protobuf http://localhost:4318/v1/traces"),
    ("OTEL_ENDPOINT=localhost", "http/protobuf http://localhost:4318/v1/traces"),
    ("OTEL_ENDPOINT=api.example.com:443", "http/protobuf https://api.example.com/v1/traces"),
    ("OTEL_ENDPOINT=http://[::]:4318", "http/protobuf http://[::1]:4318/v1/traces"),
    ("OTEL_ENDPOINT=http://[::1]:4318/v1", "http/protobuf http://[::1]:4318/v1/traces"),
    ("OTEL_ENDPOINT=http://c:4317", "http/protobuf http://c:4317/v1/traces!"),
    ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://c:4318", "http/protobuf http://c:4318/!"),
    ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://c:4318/custom/", "http/protobuf http://c:4318/custom/"),
    ("OTEL_ENDPOINT=https://user:secret@c/", "http/protobuf https://c/v1/traces!"),
    ("OTEL_ENDPOINT=ftp://user:secret@c/x?key=secret", "error: `OTEL_ENDPOINT` is `ftp://c/x`: `ftp` is not a supported scheme; use a URL such as http://localhost:4318"),
    ("OTEL_ENDPOINT=http://", "error: `OTEL_ENDPOINT` is `http://`: empty host; use a URL such as http://localhost:4318"),
    ("OTEL_EXPORTER_OTLP_ENDPOINT=http://c:99999", "error: `OTEL_EXPORTER_OTLP_ENDPOINT` is `http://c:99999`: invalid port number; use a URL such as http://localhost:4318"),
    // Endpoints over gRPC
    ("OTEL_EXPORTER=grpc;OTEL_ENDPOINT=collector:4317", "grpc http://collector:4317/"),
    ("OTEL_EXPORTER=grpc;OTEL_ENDPOINT=collector", "grpc http://collector:4317/"),
    ("OTEL_EXPORTER=grpc;OTEL_ENDPOINT=127.0.0.1:4317", "grpc http://127.0.0.1:4317/"),
    ("OTEL_EXPORTER=grpc;OTEL_ENDPOINT=api.honeycomb.io:443", "grpc https://api.honeycomb.io/"),
    ("OTEL_EXPORTER=grpc;OTEL_ENDPOINT=collector:4317;OTEL_EXPORTER_OTLP_INSECURE=false", "grpc https://collector:4317/"),
    ("OTEL_EXPORTER=grpc;OTEL_ENDPOINT=collector:443;OTEL_EXPORTER_OTLP_INSECURE=true", "grpc http://collector:443/"),
    ("OTEL_EXPORTER=grpc;OTEL_ENDPOINT=https://c:4317;OTEL_EXPORTER_OTLP_INSECURE=true", "grpc https://c:4317/"),
    ("OTEL_EXPORTER=grpc;OTEL_ENDPOINT=grpcs://c:4317", "grpc https://c:4317/"),
    ("OTEL_EXPORTER=grpc;OTEL_ENDPOINT=http://c:4317/v1/traces", "grpc http://c:4317/!"),
    ("OTEL_EXPORTER=grpc;OTEL_ENDPOINT=http://c:4318", "grpc http://c:4318/!"),
    ("OTEL_EXPORTER=grpc;OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://c:4317", "grpc http://c:4317/"),
    ("OTEL_EXPORTER=grpc;OTEL_ENDPOINT=unix:///run/c.sock", "error: `OTEL_ENDPOINT` is `unix:///run/c.sock`: `unix` is not a supported scheme; use a URL such as http://localhost:4317"),
    // Headers
    ("OTEL_ENDPOINT=http://c;OTEL_HEADERS= X-Key = a%20b , other=c==", "http/protobuf http://c/v1/traces x-key=a b other=c=="),
    ("OTEL_ENDPOINT=http://c;OTEL_HEADERS=a=1,a=2", "http/protobuf http://c/v1/traces a=2"),
    ("OTEL_ENDPOINT=http://c;OTEL_HEADERS=a=1,", "http/protobuf http://c/v1/traces a=1!"),
    ("OTEL_ENDPOINT=http://c;OTEL_HEADERS=sk-secret,b=,=c,d e=f,g=1%0a2,h=2", "http/protobuf http://c/v1/traces h=2!!!!!"),
    ("OTEL_ENDPOINT=http://c;OTEL_HEADERS=content-type=text/plain,grpc-timeout=1,x=100%", "http/protobuf http://c/v1/traces x=100%!!"),
    ("OTEL_HEADERS=a=1", "console!"),
    // Other settings
    ("OTEL_ENDPOINT=http://c;OTEL_EXPORTER_OTLP_COMPRESSION=gzip;OTEL_EXPORTER_OTLP_TIMEOUT=2500", "http/protobuf http://c/v1/traces gzip 2500ms"),
    ("OTEL_ENDPOINT=http://c;OTEL_EXPORTER_OTLP_COMPRESSION=gzip;OTEL_EXPORTER_OTLP_TRACES_COMPRESSION=none", "http/protobuf http://c/v1/traces"),
    ("OTEL_ENDPOINT=http://c;OTEL_EXPORTER_OTLP_COMPRESSION=zstd", "error: `OTEL_EXPORTER_OTLP_COMPRESSION` is `zstd`: use one of gzip, none"),
    ("OTEL_ENDPOINT=http://c;OTEL_EXPORTER_OTLP_TIMEOUT=5s", "error: `OTEL_EXPORTER_OTLP_TIMEOUT` is `5s`: use milliseconds above 0"),
    ("OTEL_ENDPOINT=http://c;OTEL_EXPORTER_OTLP_TIMEOUT=0", "error: `OTEL_EXPORTER_OTLP_TIMEOUT` is `0`: use milliseconds above 0"),
    ("OTEL_ENDPOINT=https://c;OTEL_EXPORTER_OTLP_CERTIFICATE=/ca.pem;OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE=/c.pem;OTEL_EXPORTER_OTLP_CLIENT_KEY=/k.pem", "http/protobuf https://c/v1/traces ca:/ca.pem client:/c.pem client:/k.pem"),
    ("OTEL_ENDPOINT=https://c;OTEL_EXPORTER_OTLP_CLIENT_KEY=/k.pem", "error: `OTEL_EXPORTER_OTLP_CLIENT_KEY` is set but `OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE` is not: set both"),
    ("OTEL_ENDPOINT=https://c;HTTPS_PROXY=http://p:3128;HTTP_PROXY=http://q:1", "http/protobuf https://c/v1/traces via:http://p:3128"),
    ("OTEL_ENDPOINT=http://c;https_proxy=http://p:3128;http_proxy=http://q:1", "http/protobuf http://c/v1/traces via:http://q:1"),
    ("OTEL_ENDPOINT=http://c.example.com;ALL_PROXY=http://p:3128;NO_PROXY=localhost, .example.com", "http/protobuf http://c.example.com/v1/traces"),
    ("OTEL_ENDPOINT=http://notexample.com;ALL_PROXY=http://p:3128;NO_PROXY=example.com", "http/protobuf http://notexample.com/v1/traces via:http://p:3128"),
    ("OTEL_SDK_DISABLED=true;OTEL_EXPORTER=otlp_http", "disabled"),
    ("OTEL_SDK_DISABLED=False", "console"),
    ("OTEL_SDK_DISABLED=1", "error: `OTEL_SDK_DISABLED` is `1`: use one of true, false"),
    ("OTEL_TRACES_SAMPLER=sometimes", "error: `OTEL_TRACES_SAMPLER` is `sometimes`: use one of always_on, always_off, traceidratio, parentbased_always_on, parentbased_always_off, parentbased_traceidratio"),
    ("OTEL_TRACES_SAMPLER=traceidratio;OTEL_TRACES_SAMPLER_ARG=1.5", "error: `OTEL_TRACES_SAMPLER_ARG` is `1.5`: use a number from 0 to 1"),
    ("OTEL_TRACES_SAMPLER_ARG=0.5", "console!"),
    ("OTEL_PROPAGATORS=tracecontext,b3", "console!"),
    ("OTEL_PROPAGATORS=carrier-pigeon", "error: `OTEL_PROPAGATORS` is `carrier-pigeon`: use one of tracecontext, baggage, none"),
    ("OTEL_BSP_MAX_QUEUE_SIZE=0", "error: `OTEL_BSP_MAX_QUEUE_SIZE` is `0`: use a whole number above 0"),
    ("OTEL_BSP_MAX_QUEUE_SIZE=10000000000", "error: `OTEL_BSP_MAX_QUEUE_SIZE` is `10000000000`: use at most 1000000 spans"),
    ("OTEL_BSP_MAX_QUEUE_SIZE=18446744073709551615", "error: `OTEL_BSP_MAX_QUEUE_SIZE` is `18446744073709551615`: use at most 1000000 spans"),
    ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE=99999999999999999999999", "error: `OTEL_BSP_MAX_EXPORT_BATCH_SIZE` is `99999999999999999999999`: use at most 1000000 spans"),
    ("LLM_TRACE_MAX_QUEUE_BYTES=18446744073709551615", "error: `LLM_TRACE_MAX_QUEUE_BYTES` is `18446744073709551615`: use at most 1000000000000 bytes"),
    ("LLM_TRACE_MAX_BATCH_BYTES=18446744073709551615", "error: `LLM_TRACE_MAX_BATCH_BYTES` is `18446744073709551615`: use at most 1000000000 bytes"),
    ("OTEL_BSP_SCHEDULE_DELAY=18446744073709551615", "error: `OTEL_BSP_SCHEDULE_DELAY` is `18446744073709551615`: use at most 2147483647 milliseconds"),
    ("OTEL_ENDPOINT=http://c;OTEL_EXPORTER_OTLP_TIMEOUT=18446744073709551615", "error: `OTEL_EXPORTER_OTLP_TIMEOUT` is `18446744073709551615`: use at most 2147483647 milliseconds"),
    // Possible secrets, and line breaks
    ("OTEL_ENDPOINT=http://c;OTEL_HEADERS=c2VzYW1l,c2VzYW1lcw==,c2VzYW1lc2E= ,h=2", "http/protobuf http://c/v1/traces h=2!!!"),
    ("OTEL_ENDPOINT=http://user:UR#Lsesame@c:4318/x", "error: `OTEL_ENDPOINT` is `http://…`: invalid port number; use a URL such as http://localhost:4318"),
    ("OTEL_ENDPOINT=http://user:U/R?Lsesame@c:4318/x", "error: `OTEL_ENDPOINT` is `http://…`: invalid port number; use a URL such as http://localhost:4318"),
    ("OTEL_ENDPOINT=user:sesame@://c", "error: `OTEL_ENDPOINT` is `://c`: it does not begin with a scheme; use a URL such as http://localhost:4318"),
    ("OTEL_ENDPOINT=file://user:sesame@host/x", "error: `OTEL_ENDPOINT` is `file://host/x`: invalid international domain name; use a URL such as file:///var/log/otlp"),
    ("OTEL_EXPORTER=otlp_file;OTEL_ENDPOINT=user:sesame@://c", "error: `OTEL_ENDPOINT` is `://c`: files go to a directory; use a URL such as file:///var/log/otlp"),
    ("OTEL_EXPORTER=a\nllm-trace: forged\u{1b}[2J", "error: `OTEL_EXPORTER` is `a\\nllm-trace: forged\\u{1b}[2J`: use one of console, console_json, otlp_http, otlp_grpc, otlp_file, http/protobuf, http/json, grpc, none"),
    ("OTEL_BSP_SCHEDULE_DELAY=soon", "error: `OTEL_BSP_SCHEDULE_DELAY` is `soon`: use milliseconds"),
    ("OTEL_RESOURCE_ATTRIBUTES=a=1,broken", "console!"),
];

#[test]
fn the_environment_decides() {
    let wrong: Vec<String> = TABLE
        .iter()
        .map(|(vars, expected)| (vars, read(vars), expected))
        .filter(|(_, found, expected)| found != *expected)
        .map(|(vars, found, expected)| format!("{vars}\n  found    {found}\n  expected {expected}"))
        .collect();
    assert!(wrong.is_empty(), "{} of {} rows:\n{}", wrong.len(), TABLE.len(), wrong.join("\n"));
}

#[test]
fn no_header_value_is_ever_printed() {
    let vars = "OTEL_ENDPOINT=http://u:sesame@c?k=sesame;ALL_PROXY=http://u:sesame@p;\
                OTEL_HEADERS=sesame,a=sesame,b c=sesame,d=sesame%00,content-type=sesame,authorization=Bearer sesame";
    let config = Config::from_lookup(&lookup(vars)).unwrap();
    assert_eq!(config.warnings.len(), 5, "{:?}", config.warnings);
    assert!(config.warnings[1].contains("`OTEL_HEADERS`: entry 1 is skipped: it has no `=`"), "{:?}", config.warnings);
    let Exporter::Otlp(otlp) = config.exporter else { panic!("{config:?}") };
    assert!(otlp.headers.len() == 2 && super::endpoint::shown(&otlp.url) == "http://c/v1/traces");
    assert_eq!(
        Exporter::Otlp(otlp.clone()).to_string(),
        "http://c/v1/traces by http/protobuf, with the headers a, authorization"
    );
    let printed = format!("{:?} {:?} {:?} {:?}", config.warnings, otlp.headers, otlp.proxy, otlp.tls);
    assert!(!printed.contains("sesame"), "{printed}");
}

#[test]
fn a_password_that_contains_a_slash_is_never_printed() {
    for exporter in ["otlp_http", "otlp_grpc"] {
        for endpoint in ["http://u:80/sesame@c", "u/er:sesame@c:4317"] {
            let vars = format!("OTEL_EXPORTER={exporter};OTEL_ENDPOINT={endpoint}");
            let config = Config::from_lookup(&lookup(&vars)).unwrap();
            let printed = format!("{} {:?}", config.exporter, config.warnings);
            assert!(!printed.contains("sesame"), "{printed}");
        }
    }
}

#[test]
fn a_bare_key_instead_of_headers_is_never_printed() {
    for key in ["c2VzYW1l", "c2VzYW1lcw==", "c2VzYW1lc2E=", "Bearer sesame==", "authorization: Basic sesame="] {
        let config = Config::from_lookup(&lookup(&format!("OTEL_ENDPOINT=http://c;OTEL_HEADERS={key}"))).unwrap();
        let printed = format!("{} {:?}", config.exporter, config.warnings).to_lowercase();
        let key = key.to_lowercase();
        assert!(!printed.contains(key.trim_end_matches('=')) && printed.contains("entry 1 is skipped"), "{printed}");
    }
}

#[test]
fn separate_variables_for_names_take_precedence() {
    let vars = "OTEL_RESOURCE_ATTRIBUTES=service.name=a,deployment.environment.name=x,team=r%26d , k=v%3Dw;\
                OTEL_SERVICE_NAME=b;OTEL_ENVIRONMENT_NAME=prod";
    let config = Config::from_lookup(&lookup(vars)).unwrap();
    let expected = [("service.name", "b"), ("deployment.environment.name", "prod"), ("team", "r&d"), ("k", "v=w")];
    assert_eq!(config.resource, expected.map(|(k, v)| (k.to_owned(), v.to_owned())));
}

#[test]
fn no_credential_is_in_the_resource_or_in_an_error() {
    let vars = "OTEL_RESOURCE_ATTRIBUTES=db.password=sesame,repo=https://u:sesame@h/,team=a";
    let config = Config::from_lookup(&lookup(vars)).unwrap();
    let expected = [("db.password", "[REDACTED]"), ("repo", "https://[REDACTED]@h/"), ("team", "a")];
    assert_eq!(config.resource, expected.map(|(k, v)| (k.to_owned(), v.to_owned())));
    let vars = "OTEL_RESOURCE_ATTRIBUTES=Bearer sesame12=x;OTEL_ENVIRONMENT_NAME=api_key=sesame;\
                OTEL_SERVICE_NAME=https://u:sesame@h";
    let config = Config::from_lookup(&lookup(vars)).unwrap();
    let expected = [
        ("Bearer [REDACTED]", "x"),
        ("deployment.environment.name", "api_key=[REDACTED]"),
        ("service.name", "https://[REDACTED]@h"),
    ];
    assert_eq!(config.resource, expected.map(|(k, v)| (k.to_owned(), v.to_owned())));
    for vars in [
        "OTEL_ENDPOINT=https://api.example.com,Authorization=Bearer sesame",
        "OTEL_ENDPOINT=https://host:bad/api_key=sesame",
        "OTEL_EXPORTER=https://user:sesame@host",
        "OTEL_EXPORTER_OTLP_PROTOCOL=Bearer sesame1",
        "OTEL_EXPORTER_OTLP_TIMEOUT=api_key=sesame",
        "OTEL_TRACES_SAMPLER=api_key=sesame",
        "LLM_TRACE_MASK=api_key=sesame",
        "LLM_TRACE_CONTENT_RATIO=api_key=sesame",
    ] {
        let error = Config::from_lookup(&lookup(vars)).expect_err(vars);
        let told = format!("{error} {error:?}");
        assert!(!told.contains("sesame") && told.contains("REDACTED"), "{told}");
    }
}

#[test]
fn samplers_propagators_batches_and_limits_are_configured() {
    use super::propagation::Kind;
    let config = |vars: &str| Config::from_lookup(&lookup(vars)).unwrap();
    let sampler = |vars: &str| config(vars).sampling.map(|s| format!("{:?}", s.sampler()));
    assert_eq!(sampler(""), None);
    assert_eq!(sampler("OTEL_TRACES_SAMPLER=always_off").unwrap(), "AlwaysOff");
    let ratio = sampler("OTEL_TRACES_SAMPLER=parentbased_traceidratio;OTEL_TRACES_SAMPLER_ARG=0.25").unwrap();
    assert_eq!(ratio, "ParentBased(TraceIdRatioBased(0.25))");
    assert_eq!(config("").propagators, [Kind::TraceContext, Kind::Baggage]);
    assert_eq!(config("OTEL_PROPAGATORS=baggage, baggage").propagators, [Kind::Baggage]);
    assert_eq!(config("OTEL_PROPAGATORS=none").propagators, []);
    let small = config("OTEL_BSP_MAX_QUEUE_SIZE=10;OTEL_BSP_MAX_EXPORT_BATCH_SIZE=20;OTEL_BSP_SCHEDULE_DELAY=7");
    assert_eq!((small.batch.queue_records, small.batch.batch_records, small.batch.delay.as_millis()), (10, 10, 7));
    assert_eq!(config("").exit_limit.as_secs(), 5);
    assert_eq!(config("OTEL_EXPORTER_OTLP_TIMEOUT=1500").exit_limit.as_millis(), 1500);
}
