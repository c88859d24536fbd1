//! The cost of one chunk of a stream.

use llm_trace::{LlmCall, Operation};
use serde::Serialize;
use tracing::dispatcher::with_default;

use super::setup::{content_off, content_on, ours};
use super::table::Table;

/// An event as a typed client represents it.
#[derive(Serialize)]
struct Chunk {
    id: String,
    object: String,
    created: u64,
    model: String,
    system_fingerprint: Option<String>,
    choices: Vec<Choice>,
}

#[derive(Serialize)]
struct Choice {
    index: u32,
    delta: Delta,
    logprobs: Option<f64>,
    finish_reason: Option<String>,
}

#[derive(Serialize)]
struct Delta {
    content: Option<String>,
}

fn chunk(text: &str) -> Chunk {
    let delta = Delta { content: Some(text.to_owned()) };
    Chunk {
        id: "chatcmpl-8d40".to_owned(),
        object: "chat.completion.chunk".to_owned(),
        created: 1_790_000_000,
        model: "gpt-4o-mini-2024-07-18".to_owned(),
        system_fingerprint: Some("fp_50906f2aac".to_owned()),
        choices: vec![Choice { index: 0, delta, logprobs: None, finish_reason: None }],
    }
}

fn start() -> LlmCall {
    LlmCall::builder(Operation::Chat).provider("openai").model("gpt-4o-mini").start()
}

pub(crate) fn chunks(table: &mut Table) {
    let typed = chunk(" word");
    let value = serde_json::to_value(&typed).unwrap_or_default();
    let event = format!("data: {value}\n\n").into_bytes();
    for count in [1_u64, 100, 10_000] {
        for (what, policy) in [("off", content_off()), ("on", content_on())] {
            with_default(&ours(policy), || {
                let call = format!("call of no chunk, content {what}");
                if count == 1 {
                    table.row(&call, 1, || start().finish());
                }
                let mut row = |kind: &str, chunk: &dyn Fn(&LlmCall)| {
                    table.row_beyond(&format!("chunk, {kind}, content {what}, {count} of them"), count, &call, || {
                        let call = start();
                        for _ in 0..count {
                            chunk(&call);
                        }
                        call.finish();
                    });
                };
                row("SSE bytes", &|call| _ = call.chunk_bytes(&event));
                row("typed", &|call| _ = call.chunk(&typed));
                row("Value", &|call| _ = call.chunk(&value));
            });
        }
    }
}
