use serde_json::{Value, json};

use super::{AnthropicComplete, AnthropicMessages};
use crate::semconv::Fact;
use crate::wire::Format;
use crate::wire::collect::StreamEnd;
use crate::wire::testing::{TypedFacts, answer, content, request, stream};

#[test]
fn request_parameters_are_read() {
    let facts = request(
        &AnthropicMessages,
        json!({
            "model": "claude-opus-4-8", "max_tokens": 9, "temperature": 1, "top_k": 3, "stop_sequences": ["x"],
            "service_tier": "auto", "stream": true,
            "output_config": {"effort": "low", "format": {"type": "json_schema", "schema": {}}},
        }),
    );
    assert_eq!(
        (facts.text(Fact::RequestModel), facts.int(Fact::RequestMaxTokens), facts.float(Fact::RequestTopK)),
        (Some("claude-opus-4-8"), Some(9), Some(3.0))
    );
    assert_eq!(
        (facts.texts(Fact::RequestStopSequences), facts.flag(Fact::RequestStream)),
        (Some(vec!["x".to_owned()]), Some(true))
    );
    assert_eq!((facts.text(Fact::RequestReasoningLevel), facts.text(Fact::OutputType)), (Some("low"), Some("json")));
    assert_eq!(
        request(&AnthropicMessages, json!({"output_format": {"type": "json_schema"}})).text(Fact::OutputType),
        Some("json")
    );
    let legacy = request(&AnthropicComplete, json!({"model": "claude-2", "max_tokens_to_sample": 7}));
    assert_eq!((legacy.text(Fact::RequestModel), legacy.int(Fact::RequestMaxTokens)), (Some("claude-2"), Some(7)));
}

#[test]
fn every_documented_block_becomes_a_part() {
    let image = |source: Value| json!({"type": "image", "source": source});
    let document = |source: Value| json!({"type": "document", "source": source, "title": "t"});
    for (block, part) in [
        (json!({"type": "text", "text": "a"}), json!({"type": "text", "content": "a"})),
        (
            json!({"type": "text", "text": "a", "citations": [{"type": "page_location"}]}),
            json!({"type": "text", "content": "a", "citations": [{"type": "page_location"}]}),
        ),
        (
            image(json!({"type": "base64", "media_type": "image/png", "data": "AAAA"})),
            json!({"type": "blob", "modality": "image", "mime_type": "image/png", "content": "AAAA"}),
        ),
        (
            image(json!({"type": "url", "url": "https://x"})),
            json!({"type": "uri", "modality": "image", "uri": "https://x"}),
        ),
        (image(json!({"type": "file", "file_id": "f"})), json!({"type": "file", "modality": "image", "file_id": "f"})),
        (
            document(json!({"type": "base64", "media_type": "application/pdf", "data": "AAAA"})),
            json!({"type": "blob", "modality": "document", "mime_type": "application/pdf", "content": "AAAA"}),
        ),
        (
            document(json!({"type": "url", "url": "https://x"})),
            json!({"type": "uri", "modality": "document", "uri": "https://x"}),
        ),
        (
            document(json!({"type": "text", "media_type": "text/plain", "data": "d"})),
            json!({"type": "document", "title": "t", "source": {"type": "text", "media_type": "text/plain", "data": "d"}}),
        ),
        (
            json!({"type": "tool_use", "id": "i", "name": "f", "input": {"a": 1}}),
            json!({"type": "tool_call", "id": "i", "name": "f", "arguments": {"a": 1}}),
        ),
        (
            json!({"type": "tool_result", "tool_use_id": "i", "content": "r", "is_error": true}),
            json!({"type": "tool_call_response", "id": "i", "response": "r"}),
        ),
        (
            json!({"type": "tool_result", "tool_use_id": "i"}),
            json!({"type": "tool_call_response", "id": "i", "response": null}),
        ),
        (json!({"type": "thinking", "thinking": "t", "signature": "s"}), json!({"type": "reasoning", "content": "t"})),
        (json!({"type": "redacted_thinking", "data": "d"}), json!({"type": "redacted_thinking", "data": "d"})),
        (
            json!({"type": "mcp_tool_use", "id": "i", "name": "f", "server_name": "s", "input": {"a": 1}}),
            json!({"type": "server_tool_call", "id": "i", "name": "f", "server_tool_call": {"type": "mcp", "a": 1}}),
        ),
        (
            json!({"type": "web_fetch_tool_result", "tool_use_id": "i", "content": {"type": "web_fetch_result"}}),
            json!({"type": "server_tool_call_response", "id": "i", "server_tool_call_response":
                {"type": "web_fetch", "tool_use_id": "i", "content": {"type": "web_fetch_result"}}}),
        ),
        (json!({"type": "container_upload", "file_id": "f"}), json!({"type": "container_upload", "file_id": "f"})),
        (json!({"type": "search_result", "title": "t"}), json!({"type": "search_result", "title": "t"})),
    ] {
        let body = json!({"messages": [{"role": "user", "content": [block]}]});
        assert_eq!(content(&AnthropicMessages, body)[0], json!([{"role": "user", "parts": [part]}]));
    }
}

