//! Response formats that the providers document and the corpus may lack.

use llm_trace::internal::{Body, Content, Exchange, read};
use serde_json::{Value, json};

struct Case {
    provider: &'static str,
    path: &'static str,
    request: Value,
    body: Body,
    response: Vec<Value>,
    /// The expected attributes, with messages as JSON instead of text.
    expected: Value,
}

impl Case {
    fn check(&self, what: &str) {
        let request = self.request.to_string();
        let response: Vec<String> = self.response.iter().map(Value::to_string).collect();
        let response = response.join("\n");
        for fragments in [&[][..], &[1], &[7, 3]] {
            let exchange = |content| Exchange {
                provider: Some(self.provider),
                path: Some(self.path),
                request: Some(request.as_bytes()),
                response: response.as_bytes(),
                body: self.body,
                status: Some(200),
                content,
                fragments,
            };
            let full = read(&exchange(Content::Full)).attributes;
            let bare = read(&exchange(Content::Off)).attributes;
            for (name, known) in self.expected.as_object().expect("an object of attributes") {
                let is_content = name.ends_with("messages") || name.ends_with("_instructions");
                let value = full.get(name).cloned().unwrap_or_default();
                let value = if is_content { parse(&value) } else { value };
                assert_eq!(&value, known, "{what}: {name}");
                // Facts are the same with and without content.
                assert_eq!(bare.get(name).is_some(), !is_content && !known.is_null(), "{what} without content: {name}");
                if !is_content && !known.is_null() {
                    assert_eq!(bare.get(name), Some(known), "{what} without content: {name}");
                }
            }
        }
    }
}

fn parse(value: &Value) -> Value {
    value.as_str().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}

/// One assistant message.
fn said(parts: Value, finish_reason: &str) -> Value {
    json!([{"role": "assistant", "parts": parts, "finish_reason": finish_reason}])
}

fn text(content: &str) -> Value {
    json!({"type": "text", "content": content})
}

fn invoke(request: Value, response: Value, expected: Value) -> Case {
    let path = "/model/a.model-v1%3A0/invoke";
    Case { provider: "aws.bedrock", path, request, body: Body::Whole, response: vec![response], expected }
}

