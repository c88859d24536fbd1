//! Prompts with a response in one document.

use serde_json::json;

use super::payload::{Payload, text};

pub(crate) fn all() -> Vec<Payload> {
    let (prompt, answer) = (text(8 << 10), text(4 << 10));
    let completions = Payload::whole(
        "OpenAI completions",
        "openai",
        "/v1/completions",
        json!({"model": "gpt-3.5-turbo-instruct", "prompt": prompt, "max_tokens": 400}),
        json!({"id": "cmpl-1", "object": "text_completion", "created": 1_790_000_000, "model": "gpt-3.5-turbo-instruct",
            "choices": [{"text": answer, "index": 0, "logprobs": null, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 1200, "completion_tokens": 300, "total_tokens": 1500}}),
    );
    let complete = Payload::whole(
        "Anthropic complete",
        "anthropic",
        "/v1/complete",
        json!({"model": "claude-2.1", "prompt": prompt, "max_tokens_to_sample": 400}),
        json!({"id": "compl_1", "type": "completion", "completion": answer, "stop_reason": "stop_sequence",
            "model": "claude-2.1"}),
    );
    let invoke = Payload::whole(
        "Bedrock InvokeModel (Titan)",
        "aws.bedrock",
        "/model/amazon.titan-text-express-v1/invoke",
        json!({"inputText": prompt, "textGenerationConfig": {"maxTokenCount": 400, "temperature": 0.2}}),
        json!({"inputTextTokenCount": 1200,
            "results": [{"tokenCount": 300, "outputText": answer, "completionReason": "FINISH"}]}),
    );
    let cohere = Payload::whole(
        "Cohere generate",
        "cohere",
        "/v1/generate",
        json!({"model": "command", "prompt": prompt, "max_tokens": 400}),
        json!({"id": "g1", "generations": [{"id": "g2", "text": answer, "finish_reason": "COMPLETE"}],
            "meta": {"billed_units": {"input_tokens": 1200, "output_tokens": 300}}}),
    );
    let ollama = Payload::whole(
        "Ollama generate",
        "ollama",
        "/api/generate",
        json!({"model": "llama3.2", "prompt": prompt, "stream": false}),
        json!({"model": "llama3.2", "created_at": "2026-01-01T00:00:00Z", "response": answer, "done": true,
            "done_reason": "stop", "prompt_eval_count": 1200, "eval_count": 300}),
    );
    let watsonx = Payload::whole(
        "Text generation (watsonx)",
        "ibm.watsonx.ai",
        "/ml/v1/text/generation",
        json!({"model_id": "ibm/granite-13b", "project_id": "p", "input": prompt, "parameters": {"max_new_tokens": 400}}),
        json!({"model_id": "ibm/granite-13b", "created_at": "2026-01-01T00:00:00Z", "results": [{
            "generated_text": answer, "generated_token_count": 300, "input_token_count": 1200,
            "stop_reason": "eos_token"}]}),
    );
    let documents = (0..20).map(|_| text(500)).collect::<Vec<_>>();
    let rerank = Payload::whole(
        "Cohere rerank",
        "cohere",
        "/v2/rerank",
        json!({"model": "rerank-v3.5", "query": "Which fox?", "documents": documents, "top_n": 3}),
        json!({"id": "r1", "results": [{"index": 3, "relevance_score": 0.99}, {"index": 4, "relevance_score": 0.7}],
            "meta": {"billed_units": {"search_units": 1}}}),
    );
    vec![completions, complete, invoke, cohere, ollama, watsonx, rerank]
}
