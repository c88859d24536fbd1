//! The source gate: content that is not captured is not copied, regardless of its size.

use allocation_counter::{AllocationInfo, measure};
use bytes::Bytes;
use llm_trace::{Capture, LlmCall, Policy, Style, llm_call};
use opentelemetry_sdk::trace::SdkTracerProvider;
use serde_json::{Value, json};
use tracing_subscriber::prelude::*;

const SIZES: [usize; 3] = [1 << 10, 1 << 20, 10 << 20];

fn text(len: usize) -> String {
    "a line with \"quotes\"\n".repeat(len / 20)
}

fn request(len: usize) -> Value {
    json!({"model": "m", "temperature": 0.5, "system": text(len), "messages": [{"role": "user", "content": text(len)},
        {"role": "user", "content": [{"type": "text", "text": text(len)}]}],
        "tools": [{"type": "function", "function": {"name": "f", "description": text(len)}}]})
}

fn answer(len: usize) -> Value {
    json!({"id": "c1", "model": "m-1", "choices": [{"index": 0, "finish_reason": "stop",
        "message": {"role": "assistant", "content": text(len), "reasoning_content": text(len), "tool_calls": [
            {"id": "t", "type": "function", "function": {"name": "f", "arguments": json!({"a": text(len)}).to_string()}}]}}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 2}})
}

#[derive(serde::Serialize)]
struct Request {
    model: &'static str,
    messages: Vec<Message>,
}

#[derive(serde::Serialize)]
struct Message {
    role: &'static str,
    content: String,
}

#[llm_call(provider = "openai", request = request)]
fn by_value(request: &Value, answer: Value) -> Value {
    answer
}

#[llm_call(provider = "openai", request = request)]
fn by_bytes(request: &[u8], answer: Bytes) -> Bytes {
    answer
}

#[llm_call(provider = "openai", request = request)]
fn by_struct(request: &Request) {
    let _ = request;
}

fn shut() -> [(&'static str, Policy); 3] {
    [
        ("off", Policy::new()),
        ("on no trace", Policy::new().capture(Capture::Span).content_ratio(0.0)),
        ("dropped", Policy::new().capture(Capture::Span).mask_input(true).mask_output(true).style(Style::Drop)),
    ]
}

/// The allocations of one call, after a first call has done the one-time setup.
fn cost(policy: &Policy, mut call: impl FnMut()) -> AllocationInfo {
    let provider = SdkTracerProvider::builder().build();
    let layer = llm_trace::layer().with_policy(policy.clone()).with_tracer_provider(&provider);
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        call();
        measure(call)
    })
}

/// Asserts that size has no cost: the largest call allocates as many bytes as the smallest.
fn same_for_all_sizes(what: &str, costs: &[AllocationInfo]) {
    let bytes: Vec<u64> = costs.iter().map(|cost| cost.bytes_total).collect();
    assert!(bytes.iter().all(|b| *b == bytes[0]), "{what}: {bytes:?} bytes for {SIZES:?}");
    let counts: Vec<u64> = costs.iter().map(|cost| cost.count_total).collect();
    assert!(counts.iter().all(|c| *c == counts[0]), "{what}: {counts:?} allocations for {SIZES:?}");
}

#[test]
fn values_bytes_and_structs_cost_the_same_whatever_their_size() {
    for (name, policy) in shut() {
        let costs = SIZES.map(|len| {
            let (request, answer) = (request(len), answer(len));
            // The answer is moved in and out, so its own allocation is not counted.
            let mut answer = Some(answer);
            cost(&policy, || {
                let taken = answer.take().expect("an answer");
                answer = Some(by_value(&request, taken));
            })
        });
        same_for_all_sizes(&format!("Value, {name}"), &costs);

        let costs = SIZES.map(|len| {
            let request = request(len).to_string().into_bytes();
            let answer = Bytes::from(answer(len).to_string());
            cost(&policy, || drop(by_bytes(&request, answer.clone())))
        });
        same_for_all_sizes(&format!("JSON bytes, {name}"), &costs);

        let costs = SIZES.map(|len| {
            let request = Request { model: "m", messages: vec![Message { role: "user", content: text(len) }] };
            cost(&policy, || by_struct(&request))
        });
        same_for_all_sizes(&format!("Serialize, {name}"), &costs);
    }
}

