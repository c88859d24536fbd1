use proptest::prelude::*;
use serde_json::{Value, json};

use crate::json::Mode;
use crate::message::Messages;
use crate::provider::Format;
use crate::provider::collect::{Collected, Collector};
use crate::provider::stream::StreamOutput;
use crate::redact::Filter;

/// Event `kind` of a stream in this format, with this text.
fn event(format: Format, kind: u8, text: &str) -> Value {
    let chunk = |delta: Value, choice: usize, reason: Value| {
        json!({
        "id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m", "obfuscation": "x".repeat(text.len() % 7),
        "choices": [{"index": choice, "delta": delta, "finish_reason": reason}]})
    };
    match (format, kind) {
        (Format::OpenAiChat, 0) => chunk(json!({"content": text}), 0, Value::Null),
        (Format::OpenAiChat, 1) => chunk(json!({"role": "assistant", "content": text}), 1, Value::Null),
        (Format::OpenAiChat, 2) => chunk(json!({"reasoning_content": text, "content": null}), 0, Value::Null),
        (Format::OpenAiChat, 3) => {
            chunk(json!({"tool_calls": [{"index": 0, "function": {"arguments": text}}]}), 0, Value::Null)
        }
        (Format::OpenAiChat, 4) => chunk(
            json!({"tool_calls": [{"index": 0, "id": "t", "function": {"name": "f", "arguments": text}}]}),
            0,
            Value::Null,
        ),
        (Format::OpenAiChat, 5) => {
            let mut chunk = chunk(json!({"content": text}), 0, Value::Null);
            chunk["service_tier"] = json!(if text.len().is_multiple_of(2) { "flex" } else { "default" });
            chunk["usage"] = json!({"prompt_tokens": 1, "completion_tokens": text.len()});
            chunk
        }
        (Format::OpenAiChat, 6) => {
            let mut chunk = chunk(json!({"content": text}), 0, Value::Null);
            chunk["service_tier"] = json!("priority");
            chunk
        }
        (Format::OpenAiChat, _) => chunk(json!({"content": text}), 0, json!("stop")),
        (Format::OpenAiResponses, 0) => json!({"type": "response.output_text.delta", "item_id": "i", "output_index": 0,
            "content_index": 0, "sequence_number": text.len(), "delta": text, "logprobs": [], "obfuscation": "ab"}),
        (Format::OpenAiResponses, 1) => json!({"type": "response.function_call_arguments.delta", "item_id": "j",
            "output_index": 1, "sequence_number": 3, "delta": text}),
        (Format::OpenAiResponses, 2) => {
            json!({"type": "response.reasoning_text.delta", "item_id": text, "delta": text})
        }
        (Format::OpenAiResponses, _) => json!({"type": "response.output_item.added", "output_index": 1,
            "item": {"type": "function_call", "id": "j", "call_id": "c", "name": "f", "arguments": ""}}),
        (Format::AnthropicMessages, 0) => {
            json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}})
        }
        (Format::AnthropicMessages, 1) => {
            json!({"type": "content_block_delta", "index": 1, "delta": {"type": "input_json_delta", "partial_json": text}})
        }
        (Format::AnthropicMessages, 2) => json!({"type": "content_block_start", "index": 1,
            "content_block": {"type": "tool_use", "id": "t", "name": "f", "input": {"a": text}}}),
        (Format::AnthropicMessages, _) => json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"},
            "usage": {"output_tokens": text.len()}}),
        (Format::OllamaChat, 0 | 1) => json!({"model": "m", "created_at": format!("t{}", text.len()),
            "message": {"role": "assistant", "content": text}, "done": false}),
        (Format::OllamaChat, 2) => {
            json!({"model": "m", "created_at": "t", "done": false, "message": {"role": "assistant",
            "content": "", "tool_calls": [{"function": {"name": "f", "arguments": {"a": text}}}]}})
        }
        (Format::OllamaChat, _) => json!({"model": "m", "created_at": "t", "message": {"role": "assistant",
            "content": text}, "done": true, "done_reason": "stop", "eval_count": text.len()}),
        (_, 0) => json!({"contentBlockDelta": {"contentBlockIndex": 0, "delta": {"text": text}, "p": "abcd"}}),
        (_, 1) => json!({"contentBlockDelta": {"contentBlockIndex": 1, "delta": {"toolUse": {"input": text}}}}),
        (_, 2) => {
            json!({"contentBlockStart": {"contentBlockIndex": 1, "start": {"toolUse": {"toolUseId": "t", "name": text}}}})
        }
        _ => json!({"metadata": {"usage": {"inputTokens": 1, "outputTokens": text.len()}}}),
    }
}

