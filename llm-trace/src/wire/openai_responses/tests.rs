use serde_json::{Value, json};

use super::OpenAiResponses;
use crate::semconv::Fact;
use crate::wire::Format;
use crate::wire::collect::StreamEnd;
use crate::wire::testing::{TypedFacts, answer, content, request, stream};

fn item(item: Value) -> Value {
    content(&OpenAiResponses, json!({"input": [item]}))[0][0].clone()
}

fn output(item: Value) -> Value {
    answer(&OpenAiResponses, json!({"status": "completed", "output": [item]})).1[0].clone()
}

#[test]
fn request_parameters_are_read() {
    let facts = request(
        &OpenAiResponses,
        json!({
            "model": "gpt-5", "max_output_tokens": 9, "reasoning": {"effort": "high"}, "service_tier": "flex",
            "text": {"format": {"type": "json_schema", "schema": {}}}, "previous_response_id": "resp_1",
            "conversation": {"id": "conv_1"}, "prompt": {"id": "pmpt_1", "version": "2", "variables": {"a": "b"}},
            "stop": "x", "input": "hi"
        }),
    );
    assert_eq!(facts.text(Fact::RequestModel), Some("gpt-5"));
    assert_eq!(facts.int(Fact::RequestMaxTokens), Some(9));
    assert_eq!(facts.text(Fact::RequestReasoningLevel), Some("high"));
    assert_eq!(facts.text(Fact::OutputType), Some("json"));
    assert_eq!(facts.text(Fact::RequestPreviousResponseId), Some("resp_1"));
    assert_eq!(facts.text(Fact::ConversationId), Some("conv_1"));
    assert_eq!(
        (facts.text(Fact::RequestPromptName), facts.text(Fact::RequestPromptVersion)),
        (Some("pmpt_1"), Some("2"))
    );
    assert_eq!(facts.texts(Fact::RequestStopSequences), None);
    assert_eq!(request(&OpenAiResponses, json!({"conversation": "conv_2"})).text(Fact::ConversationId), Some("conv_2"));
}

#[test]
fn each_input_item_is_one_message() {
    for (given, role, parts) in [
        (json!({"role": "user", "content": "hi"}), "user", json!([{"type": "text", "content": "hi"}])),
        (
            json!({"role": "user", "content": [
                {"type": "input_text", "text": "a"},
                {"type": "input_image", "image_url": "https://x/a.png"},
                {"type": "input_image", "file_id": "file-1"},
                {"type": "input_file", "file_data": "data:application/pdf;base64,AAAA", "filename": "a.pdf"},
                {"type": "input_file", "file_url": "https://x/a.pdf"},
                {"type": "input_file", "file_id": "file-2"},
                {"type": "input_audio", "input_audio": {"data": "BBBB", "format": "mp3"}},
                {"type": "input_hologram", "depth": 3},
            ]}),
            "user",
            json!([
                {"type": "text", "content": "a"},
                {"type": "uri", "modality": "image", "uri": "https://x/a.png"},
                {"type": "file", "modality": "image", "file_id": "file-1"},
                {"type": "blob", "modality": "document", "mime_type": "application/pdf", "content": "AAAA"},
                {"type": "uri", "modality": "document", "uri": "https://x/a.pdf"},
                {"type": "file", "modality": "document", "file_id": "file-2"},
                {"type": "blob", "modality": "audio", "mime_type": "audio/mp3", "content": "BBBB"},
                {"type": "input_hologram", "depth": 3},
            ]),
        ),
        (
            json!({"type": "function_call", "call_id": "c", "name": "f", "arguments": "{\"a\":1}"}),
            "assistant",
            json!([{"type": "tool_call", "id": "c", "name": "f", "arguments": {"a": 1}}]),
        ),
        (
            json!({"type": "function_call_output", "call_id": "c", "output": [{"type": "input_text", "text": "t"}]}),
            "tool",
            json!([{"type": "tool_call_response", "id": "c", "response": [{"type": "input_text", "text": "t"}]}]),
        ),
        (
            json!({"type": "local_shell_call_output", "call_id": "c", "output": "done"}),
            "tool",
            json!([{"type": "tool_call_response", "id": "c", "response": "done"}]),
        ),
        (json!({"type": "reasoning", "id": "rs", "summary": [], "encrypted_content": "x"}), "assistant", json!([])),
        (
            json!({"type": "item_reference", "id": "msg_1"}),
            "assistant",
            json!([{"type": "item_reference", "id": "msg_1"}]),
        ),
    ] {
        assert_eq!(item(given), json!({"role": role, "parts": parts}));
    }
}

