//! Hostile input for every reader of foreign data: answers of models and collectors, variables, headers, files, values
//! of other crates' spans. Every panic aborts the program, even if it would be caught.
//!
//! `cargo run --profile abort -p llm-trace-abort` builds it with `panic = "abort"`. The tests run the normal build, which
//! aborts in its panic hook.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use llm_trace::export::{Destination, from_lookup, preset};
use llm_trace::internal::{Body, Content, Exchange, PATHS, PROVIDERS, read};
use llm_trace::{Capture, LlmCall, Policy, PriceTable, ScrubRules, llm_call};
use opentelemetry::KeyValue;
use opentelemetry::trace::{Tracer as _, TracerProvider as _};
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing_subscriber::prelude::*;

fn main() {
    if std::env::args().nth(1).as_deref() == Some("user-code") {
        return user_code();
    }
    std::panic::set_hook(Box::new(|info| {
        eprintln!("{info}");
        std::process::abort();
    }));
    let rounds = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(2_000);
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    readers(&mut random, rounds);
    variables(&mut random, rounds / 10);
    calls(&mut random, rounds / 10);
    deep();
    large(&mut random);
    collectors(&mut random);
    if cfg!(panic = "abort") {
        ends_with_its_user();
    }
    println!("done");
}

/// Xorshift: the same input in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, most: usize) -> usize {
        usize::try_from(self.next() % most.max(1) as u64).unwrap_or_default()
    }

    fn pick<'t, T>(&mut self, all: &'t [T]) -> &'t T {
        &all[self.below(all.len())]
    }

    /// Fragments of the formats that the readers parse, mixed with random bytes.
    fn text(&mut self) -> Vec<u8> {
        let mut out = Vec::new();
        for _ in 0..self.below(24) {
            match self.below(4) {
                0 => out.extend((0..self.below(9)).map(|_| self.next() as u8)),
                1 => out.extend(std::iter::repeat_n(b'[', self.below(300))),
                _ => out.extend_from_slice(self.pick(PIECES).as_bytes()),
            }
        }
        out
    }

    fn string(&mut self) -> String {
        String::from_utf8_lossy(&self.text()).into_owned()
    }
}

const PIECES: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "\"",
    "\\",
    "\\u",
    "\\ud800",
    "null",
    "-0",
    "1e999",
    "18446744073709551616",
    "\n\n",
    "data: ",
    "event: ",
    "\"usage\":{\"prompt_tokens\":9223372036854775808}",
    "\"model\":\"m\"",
    "\"choices\":[",
    "\"index\":18446744073709551615",
    "\"delta\":{\"content\":\"x\"}",
    "\"tool_calls\":[{\"index\":-1}]",
    "\u{feff}",
    "[DONE]",
    "\r\n",
    "\0",
    "\"content\":[{\"type\":\"text\",\"text\":",
    "%",
    "%zz",
    "=",
    "@",
    "?",
    "#",
    "://",
    "http://",
    "https://",
    "[::",
    "localhost",
    "4317",
    "99999999999",
    "é😀",
    "\u{202e}",
    "-----BEGIN CERTIFICATE-----\n",
    "\"content_block_delta\"",
    "\"output_index\":4294967296",
    "Bearer ",
    "00-",
    "ffffffffffffffffffffffffffffffff",
    "-01",
];

fn readers(random: &mut Random, rounds: usize) {
    const BODIES: &[Body] = &[Body::Whole, Body::Sse, Body::Json, Body::AwsEventStream, Body::Stream];
    let providers = [PROVIDERS, &[Some("\u{0}")]].concat();
    for _ in 0..rounds {
        let (request, response) = (random.text(), random.text());
        let (cut, status) = (1 + random.below(40), random.next() as u16);
        for content in [Content::Off, Content::Full, Content::Masked] {
            read(&Exchange {
                provider: *random.pick(&providers),
                path: Some(random.pick(PATHS)).copied(),
                request: Some(&request),
                response: &response,
                body: *random.pick(BODIES),
                status: Some(status),
                content,
                fragments: &[cut, 1],
            });
        }
        drop(PriceTable::from_json(&response));
    }
}