fn collector(mode: Mode) -> Collector {
    Collector::new(None, None, None, mode, (mode != Mode::Facts).then(StreamOutput::default))
}

fn told(Collected { end, format, facts, output, .. }: Collected, mode: Mode) -> String {
    let output = output.map(|output| {
        let mut messages = Messages::output(if mode == Mode::Full { Filter::plain() } else { Filter::placeholder() });
        output.write(&mut messages);
        messages.finish().0
    });
    format!("{end:?} {format:?} {facts:?} {output:?}")
}

const FORMATS: [Format; 5] = [
    Format::OpenAiChat,
    Format::OpenAiResponses,
    Format::AnthropicMessages,
    Format::OllamaChat,
    Format::BedrockConverse,
];

fn text() -> impl Strategy<Value = String> {
    prop_oneof![6 => "[ a-z]{0,9}", 1 => "[a\"\\\\\n\té]{1,4}", 1 => Just("assistant".to_owned()), 1 => Just("x".repeat(600))]
}

proptest! {
    #[test]
    fn events_that_repeat_tell_what_they_tell_when_read_in_full(
        format in prop::sample::select(&FORMATS[..]),
        events in prop::collection::vec((0_u8..8, 1_usize..6, text()), 1..10),
        ends in any::<bool>(),
    ) {
        for mode in [Mode::Facts, Mode::Structure, Mode::Full] {
            let (mut quick, mut full) = (collector(mode), collector(mode));
            full.read_all_in_full();
            let mut seen = 0;
            for (kind, times, text) in &events {
                for time in 0..*times {
                    let mut text = text.clone();
                    text.truncate(text.floor_char_boundary(text.len().saturating_sub(time)));
                    let event = if ends { event(format, *kind, &text) } else { event(format, kind % 3, &text) };
                    let line = format!("data: {event}\n\n");
                    prop_assert_eq!(quick.push(line.as_bytes()), full.push(line.as_bytes()));
                    seen += 1;
                }
            }
            prop_assert_eq!(told(quick.finish(), mode), told(full.finish(), mode), "{} events, {:?}", seen, mode);
        }
    }

    #[test]
    fn bytes_that_nearly_repeat_tell_what_they_tell_when_read_in_full(
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        remove in any::<bool>(),
    ) {
        let line = format!("{}\n", event(Format::OpenAiChat, 0, "three"));
        let mut broken = line.clone().into_bytes();
        let at = at.index(broken.len() - 1);
        if remove { broken.remove(at); } else { broken[at] = byte; }
        for mode in [Mode::Facts, Mode::Full] {
            let (mut quick, mut full) = (collector(mode), collector(mode));
            full.read_all_in_full();
            for bytes in [line.as_bytes(), line.as_bytes(), &broken, line.as_bytes()] {
                prop_assert_eq!(quick.push(bytes), full.push(bytes));
            }
            prop_assert_eq!(told(quick.finish(), mode), told(full.finish(), mode));
        }
    }
}

#[test]
fn the_third_event_of_a_kind_is_not_read_in_full() {
    for format in FORMATS {
        for mode in [Mode::Facts, Mode::Structure, Mode::Full] {
            let mut collector = collector(mode);
            for (text, known) in [("one", false), ("three", false), ("sixteen", true), ("a\nb", true), ("", false)] {
                let data = event(format, 0, text).to_string();
                assert_eq!(collector.knows(data.as_bytes()), known, "{format:?} {mode:?} {text:?}");
                collector.data(None, data.as_bytes());
            }
        }
    }
}

#[test]
fn a_text_with_escapes_is_not_taken_for_a_word_of_its_length() {
    for format in FORMATS {
        for mode in [Mode::Facts, Mode::Structure, Mode::Full] {
            // As long as the model's name, but for the escape.
            for text in ["\\", "\t", "é", "m"] {
                let (mut quick, mut full) = (collector(mode), collector(mode));
                full.read_all_in_full();
                let line = format!("data: {}\n\n", event(format, 0, text));
                for _ in 0..4 {
                    assert_eq!(quick.push(line.as_bytes()), full.push(line.as_bytes()));
                }
                assert_eq!(told(quick.finish(), mode), told(full.finish(), mode), "{format:?} {mode:?} {text:?}");
            }
        }
    }
}