#[test]
fn instructions_stand_apart_and_tools_are_listed_by_name() {
    let [messages, instructions, tools] = content(
        &OpenAiResponses,
        json!({"input": "hi", "instructions": "be brief", "tools": [
            {"type": "function", "name": "f", "description": "d", "parameters": {"type": "object"}, "strict": true},
            {"type": "web_search"},
            {"type": "mcp", "server_label": "docs", "server_url": "https://x"},
            {"type": "namespace", "name": "crm", "description": "d", "tools": [{"type": "function", "name": "g"}]},
        ]}),
    );
    assert_eq!(messages, json!([{"role": "user", "parts": [{"type": "text", "content": "hi"}]}]));
    assert_eq!(instructions, json!([{"type": "text", "content": "be brief"}]));
    let names = tools.as_array().unwrap().iter().map(|tool| tool["name"].clone()).collect::<Vec<_>>();
    assert_eq!(names, ["f", "web_search", "docs", "crm", "g"]);
}

#[test]
fn tools_that_openai_runs_are_told_from_those_the_client_runs() {
    let search = output(json!({"type": "web_search_call", "id": "ws", "action": {"type": "search", "query": "q"}}));
    assert_eq!(search["finish_reason"], "stop");
    assert_eq!(search["parts"][0]["type"], "server_tool_call");
    assert_eq!(search["parts"][0]["name"], "web_search");
    assert_eq!(search["parts"][0]["server_tool_call"]["action"]["query"], "q");
    let mcp = output(json!({"type": "mcp_call", "id": "m", "name": "roll", "server_label": "dice", "output": "4"}));
    assert_eq!(mcp["parts"][0]["name"], "roll");
    assert_eq!(mcp["parts"][0]["server_tool_call"]["type"], "mcp");
    for kind in ["computer_call", "apply_patch_call", "local_shell_call", "mcp_approval_request"] {
        let call = output(json!({"type": kind, "id": "x"}));
        assert_eq!((&call["finish_reason"], &call["parts"][0]["type"]), (&json!("tool_call"), &json!(kind)));
    }
    let local = output(json!({"type": "shell_call", "environment": {"type": "local"}, "action": {}}));
    assert_eq!(local["finish_reason"], "tool_call");
}

#[test]
fn results_in_the_output_are_those_of_openais_tools() {
    let result = output(json!({"type": "program_output", "id": "p", "call_id": "c", "output": "1"}));
    assert_eq!(result["parts"][0]["type"], "server_tool_call_response");
    assert_eq!(result["parts"][0]["server_tool_call_response"]["type"], "program");
}