fn variables(random: &mut Random, rounds: usize) {
    const NAMES: &[&str] = &[
        "OTEL_EXPORTER",
        "OTEL_ENDPOINT",
        "OTEL_HEADERS",
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "OTEL_EXPORTER_OTLP_PROTOCOL",
        "OTEL_EXPORTER_OTLP_TIMEOUT",
        "OTEL_EXPORTER_OTLP_COMPRESSION",
        "OTEL_EXPORTER_OTLP_CERTIFICATE",
        "OTEL_BSP_MAX_QUEUE_SIZE",
        "OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
        "OTEL_BSP_SCHEDULE_DELAY",
        "LLM_TRACE_MAX_QUEUE_BYTES",
        "LLM_TRACE_MAX_BATCH_BYTES",
        "OTEL_RESOURCE_ATTRIBUTES",
        "OTEL_SERVICE_NAME",
        "OTEL_TRACES_SAMPLER",
        "OTEL_TRACES_SAMPLER_ARG",
        "OTEL_PROPAGATORS",
        "LLM_TRACE_MASK",
        "LLM_TRACE_CONTENT_RATIO",
        "LLM_TRACE_PRESET",
        "LLM_TRACE_PRICES",
        "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT",
        "HTTP_PROXY",
        "NO_PROXY",
    ];
    for round in 0..rounds {
        let mut vars: HashMap<&str, String> = HashMap::new();
        for _ in 0..1 + random.below(4) {
            let name = *random.pick(NAMES);
            // Variables for prices and certificates name files, which this test does not cover.
            let value = if random.below(3) == 0 { random.next().to_string() } else { random.string() };
            vars.insert(name, value.replace('\0', ""));
        }
        if round % 2 == 0 {
            vars.insert("OTEL_EXPORTER", "none".to_owned());
        }
        match from_lookup(&|name| vars.get(name).cloned()) {
            Ok(parts) => drop(parts.telemetry.shutdown(Duration::ZERO)),
            Err(error) => assert!(!error.to_string().contains(['\n', '\u{1b}']), "{error}"),
        }
        drop(preset::from_lookup(&random.string(), &|_| Some("\u{0}x".to_owned())));
        let to = Destination::http(random.string()).header(&random.string(), &random.string());
        drop(to.timeout(Duration::from_nanos(random.next())).max_queue_spans(random.below(usize::MAX)).build());
    }
}

#[llm_call(provider = provider.to_owned(), request = request, model = provider)]
fn chat(provider: &str, request: &[u8], answer: Vec<u8>) -> Vec<u8> {
    LlmCall::current()
        .request_json(request)
        .response_json(&answer)
        .attribute(provider.to_owned(), f64::from_bits((request.len() as u64).wrapping_mul(0x1234_5678_9abc)));
    answer
}

/// Accepts each request.
fn accepting() -> Option<String> {
    let listener = TcpListener::bind("127.0.0.1:0").ok()?;
    let address = listener.local_addr().ok()?;
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || accept(stream));
        }
    });
    Some(format!("http://{address}"))
}

/// Reads requests of known length, and answers each with success.
fn accept(stream: TcpStream) -> Option<()> {
    let (mut reader, mut writer) = (BufReader::new(stream.try_clone().ok()?), stream);
    loop {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).ok()? == 0 {
                return None;
            }
            if line.trim().is_empty() {
                break;
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().ok()?;
            }
        }
        std::io::copy(&mut reader.by_ref().take(length), &mut std::io::sink()).ok()?;
        writer.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").ok()?;
    }
}

