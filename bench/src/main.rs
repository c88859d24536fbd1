//! Runs one workload a number of times. `instructions.sh` counts its instructions.

mod foreign;
#[path = "../../llm-trace/benches/shared/null.rs"]
mod null;

use std::hint::black_box;

use llm_trace::{Capture, LlmCall, Operation, Policy, llm_call};
use null::Null;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use serde_json::{Value, json};
use tracing::Dispatch;
use tracing::dispatcher::with_default;
use tracing_subscriber::prelude::*;

fn subscriber(capture: Capture) -> Dispatch {
    let provider = SdkTracerProvider::builder().with_span_processor(Null).build();
    let layer = llm_trace::layer().with_policy(Policy::new().capture(capture)).with_tracer_provider(&provider);
    Dispatch::new(tracing_subscriber::registry().with(layer))
}

fn sampled_out() -> Dispatch {
    let provider = SdkTracerProvider::builder().with_span_processor(Null).with_sampler(Sampler::AlwaysOff).build();
    Dispatch::new(tracing_subscriber::registry().with(llm_trace::layer().with_tracer_provider(&provider)))
}

fn request() -> Value {
    json!({
        "model": "gpt-4o-mini", "temperature": 0.2, "top_p": 0.9, "max_tokens": 400, "seed": 7,
        "frequency_penalty": 0.1, "presence_penalty": 0.1, "stop": ["END"],
        "messages": [{"role": "system", "content": "You are brief."}, {"role": "user", "content": "Why is the sky blue?"}]
    })
}

fn response() -> Value {
    json!({
        "id": "chatcmpl-8d3f", "object": "chat.completion", "created": 1_790_000_000, "model": "gpt-4o-mini-2024-07-18",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "It scatters."}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 120, "completion_tokens": 30, "prompt_tokens_details": {"cached_tokens": 100},
            "completion_tokens_details": {"reasoning_tokens": 4}},
        "service_tier": "default", "system_fingerprint": "fp_50906f2aac"
    })
}

fn chunk() -> Value {
    json!({"id": "chatcmpl-8d40", "object": "chat.completion.chunk", "created": 1_790_000_000,
        "model": "gpt-4o-mini-2024-07-18", "system_fingerprint": "fp_50906f2aac",
        "choices": [{"index": 0, "delta": {"content": " word"}, "logprobs": null, "finish_reason": null}]})
}

#[llm_call(provider = "openai", request = request, server = "https://api.openai.com", response = |_: &usize| response)]
fn call(request: &Value, response: &Value) -> usize {
    black_box(request).as_object().map_or(0, |o| o.len()) + black_box(response).as_object().map_or(0, |o| o.len())
}

fn calls(times: u64) {
    let (request, response) = (request(), response());
    for _ in 0..times {
        black_box(call(&request, &response));
    }
}

fn chunks(times: u64, capture: Capture, values: bool) {
    let value = chunk();
    let event = format!("data: {value}\n\n");
    with_default(&subscriber(capture), || {
        let call = LlmCall::builder(Operation::Chat).provider("openai").model("gpt-4o-mini").start();
        for _ in 0..times {
            if values {
                call.chunk(&value)
            } else {
                call.chunk_bytes(&event)
            };
        }
        call.finish();
    });
}

fn main() {
    let mut args = std::env::args().skip(1);
    let workload = args.next().unwrap_or_default();
    let times = args.next().and_then(|times| times.parse().ok()).unwrap_or(1);
    match workload.as_str() {
        "off" => calls(times),
        "absent" => with_default(&Dispatch::new(tracing_subscriber::registry()), || calls(times)),
        "sampled_out" => with_default(&sampled_out(), || calls(times)),
        "facts" => with_default(&subscriber(Capture::Off), || calls(times)),
        "bytes_off" => chunks(times, Capture::Off, false),
        "bytes_on" => chunks(times, Capture::Span, false),
        "values_off" => chunks(times, Capture::Off, true),
        "values_on" => chunks(times, Capture::Span, true),
        other if foreign::run(other, times) => {}
        other => eprintln!("no workload is called {other:?}"),
    }
}