#[test]
fn model_families_behind_invoke_model_are_read() {
    for (what, case) in [
        (
            "Mistral chat",
            invoke(
                json!({"messages": [{"role": "user", "content": "hi"}], "max_tokens": 7, "top_p": 0.5}),
                json!({"choices": [{"index": 0, "message": {"role": "assistant", "content": "yo", "tool_calls": []},
                    "stop_reason": "length"}]}),
                json!({"gen_ai.request.model": "a.model-v1:0", "gen_ai.request.max_tokens": 7, "gen_ai.request.top_p": 0.5,
                    "gen_ai.response.finish_reasons": ["length"], "gen_ai.output.messages": said(json!([text("yo")]), "length")}),
            ),
        ),
        (
            "DeepSeek",
            invoke(
                json!({"prompt": "hi", "max_tokens": 7, "stop": ["x"]}),
                json!({"choices": [{"text": "yo", "stop_reason": "stop"}]}),
                json!({"gen_ai.request.stop_sequences": ["x"], "gen_ai.response.finish_reasons": ["stop"],
                    "gen_ai.input.messages": [{"role": "user", "parts": [text("hi")]}],
                    "gen_ai.output.messages": said(json!([text("yo")]), "stop")}),
            ),
        ),
        (
            "Titan with two results",
            invoke(
                json!({"inputText": "hi", "textGenerationConfig": {"maxTokenCount": 9, "stopSequences": ["|"]}}),
                json!({"inputTextTokenCount": 2, "results": [
                    {"tokenCount": 3, "outputText": "a", "completionReason": "FINISHED"},
                    {"tokenCount": 4, "outputText": "b", "completionReason": "STOP_CRITERIA_MET"}]}),
                json!({"gen_ai.usage.input_tokens": 2, "gen_ai.usage.output_tokens": 7,
                    "gen_ai.response.finish_reasons": ["FINISHED", "STOP_CRITERIA_MET"],
                    "gen_ai.output.messages": [
                        {"role": "assistant", "parts": [text("a")], "finish_reason": "stop"},
                        {"role": "assistant", "parts": [text("b")], "finish_reason": "stop"}]}),
            ),
        ),
        (
            "Jurassic with two completions",
            invoke(
                json!({"prompt": "hi", "numResults": 2, "maxTokens": 5, "topP": 1, "presencePenalty": {"scale": 0.5},
                    "stopSequences": ["#"]}),
                json!({"id": 7, "prompt": {"text": "hi", "tokens": []}, "completions": [
                    {"data": {"text": "a", "tokens": []}, "finishReason": {"reason": "endoftext"}},
                    {"data": {"text": "b", "tokens": []}, "finishReason": {"reason": "length", "length": 5}}]}),
                json!({"gen_ai.request.choice.count": 2, "gen_ai.request.presence_penalty": 0.5,
                    "gen_ai.response.id": "7", "gen_ai.response.finish_reasons": ["endoftext", "length"]}),
            ),
        ),
        (
            "gpt-oss",
            invoke(
                json!({"messages": [{"role": "user", "content": "hi"}], "max_completion_tokens": 7}),
                json!({"id": "c1", "object": "chat.completion", "model": "openai.gpt-oss-20b-1:0", "choices": [
                    {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "yo"}}],
                    "usage": {"prompt_tokens": 3, "completion_tokens": 4}}),
                json!({"gen_ai.request.max_tokens": 7, "gen_ai.response.model": "openai.gpt-oss-20b-1:0",
                    "gen_ai.usage.output_tokens": 4, "openai.api.type": null}),
            ),
        ),
        (
            "Cohere embed",
            invoke(
                json!({"texts": ["a"], "input_type": "search_query", "embedding_types": ["int8", "float"]}),
                json!({"id": "e1", "response_type": "embeddings_by_type", "texts": ["a"],
                    "embeddings": {"int8": [[1, 2, 3]], "float": [[0.1, 0.2, 0.3]]}}),
                json!({"gen_ai.request.encoding_formats": ["int8", "float"], "gen_ai.response.id": "e1",
                    "gen_ai.embeddings.dimension.count": 3, "gen_ai.output.messages": null}),
            ),
        ),
        (
            "Titan multimodal embeddings",
            invoke(
                json!({"inputText": "a", "inputImage": "aGk=", "embeddingConfig": {"outputEmbeddingLength": 4}}),
                json!({"embedding": [1.0, 2.0, 3.0, 4.0], "inputTextTokenCount": 5, "message": null}),
                json!({"gen_ai.embeddings.dimension.count": 4, "gen_ai.usage.input_tokens": 5, "gen_ai.output.messages": null}),
            ),
        ),
        (
            "Pegasus",
            invoke(
                json!({"inputPrompt": "what?", "mediaSource": {"base64String": "aGk="}, "maxOutputTokens": 8}),
                json!({"message": "a film", "finishReason": "stop"}),
                json!({"gen_ai.request.max_tokens": 8, "gen_ai.response.finish_reasons": ["stop"], "error.type": null,
                    "gen_ai.output.messages": said(json!([text("a film")]), "stop")}),
            ),
        ),
    ] {
        case.check(what);
    }
}

#[test]
fn guardrails_and_knowledge_bases_are_named() {
    let converse = Case {
        provider: "aws.bedrock",
        path: "/model/m/converse",
        request: json!({"messages": [], "guardrailConfig": {"guardrailIdentifier": "gr1", "guardrailVersion": "1"}}),
        body: Body::Whole,
        response: vec![json!({"output": {"message": {"role": "assistant", "content": [{"text": "no"}]}},
            "stopReason": "guardrail_intervened", "usage": {"inputTokens": 1, "outputTokens": 2},
            "trace": {"promptRouter": {"invokedModelId": "chosen"}}})],
        expected: json!({"aws.bedrock.guardrail.id": "gr1", "gen_ai.response.model": "chosen",
            "gen_ai.output.messages": said(json!([text("no")]), "content_filter")}),
    };
    converse.check("Converse");
    invoke(
        json!({"prompt": "hi", "max_gen_len": 3}),
        json!({"generation": "no", "stop_reason": "stop", "amazon-bedrock-guardrailAction": "INTERVENED",
            "amazon-bedrock-trace": {"guardrail": {"input": {"gr2": {}}}}}),
        json!({"aws.bedrock.guardrail.id": "gr2"}),
    )
    .check("InvokeModel");
    let knowledge = Case {
        provider: "aws.bedrock",
        path: "/retrieveAndGenerate",
        request: json!({"input": {"text": "hi"}, "retrieveAndGenerateConfiguration": {"type": "KNOWLEDGE_BASE",
            "knowledgeBaseConfiguration": {"knowledgeBaseId": "KB1", "modelArn": "arn:m"}}}),
        body: Body::Whole,
        response: vec![json!({"sessionId": "s1", "output": {"text": "yo"}, "citations": []})],
        expected: json!({"aws.bedrock.knowledge_base.id": "KB1",
            "gen_ai.input.messages": [{"role": "user", "parts": [text("hi")]}],
            "gen_ai.output.messages": said(json!([text("yo")]), "")}),
    };
    knowledge.check("RetrieveAndGenerate");
}