fn calls(random: &mut Random, rounds: usize) {
    let Some(endpoint) = accepting() else { return };
    let policy = Policy::new().capture(Capture::SpanAndEvent).rules(ScrubRules::all()).span_limit(500).text_limit(3);
    let Ok(processor) = Destination::http(endpoint).policy(policy.clone()).max_batch_bytes(1).build() else {
        return;
    };
    let provider = SdkTracerProvider::builder().with_span_processor(processor).build();
    let printing = tracing_subscriber::fmt::layer().with_writer(std::io::sink);
    let layer = llm_trace::layer().with_policy(policy).with_normalization(true).with_tracer_provider(&provider);
    let subscriber = tracing_subscriber::registry().with(layer).with(llm_trace::redact(printing));
    tracing::subscriber::with_default(subscriber, || {
        for _ in 0..rounds {
            let (name, text) = (random.string(), random.text());
            chat(&name, &text, random.text());
            let text = random.string();
            tracing::info_span!("foreign", gen_ai.prompt = %text, otel.name = %text, llm.mask_input = ?text, n = u64::MAX)
                .in_scope(|| tracing::info!(gen_ai.completion = ?text, "{text}"));
            let headers =
                HashMap::from([("traceparent".to_owned(), text.clone()), ("baggage".to_owned(), text.clone())]);
            llm_trace::scope().parent_from(&headers).user(text.clone()).run(|| ());
            drop(llm_trace::scope().existing_trace(text.as_str()));
            provider
                .tracer("app")
                .span_builder(text.clone())
                .with_attributes([KeyValue::new(text.clone(), text)])
                .start(&provider.tracer("app"));
        }
        println!("{}", llm_trace::check().to_string().lines().count());
    });
    let _ = provider.shutdown_with_timeout(Duration::from_secs(20));
}

/// A value that serializes as arrays inside arrays.
struct Nested(usize);

impl serde::Serialize for Nested {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.checked_sub(1) {
            Some(below) => serializer.collect_seq([Nested(below)]),
            None => serializer.serialize_str("bottom"),
        }
    }
}

/// Runs calls with content captured, on a thread with the stack of a usual thread, and exports them.
fn with_content(call: impl FnOnce() + Send) {
    let policy = Policy::new().capture(Capture::SpanAndEvent).rules(ScrubRules::all());
    let Some(endpoint) = accepting() else { return };
    let Ok(processor) = Destination::http(endpoint).policy(policy.clone()).build() else { return };
    let provider = SdkTracerProvider::builder().with_span_processor(processor).build();
    let layer = llm_trace::layer().with_policy(policy).with_tracer_provider(&provider);
    let subscriber = tracing_subscriber::registry().with(layer);
    std::thread::scope(|scope| {
        scope.spawn(|| tracing::subscriber::with_default(subscriber, call));
    });
    let _ = provider.shutdown_with_timeout(Duration::from_secs(60));
}

