use serde_json::{Value, json};

use super::{Gemini, GeminiEmbed};
use crate::semconv::Fact;
use crate::wire::Format;
use crate::wire::collect::StreamEnd;
use crate::wire::testing::{TypedFacts, answer, content, request, stream};

#[test]
fn request_parameters_are_read_in_either_spelling() {
    let camel = json!({"generationConfig": {"temperature": 0.5, "topP": 0.9, "topK": 4, "maxOutputTokens": 9,
        "frequencyPenalty": 1, "presencePenalty": 2, "seed": 3, "stopSequences": ["x"], "candidateCount": 2,
        "responseMimeType": "application/json", "thinkingConfig": {"thinkingLevel": "high"}}});
    let snake = json!({"generation_config": {"temperature": 0.5, "top_p": 0.9, "top_k": 4, "max_output_tokens": 9,
        "frequency_penalty": 1, "presence_penalty": 2, "seed": 3, "stop_sequences": ["x"], "candidate_count": 2,
        "response_mime_type": "application/json", "thinking_config": {"thinking_level": "high"}}});
    let facts = request(&Gemini, camel);
    assert_eq!(facts, request(&Gemini, snake));
    assert_eq!(
        (facts.float(Fact::RequestTopP), facts.float(Fact::RequestTopK), facts.int(Fact::RequestMaxTokens)),
        (Some(0.9), Some(4.0), Some(9))
    );
    assert_eq!((facts.int(Fact::RequestChoiceCount), facts.text(Fact::OutputType)), (Some(2), Some("json")));
    assert_eq!(facts.text(Fact::RequestReasoningLevel), Some("high"));
    for (modality, kind) in [("IMAGE", "image"), ("AUDIO", "speech")] {
        let body = json!({"generationConfig": {"responseModalities": ["TEXT", modality]}});
        assert_eq!(request(&Gemini, body).text(Fact::OutputType), Some(kind));
    }
}