#[test]
fn every_content_block_of_converse_becomes_a_part() {
    let content = json!([
        {"text": "look"},
        {"image": {"format": "png", "source": {"bytes": "aGk="}}},
        {"video": {"format": "three_gp", "source": {"s3Location": {"uri": "s3://b/v"}}}},
        {"audio": {"format": "mp3", "source": {"bytes": "aGk="}}},
        {"document": {"format": "docx", "name": "d", "source": {"text": "plain"}}},
        {"cachePoint": {"type": "default"}},
        {"searchResult": {"source": "s", "title": "t", "content": [{"text": "x"}]}},
        {"toolResult": {"toolUseId": "t1", "content": [{"text": "a"}, {"json": {"b": 1}}], "status": "success"}},
        {"somethingNew": {"a": 1}}
    ]);
    let answer = json!([
        {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "s"}}},
        {"reasoningContent": {"redactedContent": "eHg="}},
        {"citationsContent": {"content": [{"text": "so it is"}], "citations": [{"title": "d"}]}},
        {"toolUse": {"toolUseId": "t2", "name": "f", "input": {"x": 1}}},
        {"toolUse": {"toolUseId": "t3", "name": "nova_grounding", "input": {"q": "x"}, "type": "server_tool_use"}},
        {"toolResult": {"toolUseId": "t3", "type": "nova_grounding_result", "content": [{"text": "y"}]}}
    ]);
    let case = Case {
        provider: "aws.bedrock",
        path: "/model/m/converse",
        request: json!({"messages": [{"role": "user", "content": content}], "system": [{"text": "be"}],
            "outputConfig": {"textFormat": {"type": "json_schema"}},
            "additionalModelRequestFields": {"reasoningConfig": {"maxReasoningEffort": "low"}, "top_k": 5}}),
        body: Body::Whole,
        response: vec![
            json!({"output": {"message": {"role": "assistant", "content": answer}}, "stopReason": "tool_use",
            "usage": {"inputTokens": 10, "outputTokens": 2, "cacheReadInputTokens": 3, "cacheWriteInputTokens": 4}}),
        ],
        expected: json!({
            "gen_ai.request.top_k": 5.0, "gen_ai.output.type": "json",
            "gen_ai.usage.input_tokens": 17, "gen_ai.usage.cache_read.input_tokens": 3,
            "gen_ai.usage.cache_creation.input_tokens": 4,
            "gen_ai.system_instructions": [text("be")],
            "gen_ai.input.messages": [{"role": "user", "parts": [
                text("look"),
                {"type": "blob", "modality": "image", "mime_type": "image/png", "content": "aGk="},
                {"type": "uri", "modality": "video", "mime_type": "video/3gpp", "uri": "s3://b/v"},
                {"type": "blob", "modality": "audio", "mime_type": "audio/mp3", "content": "aGk="},
                {"type": "document", "format": "docx", "name": "d", "source": {"text": "plain"}},
                {"type": "searchResult", "source": "s", "title": "t", "content": [{"text": "x"}]},
                {"type": "tool_call_response", "id": "t1", "response": [{"text": "a"}, {"json": {"b": 1}}]},
                {"type": "somethingNew", "a": 1}]}],
            "gen_ai.output.messages": said(json!([
                {"type": "reasoning", "content": "hm"},
                {"type": "reasoningContent", "redactedContent": "eHg="},
                {"type": "text", "content": "so it is", "citations": [{"title": "d"}]},
                {"type": "tool_call", "id": "t2", "name": "f", "arguments": {"x": 1}},
                {"type": "server_tool_call", "id": "t3", "name": "nova_grounding",
                    "server_tool_call": {"type": "nova_grounding", "q": "x"}},
                {"type": "server_tool_call_response", "id": "t3",
                    "server_tool_call_response": {"type": "nova_grounding_result", "content": [{"text": "y"}]}}]), "tool_call")
        }),
    };
    case.check("Converse");
}

