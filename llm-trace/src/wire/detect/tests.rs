use super::{Format, of_request, of_response, path_facts};
use crate::json::Found;
use crate::semconv::{Fact, Facts};
use crate::wire::paths::PATHS;

fn request(provider: Option<&str>, path: Option<&str>, json: &str) -> Option<Format> {
    of_request(provider, path, Found::from_json(&PATHS, json.as_bytes()).root())
}

fn response(json: &str) -> Option<Format> {
    of_response(None, None, None, Found::from_json(&PATHS, json.as_bytes()).root())
}

#[test]
fn a_request_tells_its_format_by_shape() {
    use Format::*;
    let chat = r#"{"model":"m","messages":[]}"#;
    for (json, format) in [
        (chat, OpenAiChat),
        (r#"{"model":"gpt-5","input":"hi"}"#, OpenAiResponses),
        (r#"{"model":"m","input":[],"instructions":"x","dimensions":null}"#, OpenAiResponses),
        (r#"{"model":"m","prompt":"x","max_tokens":3}"#, OpenAiCompletions),
        (r#"{"model":"text-embedding-3-small","input":"x"}"#, OpenAiEmbeddings),
        (r#"{"model":"m","input":["x"],"encoding_format":"float"}"#, OpenAiEmbeddings),
        (r#"{"model":"m","max_tokens":1,"system":"x","messages":[]}"#, AnthropicMessages),
        (r#"{"model":"claude-sonnet-4-5","max_tokens":1,"messages":[]}"#, AnthropicMessages),
        (r#"{"model":"m","max_tokens_to_sample":1,"prompt":"x"}"#, AnthropicComplete),
        (r#"{"model":"command-a-03-2025","messages":[],"stop_sequences":["x"]}"#, CohereChat),
        (r#"{"prompt":"x","max_tokens":3,"p":0.5}"#, BedrockInvoke),
        (r#"{"messages":[],"system":[]}"#, BedrockConverse),
        (r#"{"contents":[]}"#, Gemini),
        (r#"{"model":"models/m","content":{"parts":[]}}"#, GeminiEmbed),
        (r#"{"requests":[]}"#, GeminiEmbed),
        (r#"{"messages":[],"inferenceConfig":{}}"#, BedrockConverse),
        (r#"{"inputText":"x"}"#, BedrockInvoke),
        (r#"{"schemaVersion":"messages-v1","messages":[]}"#, BedrockInvoke),
        (r#"{"model":"m","message":"x"}"#, CohereChatV1),
        (r#"{"model":"m","texts":["x"],"input_type":"search_query"}"#, CohereEmbed),
        (r#"{"model":"m","query":"x","documents":["y"]}"#, CohereRerank),
        (r#"{"model":"m","messages":[],"options":{"temperature":0}}"#, OllamaChat),
        (r#"{"model":"m","prompt":"x","keep_alive":"5m"}"#, OllamaGenerate),
    ] {
        assert_eq!(request(None, None, json), Some(format), "{json}");
        assert_eq!(request(Some("my-gateway"), Some("/llm"), json), Some(format), "{json}");
    }
    assert_eq!(request(Some("ollama"), None, chat), Some(OllamaChat));
    assert_eq!(request(Some("ollama"), Some("/v1/chat/completions"), chat), Some(OpenAiChat));
    assert_eq!(request(Some("cohere"), None, chat), Some(CohereChat));
    assert_eq!(request(Some("anthropic"), None, chat), Some(AnthropicMessages));
    assert_eq!(request(Some("aws.bedrock"), None, r#"{"messages":[]}"#), Some(BedrockConverse));
    let claude = r#"{"anthropic_version":"bedrock-2023-05-31","max_tokens":9,"messages":[]}"#;
    assert_eq!(request(Some("aws.bedrock"), None, claude), Some(BedrockInvoke));
    assert_eq!(
        request(None, Some("/v1/projects/p/publishers/anthropic/models/m:rawPredict"), claude),
        Some(AnthropicMessages)
    );
    assert_eq!(request(None, None, "[1]"), None);
    assert_eq!(request(None, Some("/v1/images/generations"), r#"{"model":"m","prompt":"x"}"#), None);
    assert_eq!(request(None, Some("/v1/messages/count_tokens"), chat), None);
}

#[test]
fn an_answer_tells_its_format_by_shape() {
    use Format::*;
    for (json, format) in [
        (r#"{"object":"chat.completion","choices":[]}"#, OpenAiChat),
        (r#"{"id":"x","choices":[{"delta":{}}]}"#, OpenAiChat),
        (r#"{"choices":[],"prompt_filter_results":[]}"#, OpenAiChat),
        (r#"{"choices":[{"text":"x"}]}"#, OpenAiCompletions),
        (r#"{"object":"list","data":[{"embedding":[0.1],"index":0}]}"#, OpenAiEmbeddings),
        (r#"{"object":"response","output":[]}"#, OpenAiResponses),
        (r#"{"type":"response.created","response":{}}"#, OpenAiResponses),
        (r#"{"type":"message_start","message":{}}"#, AnthropicMessages),
        (r#"{"type":"message","role":"assistant"}"#, AnthropicMessages),
        (r#"{"type":"completion","completion":"x"}"#, AnthropicComplete),
        (r#"{"candidates":[]}"#, Gemini),
        (r#"{"embeddings":[{"values":[0.1]}]}"#, GeminiEmbed),
        (r#"{"embedding":{"values":[0.1]}}"#, GeminiEmbed),
        (r#"{"predictions":[]}"#, GeminiEmbed),
        (r#"{"output":{"message":{}},"stopReason":"end_turn"}"#, BedrockConverse),
        (r#"{"embedding":[0.1],"inputTextTokenCount":2}"#, BedrockInvoke),
        (r#"{"results":[{"outputText":"x"}]}"#, BedrockInvoke),
        (r#"{"id":"x","finish_reason":"COMPLETE","message":{}}"#, CohereChat),
        (r#"{"type":"message-start","delta":{}}"#, CohereChat),
        (r#"{"event_type":"stream-start"}"#, CohereChatV1),
        (r#"{"text":"x","generation_id":"x"}"#, CohereChatV1),
        (r#"{"generations":[]}"#, CohereGenerate),
        (r#"{"embeddings":{"float":[[0.1]]},"response_type":"embeddings_by_type"}"#, CohereEmbed),
        (r#"{"results":[{"index":0,"relevance_score":0.1}]}"#, CohereRerank),
        (r#"{"model":"m","message":{},"done":false}"#, OllamaChat),
        (r#"{"model":"m","response":"","done":false}"#, OllamaGenerate),
        (r#"{"model":"m","embeddings":[[0.1]]}"#, OllamaEmbed),
        (r#"{"embedding":[0.1]}"#, OllamaEmbed),
    ] {
        assert_eq!(response(json), Some(format), "{json}");
    }
    assert_eq!(response(r#"{"error":{"message":"x"}}"#), None);
}

#[test]
fn the_request_decides_where_the_answer_does_not() {
    let claude = Found::from_json(&PATHS, br#"{"type":"message","role":"assistant"}"#);
    assert_eq!(of_response(None, Some(Format::BedrockInvoke), None, claude.root()), Some(Format::BedrockInvoke));
    let error = Found::from_json(&PATHS, br#"{"error":{}}"#);
    assert_eq!(of_response(None, Some(Format::Gemini), None, error.root()), Some(Format::Gemini));
}

#[test]
fn a_path_tells_the_model_and_whether_it_streams() {
    for (path, model, stream) in [
        ("/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse", Some("gemini-2.5-flash"), Some(true)),
        (
            "/model/anthropic.claude-3-5-sonnet-20240620-v1%3A0/converse",
            Some("anthropic.claude-3-5-sonnet-20240620-v1:0"),
            None,
        ),
        ("/openai/deployments/my-gpt/chat/completions", Some("my-gpt"), None),
        ("/v1/chat/completions", None, None),
        ("/model/%zz", Some("%zz"), None),
    ] {
        let mut facts = Facts::default();
        path_facts(path, &mut facts);
        assert_eq!((facts.text(Fact::RequestModel), facts.flag(Fact::RequestStream)), (model, stream), "{path}");
    }
}
