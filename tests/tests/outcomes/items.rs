//! Stream items as bytes, JSON values and typed values.

use llm_trace::{Capture, LlmCall, Operation, Policy};
use llm_trace_tests::collector::Collector;
use tracing_subscriber::prelude::*;

use crate::{completed, events};

#[derive(serde::Serialize)]
struct SseEvent {
    event: &'static str,
    data: String,
}

#[test]
fn parsed_events_record_facts_without_content() {
    let collector = Collector::start();
    let layer = llm_trace::layer().with_policy(Policy::new()).with_tracer_provider(&collector.provider());
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        let call = LlmCall::builder(Operation::Chat).provider("openai").start();
        for bytes in events(true) {
            let text = String::from_utf8_lossy(&bytes).trim().trim_start_matches("data: ").to_owned();
            call.chunk(&SseEvent { event: "message", data: text });
        }
        call.finish();
    });
    let span = collector.span("chat");
    completed(&span);
    assert_eq!(span.attribute("gen_ai.output.messages"), None);
}

#[derive(serde::Serialize)]
struct Chunk<'a> {
    id: &'a str,
    object: &'a str,
    created: usize,
    choices: [Choice<'a>; 1],
}

#[derive(serde::Serialize)]
struct Choice<'a> {
    index: usize,
    delta: Delta<'a>,
    logprobs: Option<f32>,
    finish_reason: Option<&'a str>,
}

#[derive(serde::Serialize)]
struct Delta<'a> {
    content: Option<&'a str>,
    refusal: Option<&'a str>,
    reasoning_content: &'a str,
}

#[test]
fn a_stream_is_recorded_the_same_as_bytes_values_and_structs() {
    let texts = ["one", "", "two\n", "three \"é\"", "four", "five", "", "six", "seven", "eight", "nine"];
    let chunks = texts.iter().enumerate().map(|(at, text)| Chunk {
        id: "c1",
        object: "chat.completion.chunk",
        created: at,
        choices: [Choice {
            index: usize::from(at % 4 == 3),
            delta: match at % 5 {
                4 => Delta { content: None, refusal: None, reasoning_content: text },
                _ => Delta { content: Some(text), refusal: None, reasoning_content: "" },
            },
            logprobs: None,
            finish_reason: (at == 7).then_some("length"),
        }],
    });
    let chunks: Vec<_> = chunks.collect();
    for masks in [None, Some(0), Some(3), Some(9)] {
        let spans = ["bytes", "values", "structs"].map(|kind| {
            let collector = Collector::start();
            let policy = Policy::new().capture(Capture::Span);
            let layer = llm_trace::layer().with_policy(policy).with_tracer_provider(&collector.provider());
            tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
                let call = LlmCall::builder(Operation::Chat).provider("openai").start();
                for (at, chunk) in chunks.iter().enumerate() {
                    call.mask_output(masks == Some(at));
                    let value = serde_json::to_value(chunk).expect("a value");
                    match kind {
                        "bytes" => call.chunk_bytes(format!("data: {value}\n\n")),
                        "values" => call.chunk(&value),
                        _ => call.chunk(chunk),
                    };
                }
                call.finish();
            });
            let span = collector.span("chat");
            ["gen_ai.output.messages", "gen_ai.response.id", "gen_ai.response.finish_reasons", "llm_trace.outcome"]
                .map(|key| span.attribute(key))
        });
        let text = spans[0][0].as_ref().map(ToString::to_string).unwrap_or_default();
        assert_eq!(text.contains("three"), masks.is_none(), "{masks:?} {text}");
        assert!(masks.is_some() || text.contains("nine"), "{text}");
        assert_eq!(spans[0], spans[1], "{masks:?}");
        assert_eq!(spans[0], spans[2], "{masks:?}");
    }
}