#[test]
fn placeholders_cost_by_the_number_of_messages_only() {
    let policy = Policy::new().capture(Capture::Span).mask_input(true).mask_output(true);
    let costs = SIZES.map(|len| {
        let (request, answer) = (request(len), answer(len));
        let mut answer = Some(answer);
        cost(&policy, || {
            let taken = answer.take().expect("an answer");
            answer = Some(by_value(&request, taken));
        })
    });
    same_for_all_sizes("placeholder", &costs);
}

#[test]
fn chunks_cost_the_same_whatever_their_size() {
    for (name, policy) in shut() {
        let costs = SIZES.map(|len| {
            let chunk = json!({"id": "c1", "model": "m-1", "choices": [{"index": 0, "delta": {"content": text(len)}}]});
            let event = format!("data: {chunk}\n\n").into_bytes();
            cost(&policy, || {
                let call = LlmCall::builder("chat").provider("openai").start();
                call.chunk_bytes(&event);
                call.finish();
            })
        });
        same_for_all_sizes(&format!("chunks, {name}"), &costs);
    }
}

#[test]
fn a_chunk_allocates_nothing_whatever_its_text() {
    let chunk = |text: &str| {
        json!({"id": "c1", "object": "chat.completion.chunk", "created": text.len(), "model": "m-1",
            "choices": [{"index": 0, "delta": {"content": text}, "finish_reason": null}]})
    };
    let values = ["a", "two\nlines", "words"].map(chunk);
    let events = values.each_ref().map(|value| format!("data: {value}\n\n"));
    for (name, policy) in shut() {
        let provider = SdkTracerProvider::builder().build();
        let layer = llm_trace::layer().with_policy(policy).with_tracer_provider(&provider);
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            for typed in [true, false] {
                let call = LlmCall::builder("chat").provider("openai").start();
                let chunks = || {
                    for (value, event) in values.iter().zip(&events) {
                        if typed {
                            call.chunk(value)
                        } else {
                            call.chunk_bytes(event)
                        };
                    }
                };
                chunks();
                let cost = measure(chunks);
                assert_eq!((cost.count_total, cost.bytes_total), (0, 0), "{name}, typed: {typed}");
            }
        });
    }
}

#[test]
fn a_body_of_100_mb_costs_no_copy() {
    let body = Bytes::from(format!(
        r#"{{"model":"m","messages":[{{"role":"user","content":"{}"}}]}}"#,
        text_without_escapes(100 << 20)
    ));
    for (name, policy) in shut() {
        let cost = cost(&policy, || drop(by_bytes(&body, body.clone())));
        assert!(cost.bytes_max < 64 << 10, "{name}: {} bytes at once", cost.bytes_max);
    }
}

fn text_without_escapes(len: usize) -> String {
    "a line of a prompt. ".repeat(len / 20)
}

#[test]
fn calls_of_all_outcomes_leave_no_memory_behind() {
    let answer = Bytes::from(answer(64).to_string());
    let event = b"data: {\"id\":\"c1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"x\"}}]}\n\n";
    let cost = cost(&Policy::new().capture(Capture::Span), || {
        for round in 0..2_000_u32 {
            drop(by_bytes(b"{}", answer.clone()));
            let call = LlmCall::builder("chat").provider("openai").start();
            match round % 4 {
                0 => call.finish(),
                1 => call.fail(&std::io::Error::other("reset")),
                2 => drop(call.chunk_bytes(event)),
                _ => drop(std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                    call.run(|| std::panic::resume_unwind(Box::new(())))
                }))),
            }
        }
    });
    assert!(cost.bytes_current.abs() < 16 << 10, "{} bytes are left of 4,000 calls", cost.bytes_current);
}