#[test]
fn a_decoded_converse_stream_holds_the_same_parts() {
    let delta = |index: u32, delta: Value| json!({"contentBlockDelta": {"contentBlockIndex": index, "delta": delta}});
    let start = |index: u32, start: Value| json!({"contentBlockStart": {"contentBlockIndex": index, "start": start}});
    let events = vec![
        json!({"messageStart": {"role": "assistant"}}),
        delta(0, json!({"reasoningContent": {"text": "h"}})),
        delta(0, json!({"reasoningContent": {"text": "m"}})),
        delta(0, json!({"reasoningContent": {"signature": "s"}})),
        delta(1, json!({"text": "so "})),
        delta(1, json!({"text": "it is"})),
        delta(1, json!({"citation": {"title": "d"}})),
        start(2, json!({"toolUse": {"toolUseId": "t3", "name": "nova_grounding", "type": "server_tool_use"}})),
        delta(2, json!({"toolUse": {"input": "{\"q\":"}})),
        delta(2, json!({"toolUse": {"input": "\"x\"}"}})),
        start(3, json!({"toolResult": {"toolUseId": "t3", "type": "nova_grounding_result", "status": "success"}})),
        delta(3, json!({"toolResult": [{"text": "y"}]})),
        json!({"contentBlockStop": {"contentBlockIndex": 3}}),
        json!({"messageStop": {"stopReason": "end_turn"}}),
        json!({"metadata": {"usage": {"inputTokens": 1, "outputTokens": 2}}}),
    ];
    let case = Case {
        provider: "aws.bedrock",
        path: "/model/m/converse-stream",
        request: json!({"messages": [{"role": "user", "content": [{"text": "hi"}]}]}),
        body: Body::Json,
        response: events,
        expected: json!({
            "gen_ai.request.stream": true, "gen_ai.usage.input_tokens": 1, "gen_ai.usage.output_tokens": 2,
            "gen_ai.output.messages": said(json!([
                {"type": "reasoning", "content": "hm"},
                {"type": "text", "content": "so it is", "citations": [{"title": "d"}]},
                {"type": "server_tool_call", "id": "t3", "name": "nova_grounding",
                    "server_tool_call": {"type": "nova_grounding", "q": "x"}},
                {"type": "server_tool_call_response", "id": "t3",
                    "server_tool_call_response": {"type": "nova_grounding_result", "content": "y"}}]), "stop")
        }),
    };
    case.check("ConverseStream");
}

#[test]
fn cohere_version_1_is_read_with_its_tools() {
    let request = json!({"model": "command-r", "preamble": "be", "message": "", "conversation_id": "c1",
        "chat_history": [{"role": "USER", "message": "hi"}, {"role": "CHATBOT", "message": "yo",
            "tool_calls": [{"name": "f", "parameters": {"x": 1}}]}],
        "tools": [{"name": "f", "description": "d", "parameter_definitions": {"x": {"type": "int"}}}],
        "tool_results": [{"call": {"name": "f", "parameters": {"x": 1}}, "outputs": [{"y": 2}]}],
        "p": 0.5, "k": 3, "response_format": {"type": "json_object"}, "stream": true});
    let events = vec![
        json!({"event_type": "stream-start", "is_finished": false, "generation_id": "g"}),
        json!({"event_type": "tool-calls-chunk", "is_finished": false, "text": "I will"}),
        json!({"event_type": "tool-calls-chunk", "tool_call_delta": {"index": 0, "name": "f"}}),
        json!({"event_type": "tool-calls-chunk", "tool_call_delta": {"index": 0, "parameters": "{\"x\":"}}),
        json!({"event_type": "tool-calls-chunk", "tool_call_delta": {"index": 0, "parameters": "2}"}}),
        json!({"event_type": "tool-calls-generation", "tool_calls": [{"name": "f", "parameters": {"x": 2}}]}),
        json!({"event_type": "stream-end", "is_finished": true, "finish_reason": "COMPLETE", "response": {
            "response_id": "r", "text": "I will", "tool_calls": [{"name": "f", "parameters": {"x": 2}}],
            "finish_reason": "COMPLETE", "meta": {"billed_units": {"input_tokens": 3, "output_tokens": 4}}}}),
    ];
    let expected = json!({
        "gen_ai.conversation.id": "c1", "gen_ai.output.type": "json", "gen_ai.request.top_k": 3.0,
        "gen_ai.response.id": "r", "gen_ai.usage.input_tokens": 3, "gen_ai.response.finish_reasons": ["COMPLETE"],
        "gen_ai.system_instructions": [text("be")],
        "gen_ai.input.messages": [
            {"role": "user", "parts": [text("hi")]},
            {"role": "assistant", "parts": [text("yo"), {"type": "tool_call", "name": "f", "arguments": {"x": 1}}]},
            {"role": "tool", "parts": [{"type": "tool_call_response", "response": [{"y": 2}]}]}],
        "gen_ai.output.messages": said(json!([{"type": "reasoning", "content": "I will"},
            {"type": "tool_call", "name": "f", "arguments": {"x": 2}}]), "stop")
    });
    let case = Case { provider: "cohere", path: "/v1/chat", request, body: Body::Json, response: events, expected };
    case.check("Cohere v1");
}

