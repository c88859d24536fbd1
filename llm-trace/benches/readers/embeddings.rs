//! Responses with a megabyte of numbers.

use serde_json::{Value, json};

use super::payload::{Payload, text};

const DIMENSIONS: usize = 1536;
const VECTORS: usize = 30;

fn vector() -> Value {
    (0..DIMENSIONS).map(|n| (n as f64 * 0.7).sin() * 0.05).collect()
}

fn vectors() -> Value {
    (0..VECTORS).map(|_| vector()).collect()
}

pub(crate) fn all() -> Vec<Payload> {
    let inputs = (0..VECTORS).map(|_| text(200)).collect::<Vec<_>>();
    let data = (0..VECTORS).map(|index| json!({"object": "embedding", "index": index, "embedding": vector()}));
    let openai = Payload::whole(
        "OpenAI embeddings",
        "openai",
        "/v1/embeddings",
        json!({"model": "text-embedding-3-small", "input": inputs}),
        json!({"object": "list", "data": data.collect::<Value>(), "model": "text-embedding-3-small",
            "usage": {"prompt_tokens": 1200, "total_tokens": 1200}}),
    );
    let requests = inputs
        .iter()
        .map(|text| json!({"model": "models/gemini-embedding-001", "content": {"parts": [{"text": text}]}}));
    let gemini = Payload::whole(
        "Gemini batchEmbedContents",
        "gcp.gemini",
        "/v1beta/models/gemini-embedding-001:batchEmbedContents",
        json!({"requests": requests.collect::<Value>()}),
        json!({"embeddings": (0..VECTORS).map(|_| json!({"values": vector()})).collect::<Value>()}),
    );
    let cohere = Payload::whole(
        "Cohere embed",
        "cohere",
        "/v2/embed",
        json!({"model": "embed-v4.0", "texts": inputs, "input_type": "search_document", "embedding_types": ["float"]}),
        json!({"id": "e1", "texts": inputs, "embeddings": {"float": vectors()},
            "meta": {"billed_units": {"input_tokens": 1200}}, "response_type": "embeddings_by_type"}),
    );
    let ollama = Payload::whole(
        "Ollama embed",
        "ollama",
        "/api/embed",
        json!({"model": "nomic-embed-text", "input": inputs}),
        json!({"model": "nomic-embed-text", "embeddings": vectors(), "prompt_eval_count": 1200}),
    );
    vec![openai, gemini, cohere, ollama]
}
