//! Runs one workload a number of times. `instructions.sh` counts its instructions.

mod attributes;
mod content;
mod foreign;
#[path = "../../llm-trace/benches/shared/null.rs"]
mod null;
mod payload;
mod spans;

use std::hint::black_box;

use llm_trace::{Capture, LlmCall, Operation, Policy, PolicyHandle, RedactProcessor, llm_call};
use null::Null;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use payload::{LONG, TypedRequest, TypedResponse};
use serde_json::Value;
use tracing::Dispatch;
use tracing::dispatcher::with_default;
use tracing_subscriber::prelude::*;

pub(crate) fn subscriber(capture: Capture) -> Dispatch {
    let provider = SdkTracerProvider::builder().with_span_processor(Null).build();
    let layer = llm_trace::layer().with_policy(Policy::new().capture(capture)).with_tracer_provider(&provider);
    Dispatch::new(tracing_subscriber::registry().with(layer))
}

/// Like `init()`: one policy for the layer and for the guard in front of the exporter.
fn guarded() -> Dispatch {
    let policy = PolicyHandle::new(Policy::new());
    let guard = RedactProcessor::new(Null, &policy);
    let provider = SdkTracerProvider::builder().with_span_processor(guard).build();
    let layer = llm_trace::layer().with_policy(&policy).with_tracer_provider(&provider);
    Dispatch::new(tracing_subscriber::registry().with(layer))
}

fn sampled_out() -> Dispatch {
    let provider = SdkTracerProvider::builder().with_span_processor(Null).with_sampler(Sampler::AlwaysOff).build();
    Dispatch::new(tracing_subscriber::registry().with(llm_trace::layer().with_tracer_provider(&provider)))
}

#[llm_call(provider = "openai", request = request, server = "https://api.openai.com", response = |_: &usize| response)]
pub(crate) fn call(request: &Value, response: &Value) -> usize {
    black_box(request).as_object().map_or(0, |o| o.len()) + black_box(response).as_object().map_or(0, |o| o.len())
}

#[llm_call(provider = "openai", model = "gpt-4o-mini", request = request, server = "https://api.openai.com",
    response = |_: &usize| response)]
fn typed_call(request: &TypedRequest, response: &TypedResponse) -> usize {
    std::ptr::from_ref(black_box(request)).addr() ^ std::ptr::from_ref(black_box(response)).addr()
}

fn calls(times: u64) {
    let (request, response) = (payload::request(), payload::response());
    for _ in 0..times {
        black_box(call(&request, &response));
    }
}

fn typed_calls(times: u64) {
    let (request, response) = (payload::typed_request(), payload::typed_response());
    for _ in 0..times {
        black_box(typed_call(&request, &response));
    }
}

/// Passes `times` chunks to one call, cycling through `chunks`.
fn chunks(times: u64, capture: Capture, values: bool, chunks: &[Value]) {
    let events: Vec<String> = chunks.iter().map(|chunk| format!("data: {chunk}\n\n")).collect();
    with_default(&subscriber(capture), || {
        let call = LlmCall::builder(Operation::Chat).provider("openai").model("gpt-4o-mini").start();
        for (_, (chunk, event)) in (0..times).zip(chunks.iter().zip(&events).cycle()) {
            if values {
                call.chunk(chunk)
            } else {
                call.chunk_bytes(event)
            };
        }
        call.finish();
    });
}

fn main() {
    let mut args = std::env::args().skip(1);
    let workload = args.next().unwrap_or_default();
    let times = args.next().and_then(|times| times.parse().ok()).unwrap_or(1);
    let (same, differing) = (|| [payload::chunk()], payload::differing_chunks);
    match workload.as_str() {
        "floor" => spans::floor(times),
        "by_hand" => spans::by_hand(times),
        "off" => calls(times),
        "absent" => with_default(&Dispatch::new(tracing_subscriber::registry()), || calls(times)),
        "facts" => with_default(&subscriber(Capture::Off), || calls(times)),
        "facts_guarded" => with_default(&guarded(), || calls(times)),
        "facts_bytes" => content::bytes(times, Capture::Off, 0),
        "facts_typed" => with_default(&subscriber(Capture::Off), || typed_calls(times)),
        "sampled_out" => with_default(&sampled_out(), || calls(times)),
        "foreign" => spans::foreign(times, false),
        "foreign_guarded" => spans::foreign(times, true),
        "values_off" => chunks(times, Capture::Off, true, &same()),
        "values_on" => chunks(times, Capture::Span, true, &same()),
        "values_differ" => chunks(times, Capture::Off, true, &differing()),
        "bytes_off" => chunks(times, Capture::Off, false, &same()),
        "bytes_on" => chunks(times, Capture::Span, false, &same()),
        "bytes_differ" => chunks(times, Capture::Off, false, &differing()),
        "content_1k" => content::bytes(times, Capture::Span, 1 << 10),
        "content_16k" => content::bytes(times, Capture::Span, LONG),
        "content_16k_values" => content::values(times),
        "print_1k" => content::parse_and_print(times, 1 << 10),
        "print_16k" => content::parse_and_print(times, LONG),
        other if foreign::run(other, times) => {}
        other => eprintln!("no workload is called {other:?}"),
    }
}