/// JSON with 10,000 levels, as bytes, as values and from `Serialize`.
fn deep() {
    const LEVELS: usize = 10_000;
    let arrays = "[".repeat(LEVELS) + &"]".repeat(LEVELS);
    let objects = r#"{"content":"#.repeat(LEVELS) + "1" + &"}".repeat(LEVELS);
    let unclosed = r#"{"messages":[{"role":"user","content":["#.repeat(LEVELS);
    let inside =
        format!(r#"{{"choices":[{{"message":{{"role":"assistant","content":{objects}}}}}],"usage":{arrays}}}"#);
    let escaped = format!(r#"{{"tool_calls":[{{"function":{{"arguments":{objects:?}}}}}]}}"#);
    for text in [&arrays, &objects, &unclosed, &inside, &escaped] {
        let sse = format!("data: {text}\n\ndata: [DONE]\n\n");
        for body in [Body::Whole, Body::Sse, Body::Json, Body::AwsEventStream, Body::Stream] {
            for (path, content) in [(None, Content::Off), (Some("/v1/messages"), Content::Full)] {
                read(&Exchange {
                    provider: Some("openai"),
                    path,
                    request: Some(text.as_bytes()),
                    response: if body == Body::Sse { sse.as_bytes() } else { text.as_bytes() },
                    body,
                    status: Some(200),
                    content,
                    fragments: &[1000],
                });
            }
        }
        with_content(|| drop(chat("openai", text.as_bytes(), text.clone().into_bytes())));
    }
    with_content(|| {
        let call = LlmCall::builder("chat").provider("openai").request(&Nested(1000)).start();
        call.response(&Nested(1000));
    });
}

/// Requests, responses, streams and attributes of 50 MB; of 1 MB in the tests, whose time is limited.
fn large(random: &mut Random) {
    const SIZE: usize = if cfg!(panic = "abort") { 50 << 20 } else { 1 << 20 };
    let message = |text: &str| format!(r#"{{"model":"m","messages":[{{"role":"user","content":"{text}"}}]}}"#);
    let garbage: Vec<u8> = std::iter::repeat_with(|| random.next().to_le_bytes()).take(SIZE / 8).flatten().collect();
    with_content(|| drop(chat("openai", message(&"x".repeat(SIZE)).as_bytes(), garbage.clone())));
    with_content(|| drop(chat("openai", message(&"\\u0041".repeat(SIZE / 60)).as_bytes(), b"{".repeat(SIZE / 10))));
    for body in [Body::Sse, Body::Json, Body::AwsEventStream, Body::Stream] {
        read(&Exchange {
            provider: None,
            path: None,
            request: None,
            response: &garbage,
            body,
            status: None,
            content: Content::Full,
            fragments: &[1 << 16],
        });
    }
    let Some(endpoint) = accepting() else { return };
    let Ok(processor) = Destination::http(endpoint).build() else { return };
    let provider = SdkTracerProvider::builder().with_span_processor(processor).build();
    let attributes =
        [KeyValue::new("gen_ai.input.messages", "x".repeat(SIZE)), KeyValue::new("note", "y".repeat(SIZE))];
    let tracer = provider.tracer("app");
    drop(tracer.span_builder("large").with_attributes(attributes).start(&tracer));
    let _ = provider.shutdown_with_timeout(Duration::from_secs(60));
}

struct Broken;

impl serde::Serialize for Broken {
    fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        panic!("user code panics")
    }
}

/// Code of the user that panics, which nothing can catch in this build.
fn user_code() {
    with_content(|| drop(LlmCall::builder("chat").provider("openai").request(&Broken).start()));
    println!("done");
}

/// Runs [`user_code`] in another process.
fn ends_with_its_user() {
    let program = std::env::current_exe().and_then(|path| std::process::Command::new(path).arg("user-code").output());
    let Ok(output) = program else { return };
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && output.stdout.is_empty() && said.contains("user code panics"), "{output:?}");
}

/// Collectors that answer with random bytes or with something similar to an answer.
fn collectors(random: &mut Random) {
    let answers: Vec<Vec<u8>> = (0..40)
        .map(|_| {
            let body = random.text();
            let head = *random.pick(&[
                "",
                "HTTP/1.1 200 OK\r\n\r\n",
                "HTTP/1.1 200 OK\r\ncontent-length: 18446744073709551615\r\n\r\n",
                "HTTP/1.1 429 \u{1b}[2J\r\nretry-after: 18446744073709551615\r\n\r\n",
                "HTTP/1.1 503 no\r\nretry-after: Thu, 01 Jan 1970 00:00:00 GMT\r\ncontent-length: 0\r\n\r\n",
                "HTTP/1.1 302 go\r\nlocation: http://\u{7f}\u{1b}[31m\r\n\r\n",
                "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            ]);
            [head.as_bytes(), &body].concat()
        })
        .collect();
    let Ok(listener) = TcpListener::bind("127.0.0.1:0") else { return };
    let Ok(address) = listener.local_addr() else { return };
    std::thread::spawn(move || {
        for (stream, answer) in listener.incoming().zip(answers.iter().cycle()) {
            let Ok(mut stream) = stream else { continue };
            let _ = stream.set_read_timeout(Some(Duration::from_millis(20)));
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(answer);
        }
    });
    for exporter in ["otlp_http", "http/json", "otlp_grpc"] {
        let vars = [
            ("OTEL_EXPORTER", exporter.to_owned()),
            ("OTEL_ENDPOINT", format!("http://{address}")),
            ("OTEL_BSP_SCHEDULE_DELAY", "1".to_owned()),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "100".to_owned()),
            ("OTEL_METRICS_EXPORTER", "otlp".to_owned()),
            ("OTEL_LOGS_EXPORTER", "otlp".to_owned()),
        ];
        let vars = HashMap::from(vars);
        let Ok(parts) = from_lookup(&|name| vars.get(name).cloned()) else { continue };
        for _ in 0..20 {
            parts.provider.tracer("app").in_span("work", |_| {});
            std::thread::sleep(Duration::from_millis(10));
        }
        parts.telemetry.shutdown(Duration::from_millis(500));
    }
}
