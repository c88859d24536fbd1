//! Token counts that a response states several times, tested on the exported bytes.

use llm_trace::LlmCall;
use llm_trace_tests::collector::Collector;
use serde_json::{Value, json};
use tracing_subscriber::prelude::*;

/// How a response is recorded.
type Read = fn(&LlmCall, &Value);

const READS: [Read; 4] = [
    |call, answer| _ = call.response(answer),
    |call, answer| _ = call.response_json(answer.to_string()),
    |call, answer| _ = call.chunk(&chunk(answer)),
    |call, answer| _ = call.chunk_bytes(format!("data: {}\n\ndata: [DONE]\n\n", chunk(answer))),
];

fn answer(usage: &Value) -> Value {
    json!({"id": "r", "object": "chat.completion", "model": "m", "usage": usage, "choices": [
        {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "a"}}]})
}

/// The answer as the only chunk of a stream.
fn chunk(answer: &Value) -> Value {
    let mut chunk = answer.clone();
    chunk["object"] = json!("chat.completion.chunk");
    chunk["choices"] = json!([{"index": 0, "finish_reason": "stop", "delta": {"content": "a"}}]);
    chunk
}

/// The exported counts of input, output, cached and reasoning tokens of one call.
fn counts(read: Read, usage: &Value) -> [Option<Value>; 4] {
    let collector = Collector::start();
    let layer = llm_trace::layer().with_tracer_provider(&collector.provider());
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        LlmCall::builder("chat").provider("openai").model("m").run(|call| read(call, &answer(usage)));
    });
    let span = collector.span("chat m");
    ["input_tokens", "output_tokens", "cache_read.input_tokens", "reasoning.output_tokens"]
        .map(|key| span.attribute(&format!("gen_ai.usage.{key}")))
}

#[test]
fn of_several_places_of_a_count_the_first_by_name_that_has_one_is_exported() {
    let of = |details: Value| {
        let mut usage = json!({"prompt_tokens": 100, "completion_tokens": 50});
        usage.as_object_mut().unwrap().extend(details.as_object().unwrap().clone());
        usage
    };
    let cases = [
        (
            of(json!({"input_tokens": 7, "output_tokens": 8,
                "prompt_tokens_details": {"cached_tokens": 1}, "prompt_token_details": {"cached_tokens": 2},
                "input_tokens_details": {"cached_tokens": 3}, "prompt_cache_hit_tokens": 9, "cached_tokens": 9,
                "completion_tokens_details": {"reasoning_tokens": 4},
                "completion_token_details": {"reasoning_tokens": 5},
                "output_tokens_details": {"reasoning_tokens": 6}, "reasoning_tokens": 9})),
            [100, 50, 1, 4],
        ),
        (
            of(json!({"prompt_token_details": {"cached_tokens": 2}, "input_tokens_details": {"cached_tokens": 3},
                "completion_token_details": {"reasoning_tokens": 5}, "output_tokens_details": {"reasoning_tokens": 6}})),
            [100, 50, 2, 5],
        ),
        // Details without the count do not hide those with it.
        (
            of(json!({"prompt_tokens_details": {"audio_tokens": 1}, "input_tokens_details": {"cached_tokens": 3},
                "completion_tokens_details": null, "output_tokens_details": {"reasoning_tokens": 6}})),
            [100, 50, 3, 6],
        ),
        (
            of(json!({"prompt_tokens_details": {"cached_tokens": null}, "input_tokens_details": {"cached_tokens": 3},
                "completion_tokens_details": {"reasoning_tokens": -1}, "reasoning_tokens": 9})),
            [100, 50, 3, 9],
        ),
        (
            json!({"prompt_tokens": null, "input_tokens": 7, "output_tokens": 8, "num_cached_tokens": 9,
                "prompt_cache_hit_tokens": 2, "output_tokens_details": {"reasoning_tokens": 6}}),
            [7, 8, 2, 6],
        ),
    ];
    for (usage, expected) in cases {
        let reversed = usage.as_object().unwrap().clone().into_iter().rev().collect();
        for usage in [&usage, &reversed] {
            for (number, read) in READS.into_iter().enumerate() {
                assert_eq!(counts(read, usage), expected.map(|count| Some(json!(count))), "{number} {usage}");
            }
        }
    }
}
