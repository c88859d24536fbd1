use super::{aws_name, read, read_event};
use crate::json::{Found, JsonView, Mode};
use crate::model::facts::ErrorFacts;
use crate::wire::paths::PATHS;

fn error(json: &str) -> ErrorFacts {
    read(JsonView::from_slice(json.as_bytes(), Mode::Full).root()).unwrap_or_else(|| panic!("no error in {json}"))
}

#[test]
fn every_known_shape_tells_its_name_status_and_message() {
    for (json, name, status, message) in [
        // OpenAI, Groq, DeepSeek
        (
            r#"{"error":{"message":"M","type":"invalid_request_error","param":null,"code":"model_not_found"}}"#,
            Some("model_not_found"),
            None,
            Some("M"),
        ),
        (
            r#"{"error":{"message":"M","type":"server_error","param":null,"code":null}}"#,
            Some("server_error"),
            None,
            Some("M"),
        ),
        // OpenAI Responses, an event of a stream
        (
            r#"{"type":"error","code":"rate_limit_exceeded","message":"M","param":null}"#,
            Some("rate_limit_exceeded"),
            None,
            Some("M"),
        ),
        // Azure: deployment, content filter, gateway
        (r#"{"error":{"code":"DeploymentNotFound","message":"M"}}"#, Some("DeploymentNotFound"), None, Some("M")),
        (
            r#"{"error":{"message":"M","type":null,"param":"prompt","code":"content_filter","status":400,"innererror":{"code":"ResponsibleAIPolicyViolation"}}}"#,
            Some("content_filter"),
            Some(400),
            Some("M"),
        ),
        (r#"{"error":{"code":"401","message":"M"}}"#, Some("401"), Some(401), Some("M")),
        (r#"{"statusCode":429,"message":"M"}"#, Some("429"), Some(429), Some("M")),
        // Anthropic
        (
            r#"{"type":"error","error":{"type":"overloaded_error","message":"M"},"request_id":"r"}"#,
            Some("overloaded_error"),
            None,
            Some("M"),
        ),
        // Gemini, alone and in an array
        (r#"{"error":{"code":404,"message":"M","status":"NOT_FOUND"}}"#, Some("NOT_FOUND"), Some(404), Some("M")),
        (
            r#"[{"error":{"code":400,"message":"M","status":"INVALID_ARGUMENT","details":[]}}]"#,
            Some("INVALID_ARGUMENT"),
            Some(400),
            Some("M"),
        ),
        // Bedrock
        (r#"{"message":"M"}"#, None, None, Some("M")),
        (r#"{"Message":"M"}"#, None, None, Some("M")),
        (
            r#"{"__type":"com.amazon.bedrock#ThrottlingException","message":"M"}"#,
            Some("ThrottlingException"),
            None,
            Some("M"),
        ),
        (
            r#"{"Output":{"__type":"com.amazon.coral.service#UnknownOperationException"},"Version":"1.0"}"#,
            Some("UnknownOperationException"),
            None,
            None,
        ),
        // Cohere
        (r#"{"id":"x","message":"M"}"#, None, None, Some("M")),
        // Ollama, Venice, Hugging Face
        (r#"{"error":"M"}"#, None, None, Some("M")),
        (r#"{"error":"M","error_type":"validation"}"#, Some("validation"), None, Some("M")),
        // xAI
        (r#"{"code":"invalid-argument","error":"M"}"#, Some("invalid-argument"), None, Some("M")),
        // Mistral
        (
            r#"{"object":"error","message":"M","type":"invalid_model","param":null,"code":"1500","raw_status_code":400}"#,
            Some("invalid_model"),
            None,
            Some("M"),
        ),
        (
            r#"{"object":"error","message":{"detail":[{"type":"missing","msg":"M"}]},"type":"invalid_request_error"}"#,
            Some("invalid_request_error"),
            None,
            Some("M"),
        ),
        (r#"{"detail":"M"}"#, None, None, Some("M")),
        // FastAPI
        (r#"{"detail":[{"loc":["body","model"],"msg":"M","type":"missing"}]}"#, None, None, Some("M")),
        (r#"{"detail":{"error":"M"}}"#, None, None, Some("M")),
        // vLLM
        (
            r#"{"object":"error","message":"M","type":"NotFoundError","param":null,"code":404}"#,
            Some("NotFoundError"),
            Some(404),
            Some("M"),
        ),
        (r#"{"code":400,"message":"M","type":"Bad Request"}"#, Some("Bad Request"), Some(400), Some("M")),
        // llama.cpp
        (
            r#"{"error":{"code":400,"message":"M","type":"exceed_context_size_error"}}"#,
            Some("exceed_context_size_error"),
            Some(400),
            Some("M"),
        ),
        // OpenRouter: a body, inside a 200, and inside a stream
        (r#"{"error":{"code":402,"message":"M"},"user_id":"u"}"#, Some("402"), Some(402), Some("M")),
        (
            r#"{"id":"x","choices":[{"error":{"code":502,"message":"M"},"finish_reason":"error","message":{"content":""}}]}"#,
            Some("502"),
            Some(502),
            Some("M"),
        ),
        (
            r#"{"id":"x","error":{"code":"server_error","message":"M"},"choices":[{"delta":{"content":""},"finish_reason":"error"}]}"#,
            Some("server_error"),
            None,
            Some("M"),
        ),
        // LiteLLM
        (
            r#"{"error":{"message":"M","type":"throttling_error","param":null,"code":"429"}}"#,
            Some("throttling_error"),
            Some(429),
            Some("M"),
        ),
        // Cloudflare
        (r#"{"success":false,"errors":[{"code":10000,"message":"M"}],"result":null}"#, Some("10000"), None, Some("M")),
    ] {
        let error = error(json);
        assert_eq!((error.name(), error.message.as_deref()), (name, message), "{json}");
        if status.is_some() {
            assert_eq!(error.status, status, "{json}");
        }
        let facts = read(Found::from_json(&PATHS, json.as_bytes()).root()).unwrap();
        assert_eq!((facts.name(), facts.message.as_deref()), (name, None), "{json}");
    }
}

#[test]
fn an_answer_is_no_error() {
    for json in [
        r#"{"id":"x","choices":[{"message":{"content":"x"},"finish_reason":"stop"}],"error":null}"#,
        r#"{"object":"response","status":"completed","error":null,"output":[]}"#,
        r#"{"type":"message","role":"assistant","content":[]}"#,
        r#"{"type":"message_start","message":{"id":"x"}}"#,
        r#"{"model":"m","message":{"role":"assistant","content":"x"},"done":true}"#,
        r#"{"id":"x","message":{"role":"assistant"},"finish_reason":"COMPLETE"}"#,
        r#"{"text":"x","generation_id":"x","message":"x"}"#,
        r#"{"embedding":[0.1]}"#,
        r#"{}"#,
        r#"[]"#,
        r#"3"#,
    ] {
        assert_eq!(read(JsonView::from_slice(json.as_bytes(), Mode::Full).root()), None, "{json}");
    }
}

#[test]
fn the_name_of_an_event_can_make_it_an_error() {
    let doc = JsonView::from_slice(br#"{"message":"M","p":"abc"}"#, Mode::Full);
    let error = read_event(Some("validationException"), doc.root()).unwrap();
    assert_eq!((error.name(), error.message.as_deref()), (Some("validationException"), Some("M")));
    let doc = JsonView::from_slice(br#""M""#, Mode::Full);
    assert_eq!(read_event(Some("error"), doc.root()).unwrap().message.as_deref(), Some("M"));
    let doc = JsonView::from_slice(br#"{"delta":{}}"#, Mode::Full);
    assert_eq!(read_event(Some("content_block_delta"), doc.root()), None);
}

#[test]
fn the_name_of_an_aws_error_stands_alone() {
    assert_eq!(aws_name("ValidationException:http://internal.amazon.com/coral/"), "ValidationException");
    assert_eq!(aws_name("com.amazon.coral.service#AccessDeniedException"), "AccessDeniedException");
}