#[test]
fn a_response_says_by_its_status_why_it_ended() {
    for (body, raw, word) in [
        (json!({"status": "completed"}), Some("completed"), "stop"),
        (
            json!({"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}),
            Some("max_output_tokens"),
            "length",
        ),
        (
            json!({"status": "incomplete", "incomplete_details": {"reason": "content_filter"}}),
            Some("content_filter"),
            "content_filter",
        ),
        (json!({"status": "failed"}), Some("failed"), "error"),
        (json!({"status": "cancelled"}), Some("cancelled"), "cancelled"),
        (json!({"status": "in_progress"}), None, ""),
    ] {
        let mut body = body;
        body["output"] = json!([{"type": "message", "content": [{"type": "output_text", "text": "x"}]}]);
        let (facts, messages) = answer(&OpenAiResponses, body);
        assert_eq!(facts.finish_reasons.first().and_then(Option::as_deref), raw);
        assert_eq!(messages[0]["finish_reason"], word);
    }
}

#[test]
fn a_response_that_still_waits_has_no_output() {
    let (facts, messages) = answer(
        &OpenAiResponses,
        json!({"id": "resp_1", "status": "queued", "background": true, "output": [], "usage": null}),
    );
    assert_eq!((facts.facts.text(Fact::ResponseStatus), messages), (Some("queued"), Value::Null));
}

#[test]
fn citations_stay_with_their_text() {
    let text = output(json!({"type": "message", "content": [
        {"type": "output_text", "text": "x", "annotations": [{"type": "url_citation", "url": "https://x"}]},
    ]}));
    assert_eq!(
        text["parts"],
        json!([{"type": "text", "content": "x", "annotations": [{"type": "url_citation", "url": "https://x"}]}])
    );
}

fn events(last: Value) -> Vec<Value> {
    vec![
        json!({"type": "response.created", "response": {"id": "resp_1", "status": "in_progress", "output": []}}),
        json!({"type": "response.output_item.added", "output_index": 1, "item": {"type": "function_call", "id": "fc", "call_id": "c", "name": "f", "arguments": ""}}),
        json!({"type": "response.function_call_arguments.delta", "output_index": 1, "delta": "{\"a\""}),
        json!({"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "delta": "hel"}),
        json!({"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "delta": "lo"}),
        json!({"type": "response.function_call_arguments.delta", "output_index": 1, "delta": ":1}"}),
        last,
    ]
}

#[test]
fn items_that_come_mixed_are_written_in_their_order() {
    let ended =
        json!({"type": "response.completed", "response": {"id": "resp_1", "status": "completed", "output": []}});
    let (end, facts, messages) = stream(Format::OpenAiResponses, &events(ended));
    assert_eq!((end, facts.finish_reasons), (StreamEnd::Complete, vec![Some("completed".to_owned())]));
    assert_eq!(
        messages,
        json!([{"role": "assistant", "finish_reason": "tool_call", "parts": [
            {"type": "text", "content": "hello"},
            {"type": "tool_call", "id": "c", "name": "f", "arguments": {"a": 1}},
        ]}])
    );
}

#[test]
fn servers_that_do_not_number_their_items_are_read_by_id() {
    let (_, _, messages) = stream(
        Format::OpenAiResponses,
        &[
            json!({"type": "response.output_item.added", "item": {"type": "message", "id": "a", "content": []}}),
            json!({"type": "response.output_text.delta", "item_id": "a", "delta": "x"}),
            json!({"type": "response.output_text.delta", "item_id": "b", "delta": "y"}),
            json!({"type": "response.output_text.delta", "item_id": "a", "delta": "x"}),
        ],
    );
    assert_eq!(messages[0]["parts"], json!([{"type": "text", "content": "xx"}, {"type": "text", "content": "y"}]));
}

#[test]
fn the_final_response_counts_over_the_pieces_before_it() {
    let ended = json!({"type": "response.incomplete", "response": {"id": "resp_2", "status": "incomplete",
        "incomplete_details": {"reason": "max_output_tokens"}, "usage": {"input_tokens": 3, "output_tokens": 4},
        "output": [{"type": "message", "content": [{"type": "output_text", "text": "whole"}]}]}});
    let (end, facts, messages) = stream(Format::OpenAiResponses, &events(ended));
    assert_eq!(
        (end, facts.facts.text(Fact::ResponseId), facts.usage.output),
        (StreamEnd::Complete, Some("resp_2"), Some(4))
    );
    assert_eq!(
        messages,
        json!([{"role": "assistant", "finish_reason": "length", "parts": [{"type": "text", "content": "whole"}]}])
    );
}

#[test]
fn errors_inside_a_stream_are_read_in_both_places() {
    let failed = json!({"type": "response.failed", "response": {"id": "resp_1", "status": "failed", "output": [],
        "error": {"code": "server_error", "message": "M"}}});
    for (last, code) in [
        (failed, "server_error"),
        (json!({"type": "error", "code": "rate_limit_exceeded", "message": "M", "param": null}), "rate_limit_exceeded"),
        (
            json!({"type": "error", "error": {"type": "server_error", "code": "overloaded", "message": "M"}}),
            "overloaded",
        ),
    ] {
        let (end, facts, messages) = stream(Format::OpenAiResponses, &events(last));
        let error = facts.error.unwrap();
        assert_eq!((end, error.name(), error.message.as_deref()), (StreamEnd::Error, Some(code), Some("M")));
        assert_eq!(messages[0]["parts"][0], json!({"type": "text", "content": "hello"}));
    }
}
