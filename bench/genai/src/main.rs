//! The cost of genai's own spans, and of ours around the same calls: `cargo run --release`.
//!
//! genai creates its spans inside its HTTP client, so each call goes over loopback to a server on the same thread. The
//! differences between the rows are the cost of tracing. A workload and a number as arguments run only that workload,
//! that many times, to count instructions with an external tool.

#[path = "../../../llm-trace/benches/shared/null.rs"]
mod null;

use std::hint::black_box;
use std::time::Instant;

use genai::adapter::AdapterKind;
use genai::chat::{ChatMessage, ChatOptions, ChatRequest, ChatResponse};
use genai::resolver::{AuthData, Endpoint};
use genai::{Client, ModelIden, ServiceTarget};
use llm_trace::{Policy, llm_call};
use null::Null;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::trace::SdkTracerProvider;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tracing::Dispatch;
use tracing::dispatcher::with_default;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::prelude::*;

fn provider() -> SdkTracerProvider {
    SdkTracerProvider::builder().with_span_processor(Null).build()
}

/// The measured workload. None captures content: genai does so only on request.
#[derive(Clone, Copy)]
enum Workload {
    Untraced,
    Genai,
    Ours,
}

const ALL: [(&str, Workload); 3] =
    [("untraced", Workload::Untraced), ("genai", Workload::Genai), ("ours", Workload::Ours)];

impl Workload {
    fn subscriber(self) -> Dispatch {
        let info = Targets::new().with_default(LevelFilter::INFO);
        let registry = tracing_subscriber::registry();
        match self {
            Workload::Untraced => Dispatch::none(),
            Workload::Genai => {
                let layer = tracing_opentelemetry::layer().with_tracer(provider().tracer("bench"));
                Dispatch::new(registry.with(layer.with_filter(info)))
            }
            Workload::Ours => {
                let layer = llm_trace::layer().with_policy(Policy::new()).with_tracer_provider(&provider());
                Dispatch::new(registry.with(info.with_target("genai", LevelFilter::OFF)).with(layer))
            }
        }
    }

    async fn call(self, client: &Client) -> genai::Result<ChatResponse> {
        let request = ChatRequest::new(vec![ChatMessage::user("Why is the sky blue?")]);
        let options = ChatOptions::default().with_temperature(0.2).with_top_p(0.9).with_max_tokens(400);
        match self {
            Workload::Ours => annotated(client, "gpt-4o-mini", request, options.with_capture_raw_body(true)).await,
            _ => client.exec_chat("gpt-4o-mini", request, Some(&options)).await,
        }
    }
}

#[llm_call(provider = "openai", model = model, request = request, response = |answer| &answer.captured_raw_body)]
async fn annotated(
    client: &Client,
    model: &str,
    request: ChatRequest,
    options: ChatOptions,
) -> genai::Result<ChatResponse> {
    client.exec_chat(model, request, Some(&options)).await
}

/// A provider that gives the same answer to each request of a connection.
async fn serve(mut socket: TcpStream) {
    let answer = json!({
        "id": "chatcmpl-8d3f", "object": "chat.completion", "created": 1_790_000_000, "model": "gpt-4o-mini-2024-07-18",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "It scatters."}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 120, "completion_tokens": 30, "total_tokens": 150}
    });
    let body = answer.to_string();
    let head = format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n", body.len());
    let answer = head + &body;
    let mut request = Vec::new();
    loop {
        while !is_whole(&request) {
            let mut part = [0; 4096];
            match socket.read(&mut part).await {
                Ok(read @ 1..) => request.extend_from_slice(&part[..read]),
                _ => return,
            }
        }
        request.clear();
        if socket.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

/// Whether the body is complete by the head's content length.
fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
    length.is_some_and(|length: usize| body.len() >= length)
}

/// The CPU time of this thread where the system reports it, otherwise the elapsed time.
fn ran(since: Instant) -> u64 {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let told = told.and_then(|told| told.split_whitespace().next()?.parse().ok());
    told.unwrap_or_else(|| u64::try_from(since.elapsed().as_nanos()).unwrap_or(u64::MAX))
}

/// Nanoseconds per call.
async fn measure(workload: Workload, client: &Client, times: u32) -> Result<f64, genai::Error> {
    let since = Instant::now();
    let before = ran(since);
    for _ in 0..times {
        black_box(workload.call(client).await?);
    }
    Ok((ran(since) - before) as f64 / f64::from(times))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
    let endpoint = Endpoint::from_owned(format!("http://{}/v1/", listener.local_addr()?));
    runtime.spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let _ = socket.set_nodelay(true);
            tokio::spawn(serve(socket));
        }
    });
    let target = move |target: ServiceTarget| -> Result<ServiceTarget, genai::resolver::Error> {
        let model = ModelIden::new(AdapterKind::OpenAI, target.model.model_name);
        Ok(ServiceTarget { endpoint: endpoint.clone(), auth: AuthData::from_single("none"), model })
    };
    let client = Client::builder().with_service_target_resolver_fn(target).build()?;
    let run = |workload: Workload, times| {
        with_default(&workload.subscriber(), || runtime.block_on(measure(workload, &client, times)))
    };

    let mut args = std::env::args().skip(1);
    if let Some(name) = args.next() {
        let times = args.next().and_then(|times| times.parse().ok()).unwrap_or(1);
        let (_, workload) = ALL.iter().find(|(known, _)| *known == name).ok_or("untraced, genai or ours")?;
        run(*workload, times)?;
        return Ok(());
    }
    let mut best = [f64::MAX; ALL.len()];
    for _ in 0..12 {
        for (best, (_, workload)) in best.iter_mut().zip(ALL) {
            *best = best.min(run(workload, 500)?);
        }
    }
    println!("| what | µs | more than untraced, µs |\n|---|---:|---:|");
    for (nanos, (name, _)) in best.iter().zip(ALL) {
        println!("| {name} | {:.1} | {:.1} |", nanos / 1e3, (nanos - best[0]) / 1e3);
    }
    Ok(())
}