#[test]
fn instructions_are_read_apart_and_in_the_history() {
    let [messages, instructions, tools] = content(
        &AnthropicMessages,
        json!({
            "system": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}],
            "messages": [{"role": "system", "content": "c"}, {"role": "user", "content": ""}],
            "tools": [
                {"name": "f", "input_schema": {"type": "object"}},
                {"type": "custom", "name": "g", "input_schema": {"type": "object"}},
                {"type": "web_search_20250305", "name": "web_search"},
            ],
        }),
    );
    assert_eq!(instructions, json!([{"type": "text", "content": "a"}, {"type": "text", "content": "b"}]));
    assert_eq!(
        messages,
        json!([{"role": "system", "parts": [{"type": "text", "content": "c"}]}, {"role": "user", "parts": []}])
    );
    let kinds = tools.as_array().unwrap().iter().map(|tool| tool["type"].clone()).collect::<Vec<_>>();
    assert_eq!(kinds, ["function", "function", "web_search_20250305"]);
}

#[test]
fn input_tokens_count_what_the_cache_read_and_wrote() {
    let body = |usage: Value| json!({"id": "msg", "content": [], "stop_reason": "pause_turn", "usage": usage});
    let usage = json!({"input_tokens": 1, "cache_read_input_tokens": 20, "cache_creation_input_tokens": 300,
        "output_tokens": 5, "output_tokens_details": {"thinking_tokens": 2}, "service_tier": "priority"});
    let (facts, messages) = answer(&AnthropicMessages, body(usage));
    let counts = facts.usage;
    assert_eq!((counts.input, counts.cache_read, counts.cache_creation), (Some(321), Some(20), Some(300)));
    assert_eq!(
        (counts.output, counts.reasoning, facts.facts.text(Fact::ResponseServiceTier)),
        (Some(5), Some(2), Some("priority"))
    );
    assert_eq!(messages[0]["finish_reason"], "stop");
    let (facts, _) = answer(&AnthropicMessages, body(json!({"cache_read_input_tokens": 20})));
    assert_eq!((facts.usage.input, facts.usage.output), (None, None));
    let huge = json!({"input_tokens": i64::MAX, "cache_read_input_tokens": i64::MAX});
    assert_eq!(answer(&AnthropicMessages, body(huge)).0.usage.input, Some(i64::MAX));
}

fn events(rest: &[Value]) -> Vec<Value> {
    let start = json!({"type": "message_start", "message": {"id": "msg", "model": "claude", "content": [],
        "usage": {"input_tokens": 10, "cache_read_input_tokens": 5, "output_tokens": 1}}});
    [&[start, json!({"type": "ping"})], rest].concat()
}

#[test]
fn the_last_report_of_each_count_is_taken() {
    let (end, facts, _) = stream(
        Format::AnthropicMessages,
        &events(&[
            json!({"type": "message_delta", "delta": {"stop_reason": null}, "usage": {"output_tokens": 4}}),
            json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"input_tokens": 12, "output_tokens": 9}}),
            json!({"type": "message_stop"}),
        ]),
    );
    assert_eq!(end, StreamEnd::Complete);
    assert_eq!((facts.usage.input, facts.usage.output, facts.usage.cache_read), (Some(17), Some(9), Some(5)));
}