#[test]
fn ollama_streams_by_default() {
    let case = Case {
        provider: "ollama",
        path: "/api/chat",
        request: json!({"model": "m", "think": "high", "format": "json", "options": {"num_predict": 5, "stop": "x"},
            "messages": [{"role": "user", "content": "hi", "images": ["aGk="]},
                {"role": "tool", "content": "5", "tool_name": "add"}]}),
        body: Body::Json,
        response: vec![
            json!({"model": "m", "message": {"role": "assistant", "content": "", "thinking": "hm"}, "done": false}),
            json!({"model": "m", "message": {"role": "assistant", "content": "", "tool_calls": [
                {"function": {"index": 0, "name": "f", "arguments": {"x": 1}}}]}, "done": false}),
            json!({"model": "m", "message": {"role": "assistant", "content": "yo"}, "done": false}),
            json!({"model": "m", "message": {"role": "assistant", "content": ""}, "done": true,
                "done_reason": "stop", "prompt_eval_count": 3, "eval_count": 4}),
        ],
        expected: json!({
            "gen_ai.request.stream": true, "gen_ai.output.type": "json", "gen_ai.request.max_tokens": 5,
            "gen_ai.request.stop_sequences": ["x"], "gen_ai.usage.input_tokens": 3, "gen_ai.usage.output_tokens": 4,
            "gen_ai.input.messages": [
                {"role": "user", "parts": [text("hi"), {"type": "blob", "modality": "image", "content": "aGk="}]},
                {"role": "tool", "parts": [{"type": "tool_call_response", "response": "5"}]}],
            "gen_ai.output.messages": said(json!([{"type": "reasoning", "content": "hm"},
                {"type": "tool_call", "name": "f", "arguments": {"x": 1}}, text("yo")]), "stop")
        }),
    };
    case.check("Ollama");
}