#[test]
fn every_documented_part_is_read_in_either_spelling() {
    for (given, part) in [
        (json!({"text": "a"}), json!({"type": "text", "content": "a"})),
        (json!({"text": "a", "thought": true}), json!({"type": "reasoning", "content": "a"})),
        (json!({"thought": true, "thoughtSignature": "s", "text": "a"}), json!({"type": "reasoning", "content": "a"})),
        (
            json!({"inlineData": {"mimeType": "image/png", "data": "AAAA"}}),
            json!({"type": "blob", "modality": "image", "mime_type": "image/png", "content": "AAAA"}),
        ),
        (
            json!({"inline_data": {"mime_type": "audio/wav", "data": "AAAA"}}),
            json!({"type": "blob", "modality": "audio", "mime_type": "audio/wav", "content": "AAAA"}),
        ),
        (
            json!({"fileData": {"mimeType": "video/mp4", "fileUri": "gs://b/v"}, "videoMetadata": {"fps": 1}}),
            json!({"type": "uri", "modality": "video", "mime_type": "video/mp4", "uri": "gs://b/v"}),
        ),
        (
            json!({"functionCall": {"id": "i", "name": "f", "args": {"a": 1}}, "thoughtSignature": "s"}),
            json!({"type": "tool_call", "id": "i", "name": "f", "arguments": {"a": 1}}),
        ),
        (
            json!({"function_response": {"name": "f", "response": {"r": 1}}}),
            json!({"type": "tool_call_response", "id": "f", "response": {"r": 1}}),
        ),
        (
            json!({"executableCode": {"language": "PYTHON", "code": "1"}}),
            json!({"type": "server_tool_call", "name": "code_execution",
                "server_tool_call": {"type": "code_execution", "language": "PYTHON", "code": "1"}}),
        ),
        (
            json!({"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "1"}}),
            json!({"type": "server_tool_call_response",
                "server_tool_call_response": {"type": "code_execution", "outcome": "OUTCOME_OK", "output": "1"}}),
        ),
        (
            json!({"toolCall": {"toolType": "GOOGLE_SEARCH_WEB", "id": "t", "args": {"queries": ["q"]}}}),
            json!({"type": "server_tool_call", "id": "t", "name": "GOOGLE_SEARCH_WEB",
                "server_tool_call": {"type": "GOOGLE_SEARCH_WEB", "queries": ["q"]}}),
        ),
        (json!({"hologram": {"depth": 3}}), json!({"type": "hologram", "depth": 3})),
    ] {
        let body = json!({"contents": [{"role": "user", "parts": [given, {"thoughtSignature": "s"}, {"text": ""}]}]});
        assert_eq!(content(&Gemini, body)[0], json!([{"role": "user", "parts": [part]}]));
    }
}

#[test]
fn contents_and_instructions_may_stand_alone() {
    let [messages, instructions, _] = content(
        &Gemini,
        json!({"contents": {"parts": {"text": "a"}}, "system_instruction": {"role": "system", "parts": {"text": "b"}}}),
    );
    assert_eq!(messages, json!([{"role": "user", "parts": [{"type": "text", "content": "a"}]}]));
    assert_eq!(instructions, json!([{"type": "text", "content": "b"}]));
    let roles = json!({"contents": [{"role": "model", "parts": []}, {"role": "function", "parts": []}]});
    let messages = &content(&Gemini, roles)[0];
    assert_eq!((&messages[0]["role"], &messages[1]["role"]), (&json!("assistant"), &json!("function")));
}

#[test]
fn tools_are_functions_and_those_that_google_runs() {
    let [.., tools] = content(
        &Gemini,
        json!({"contents": [], "tools": [
            {"functionDeclarations": [{"name": "f", "parameters": {"type": "OBJECT"}}], "codeExecution": null},
            {"google_search": {}},
            {"urlContext": {}},
            {"functionDeclarations": [{"name": "g", "parametersJsonSchema": {"type": "object"}}]},
        ]}),
    );
    assert_eq!(
        tools,
        json!([
            {"type": "function", "name": "f", "parameters": {"type": "object"}},
            {"type": "google_search", "name": "google_search"},
            {"type": "urlContext", "name": "urlContext"},
            {"type": "function", "name": "g", "parameters": {"type": "object"}},
        ])
    );
}

#[test]
fn thoughts_and_tool_results_are_counted() {
    let (facts, _) = answer(
        &Gemini,
        json!({"usageMetadata": {"promptTokenCount": 10, "toolUsePromptTokenCount": 5, "cachedContentTokenCount": 4,
            "candidatesTokenCount": 3, "thoughtsTokenCount": 2, "totalTokenCount": 20,
            "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 8}, {"modality": "IMAGE", "tokenCount": 2}],
            "candidatesTokensDetails": [{"modality": "AUDIO", "tokenCount": 3}]}}),
    );
    let usage = facts.usage;
    assert_eq!((usage.input, usage.output, usage.cache_read, usage.reasoning), (Some(15), Some(5), Some(4), Some(2)));
    assert_eq!((usage.input_text, usage.input_image, usage.output_audio), (Some(8), Some(2), Some(3)));
    let (facts, _) = answer(&Gemini, json!({"usageMetadata": {"thoughtsTokenCount": 2}}));
    assert_eq!((facts.usage.input, facts.usage.output), (None, Some(2)));
}

#[test]
fn candidates_are_choices_in_the_order_of_their_index() {
    let (facts, messages) = answer(
        &Gemini,
        json!({"responseId": "r", "modelVersion": "m", "candidates": [
            {"index": 0, "content": {"role": "model", "parts": [{"text": "a"}]}, "finishReason": "STOP"},
            {"index": 1, "finishReason": "SAFETY"},
            {"index": 2, "content": {"parts": [{"text": "c"}]}, "finishReason": 2},
        ]}),
    );
    let reasons = facts.finish_reasons.iter().flatten().map(String::as_str).collect::<Vec<_>>();
    assert_eq!(reasons, ["STOP", "SAFETY", "MAX_TOKENS"]);
    let words = messages.as_array().unwrap().iter().map(|message| message["finish_reason"].clone()).collect::<Vec<_>>();
    assert_eq!(words, ["stop", "content_filter", "length"]);
}

#[test]
fn a_refused_prompt_says_why() {
    let body =
        json!({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "usageMetadata": {"promptTokenCount": 3}});
    let (facts, messages) = answer(&Gemini, body.clone());
    assert_eq!(facts.finish_reasons, [Some("PROHIBITED_CONTENT".to_owned())]);
    assert_eq!(messages, Value::Null);
    let (end, streamed, messages) = stream(Format::Gemini, &[body]);
    assert_eq!((end, streamed, messages), (StreamEnd::Complete, facts, Value::Null));
}

fn chunk(parts: Value) -> Value {
    json!({"candidates": [{"index": 0, "content": {"role": "model", "parts": parts}}], "usageMetadata": {"promptTokenCount": 3}})
}

fn last() -> Value {
    json!({"candidates": [{"index": 0, "content": {"parts": [{"text": ""}]}, "finishReason": "STOP"}],
        "usageMetadata": {"promptTokenCount": 2, "candidatesTokenCount": 1}})
}

#[test]
fn chunks_join_to_runs_of_one_kind() {
    let chunks = [
        chunk(json!([{"text": "h", "thought": true}])),
        chunk(json!([{"text": "m", "thought": true}])),
        chunk(json!([{"text": "a"}])),
        chunk(json!([{"executableCode": {"code": "1"}}])),
        chunk(json!([{"text": "b"}])),
        chunk(json!([{"text": "c"}])),
        last(),
    ];
    let (end, facts, messages) = stream(Format::Gemini, &chunks);
    assert_eq!((end, facts.usage.input, facts.usage.output), (StreamEnd::Complete, Some(2), Some(1)));
    let parts = messages[0]["parts"].as_array().unwrap();
    let contents = parts.iter().map(|part| part["content"].as_str()).collect::<Vec<_>>();
    assert_eq!(contents, [Some("hm"), Some("a"), None, Some("bc")]);
    assert_eq!(answer(&Gemini, json!(chunks)), (facts, messages));
    assert_eq!(stream(Format::Gemini, &chunks[..5]).0, StreamEnd::Truncated);
}

#[test]
fn arguments_that_come_one_by_one_are_put_together() {
    let call = |call: Value| chunk(json!([{"functionCall": call}]));
    let (_, _, messages) = stream(
        Format::Gemini,
        &[
            call(json!({"name": "f", "id": "i", "willContinue": true})),
            call(
                json!({"partialArgs": [{"jsonPath": "$.a", "stringValue": "x", "willContinue": true}], "willContinue": true}),
            ),
            call(
                json!({"partialArgs": [{"jsonPath": "$.a", "stringValue": "y"}, {"jsonPath": "$.b", "numberValue": 2}], "willContinue": true}),
            ),
            call(json!({})),
            call(json!({"name": "g", "args": {}})),
            last(),
        ],
    );
    assert_eq!(
        messages[0]["parts"],
        json!([
            {"type": "tool_call", "id": "i", "name": "f", "arguments": {"a": "xy", "b": 2}},
            {"type": "tool_call", "name": "g", "arguments": {}},
        ])
    );
}

#[test]
fn embeddings_are_read_on_either_platform() {
    let one = request(&GeminiEmbed, json!({"model": "models/e", "content": {"parts": []}, "outputDimensionality": 8}));
    let batch = json!({"requests": [{"model": "models/e", "content": {}, "output_dimensionality": 8}, {}]});
    let vertex = json!({"instances": [{"content": "x"}], "parameters": {"outputDimensionality": 8}});
    assert_eq!((one.text(Fact::RequestModel), one.int(Fact::Dimensions)), (Some("e"), Some(8)));
    assert_eq!(request(&GeminiEmbed, batch), one);
    assert_eq!(request(&GeminiEmbed, vertex).int(Fact::Dimensions), Some(8));
    for (body, tokens) in [
        (json!({"embedding": {"values": [0.1, 0.2]}}), None),
        (json!({"embeddings": [{"values": [0.1, 0.2]}, {"values": [0.3, 0.4]}]}), None),
        (json!({"embedding": {"values": [0.1, 0.2]}, "usageMetadata": {"promptTokenCount": 7}}), Some(7)),
        (
            json!({"predictions": [
                {"embeddings": {"values": [0.1, 0.2], "statistics": {"token_count": 3}}},
                {"embeddings": {"values": [0.1, 0.2], "statistics": {"token_count": 4}}},
            ]}),
            Some(7),
        ),
    ] {
        let (facts, messages) = answer(&GeminiEmbed, body);
        assert_eq!((facts.facts.int(Fact::Dimensions), facts.usage.input, messages), (Some(2), tokens, Value::Null));
    }
}
