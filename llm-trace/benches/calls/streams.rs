//! What one chunk of a stream costs.

use llm_trace::{LlmCall, Operation};
use serde_json::{Value, json};
use tracing::dispatcher::with_default;

use super::setup::{content_off, content_on, ours};
use super::table::Table;

fn chunk(text: &str) -> Value {
    json!({"id": "chatcmpl-8d40", "object": "chat.completion.chunk", "created": 1_790_000_000,
        "model": "gpt-4o-mini-2024-07-18", "system_fingerprint": "fp_50906f2aac",
        "choices": [{"index": 0, "delta": {"content": text}, "logprobs": null, "finish_reason": null}]})
}

pub(crate) fn chunks(table: &mut Table) {
    let value = chunk(" word");
    let event = format!("data: {value}\n\n").into_bytes();
    for count in [1_u64, 100, 10_000] {
        for (what, policy) in [("off", content_off()), ("on", content_on())] {
            with_default(&ours(policy), || {
                let start = || LlmCall::builder(Operation::Chat).provider("openai").model("gpt-4o-mini").start();
                table.row(&format!("chunk, SSE bytes, content {what}, {count} of them"), count, || {
                    let call = start();
                    for _ in 0..count {
                        call.chunk_bytes(&event);
                    }
                    call.finish();
                });
                table.row(&format!("chunk, typed, content {what}, {count} of them"), count, || {
                    let call = start();
                    for _ in 0..count {
                        call.chunk(&value);
                    }
                    call.finish();
                });
            });
        }
    }
}