#[test]
fn text_generation_servers_are_read() {
    let tgi = |path, body, response, stream: bool| Case {
        provider: "huggingface",
        path,
        request: json!({"inputs": "hi", "parameters": {"max_new_tokens": 5, "temperature": 0.5, "stop": ["x"], "seed": 3},
            "stream": stream}),
        body,
        response,
        expected: json!({
            "gen_ai.request.max_tokens": 5, "gen_ai.request.temperature": 0.5, "gen_ai.request.seed": 3,
            "gen_ai.request.stop_sequences": ["x"], "gen_ai.usage.output_tokens": 2,
            "gen_ai.response.finish_reasons": ["eos_token"],
            "gen_ai.input.messages": [{"role": "user", "parts": [text("hi")]}],
            "gen_ai.output.messages": said(json!([text("yo")]), "stop")
        }),
    };
    let details = json!({"finish_reason": "eos_token", "generated_tokens": 2, "input_length": 1});
    tgi("/generate", Body::Whole, vec![json!({"generated_text": "yo", "details": details})], false).check("generate");
    tgi("/", Body::Whole, vec![json!([{"generated_text": "yo", "details": details}])], false)
        .check("generate in a list");
    let events = vec![
        json!({"index": 1, "token": {"id": 1, "text": "yo", "special": false}, "generated_text": null, "details": null}),
        json!({"index": 2, "token": {"id": 2, "text": "</s>", "special": true}, "generated_text": "yo", "details": details}),
    ];
    tgi("/generate_stream", Body::Json, events, true).check("generate_stream");

    let watsonx = |path, body, response| Case {
        provider: "ibm.watsonx.ai",
        path,
        request: json!({"model_id": "ibm/granite", "input": "hi", "project_id": "p",
            "parameters": {"max_new_tokens": 5, "random_seed": 7, "stop_sequences": ["x"]}}),
        body,
        response,
        expected: json!({
            "gen_ai.request.model": "ibm/granite", "gen_ai.request.max_tokens": 5, "gen_ai.request.seed": 7,
            "gen_ai.response.model": "ibm/granite", "gen_ai.usage.input_tokens": 1, "gen_ai.usage.output_tokens": 2,
            "gen_ai.response.finish_reasons": ["max_tokens"],
            "gen_ai.output.messages": said(json!([text("yo")]), "length")
        }),
    };
    let result = |text: &str, input: u32, output: u32, reason: &str| {
        json!({"model_id": "ibm/granite", "results": [{"generated_text": text, "input_token_count": input,
            "generated_token_count": output, "stop_reason": reason}]})
    };
    watsonx("/ml/v1/text/generation", Body::Whole, vec![result("yo", 1, 2, "max_tokens")]).check("watsonx");
    let events = vec![result("y", 1, 1, "not_finished"), result("o", 0, 2, "max_tokens")];
    watsonx("/ml/v1/text/generation_stream", Body::Json, events).check("watsonx stream");

    let replicate = Case {
        provider: "replicate",
        path: "/v1/predictions",
        request: json!({"version": "v1", "input": {"prompt": "hi", "system_prompt": "be", "max_new_tokens": 5, "top_k": 2}}),
        body: Body::Whole,
        response: vec![json!({"id": "p1", "model": "meta/llama", "version": "v1", "status": "succeeded",
            "output": ["y", "o"], "error": null, "urls": {}, "metrics": {"input_token_count": 1, "output_token_count": 2}})],
        expected: json!({
            "gen_ai.request.max_tokens": 5, "gen_ai.request.top_k": 2.0, "gen_ai.response.id": "p1",
            "gen_ai.usage.input_tokens": 1, "gen_ai.usage.output_tokens": 2, "error.type": null,
            "gen_ai.system_instructions": [text("be")],
            "gen_ai.output.messages": said(json!([text("yo")]), "")
        }),
    };
    replicate.check("Replicate");

    let llamacpp = Case {
        provider: "llamacpp",
        path: "/completion",
        request: json!({"prompt": "hi", "n_predict": 5, "stream": true}),
        body: Body::Json,
        response: vec![
            json!({"index": 0, "content": "y", "stop": false, "tokens_predicted": 1, "tokens_evaluated": 1}),
            json!({"index": 0, "content": "o", "stop": false, "tokens_predicted": 2, "tokens_evaluated": 1}),
            json!({"index": 0, "content": "", "stop": true, "stop_type": "limit", "model": "m",
                "tokens_predicted": 2, "tokens_evaluated": 1}),
        ],
        expected: json!({
            "gen_ai.request.max_tokens": 5, "gen_ai.usage.input_tokens": 1, "gen_ai.usage.output_tokens": 2,
            "gen_ai.response.model": "m", "gen_ai.response.finish_reasons": ["limit"],
            "gen_ai.output.messages": said(json!([text("yo")]), "length")
        }),
    };
    llamacpp.check("llama.cpp");
}

#[test]
fn rerankers_record_billed_units() {
    let case = |provider, response, expected| Case {
        provider,
        path: "/v1/rerank",
        request: json!({"model": "rerank-2", "query": "q", "documents": ["a", "b"]}),
        body: Body::Whole,
        response: vec![response],
        expected,
    };
    let cohere = json!({"id": "r1", "results": [{"index": 0, "relevance_score": 0.9}],
        "meta": {"billed_units": {"search_units": 1}}});
    let expected = json!({"gen_ai.request.model": "rerank-2", "gen_ai.response.id": "r1",
        "gen_ai.usage.input_tokens": null, "gen_ai.output.messages": null});
    case("cohere", cohere, expected).check("Cohere");
    let total = || json!({"gen_ai.response.model": "rerank-2", "gen_ai.usage.input_tokens": 7});
    let voyage = json!({"object": "list", "data": [{"index": 0, "relevance_score": 0.9}], "model": "rerank-2",
        "usage": {"total_tokens": 7}});
    case("voyageai", voyage, total()).check("Voyage");
    let jina = json!({"model": "rerank-2", "results": [{"index": 0, "relevance_score": 0.9}],
        "usage": {"total_tokens": 7}});
    case("jina", jina, total()).check("Jina");
}