#[test]
fn streamed_blocks_become_the_parts_that_whole_ones_do() {
    let start =
        |index: usize, block: Value| json!({"type": "content_block_start", "index": index, "content_block": block});
    let delta = |index: usize, delta: Value| json!({"type": "content_block_delta", "index": index, "delta": delta});
    let (_, _, messages) = stream(
        Format::AnthropicMessages,
        &events(&[
            start(0, json!({"type": "thinking", "thinking": "", "signature": ""})),
            delta(0, json!({"type": "thinking_delta", "thinking": "h"})),
            delta(0, json!({"type": "thinking_delta", "thinking": "m"})),
            delta(0, json!({"type": "signature_delta", "signature": "s"})),
            start(1, json!({"type": "text", "text": ""})),
            delta(1, json!({"type": "text_delta", "text": "x"})),
            delta(1, json!({"type": "citations_delta", "citation": {"type": "page_location", "start_page_number": 1}})),
            delta(1, json!({"type": "citations_delta", "citation": {"type": "page_location", "start_page_number": 2}})),
            start(2, json!({"type": "server_tool_use", "id": "i", "name": "web_search", "input": {}})),
            delta(2, json!({"type": "input_json_delta", "partial_json": "{\"query\":"})),
            delta(2, json!({"type": "input_json_delta", "partial_json": "\"q\"}"})),
            start(3, json!({"type": "web_search_tool_result", "tool_use_id": "i", "content": []})),
            start(4, json!({"type": "tool_use", "id": "j", "name": "f", "input": {"whole": true}})),
            start(5, json!({"type": "tool_use", "id": "k", "name": "g", "input": {"first": true}})),
            delta(5, json!({"type": "input_json_delta", "partial_json": "{\"a\":1}"})),
            start(6, json!({"type": "compaction", "content": null})),
            delta(6, json!({"type": "compaction_delta", "content": "c"})),
            start(7, json!({"type": "future_block", "a": 1})),
            delta(7, json!({"type": "future_delta", "a": 2})),
            json!({"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 9}}),
        ]),
    );
    assert_eq!(
        messages,
        json!([{"role": "assistant", "finish_reason": "tool_call", "parts": [
            {"type": "reasoning", "content": "hm"},
            {"type": "text", "content": "x", "citations": [
                {"type": "page_location", "start_page_number": 1}, {"type": "page_location", "start_page_number": 2}]},
            {"type": "server_tool_call", "id": "i", "name": "web_search",
                "server_tool_call": {"type": "web_search", "query": "q"}},
            {"type": "server_tool_call_response", "id": "i", "server_tool_call_response":
                {"type": "web_search", "tool_use_id": "i", "content": []}},
            {"type": "tool_call", "id": "j", "name": "f", "arguments": {"whole": true}},
            {"type": "tool_call", "id": "k", "name": "g", "arguments": {"a": 1}},
            {"type": "compaction", "content": "c"},
            {"type": "future_block", "a": 1},
        ]}])
    );
}

#[test]
fn an_error_inside_a_stream_keeps_what_came_before() {
    let (end, facts, messages) = stream(
        Format::AnthropicMessages,
        &events(&[
            json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
            json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "x"}}),
            json!({"type": "error", "error": {"type": "overloaded_error", "message": "M"}}),
        ]),
    );
    assert_eq!((end, facts.error.unwrap().name()), (StreamEnd::Error, Some("overloaded_error")));
    assert_eq!(messages[0]["parts"], json!([{"type": "text", "content": "x"}]));
}

#[test]
fn legacy_completions_are_read_whole_and_streamed() {
    let body = json!({"type": "completion", "id": "c", "completion": " hi", "stop_reason": "stop_sequence", "model": "claude-2"});
    let (facts, messages) = answer(&AnthropicComplete, body);
    assert_eq!(
        (facts.facts.text(Fact::ResponseId), facts.finish_reasons),
        (Some("c"), vec![Some("stop_sequence".to_owned())])
    );
    assert_eq!(messages[0]["parts"], json!([{"type": "text", "content": " hi"}]));
    let piece = |text: &str, stop: Value| json!({"type": "completion", "completion": text, "stop_reason": stop, "model": "claude-2"});
    let pieces = [piece("a", Value::Null), piece("b", Value::Null), piece("", json!("max_tokens"))];
    let (end, _, messages) = stream(Format::AnthropicComplete, &pieces);
    assert_eq!((end, &messages[0]["finish_reason"]), (StreamEnd::Complete, &json!("length")));
    assert_eq!(messages[0]["parts"], json!([{"type": "text", "content": "ab"}]));
    assert_eq!(stream(Format::AnthropicComplete, &pieces[..2]).0, StreamEnd::Truncated);
}
