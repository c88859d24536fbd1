//! Attributes under OpenInference names, in addition to those of the conventions:
//! <https://github.com/Arize-ai/openinference/blob/main/spec/semantic_conventions.md>.

use serde_json::Value;

use crate::json::is_document;
use crate::model::{Operation, Usage};
use crate::otel::KeyValue;
use crate::semconv::{ContentField, Profile, openinference};

const TEXT: &str = "text/plain";
const JSON: &str = "application/json";

/// The OpenInference attributes of a call's span. `content` has passed the policy.
pub(crate) fn attributes(
    operation: &Operation,
    has_model: bool,
    usage: &Usage,
    content: &[(&'static str, String)],
) -> Vec<KeyValue> {
    let mut all = vec![KeyValue::new(openinference::SPAN_KIND, kind(operation, has_model))];
    let (input, output) = sides(operation);
    let find = |key: &Keys| content.iter().find(|(known, _)| key.contains(known)).map(|(_, text)| text.as_str());
    if let Some(text) = find(&input) {
        all.push(KeyValue::new(openinference::INPUT_VALUE, text.to_owned()));
        all.push(KeyValue::new(openinference::INPUT_MIME_TYPE, mime(text)));
    }
    if let Some(text) = find(&output) {
        let plain = texts_of(text);
        let text = plain.as_deref().unwrap_or(text);
        all.push(KeyValue::new(openinference::OUTPUT_VALUE, text.to_owned()));
        all.push(KeyValue::new(openinference::OUTPUT_MIME_TYPE, if plain.is_some() { TEXT } else { mime(text) }));
    }
    let reasoning = usage.reasoning;
    all.extend(reasoning.map(|tokens| KeyValue::new(openinference::REASONING_TOKENS, tokens)));
    all
}

fn kind(operation: &Operation, has_model: bool) -> &'static str {
    match operation {
        Operation::Embeddings => "EMBEDDING",
        Operation::Retrieval | Operation::SearchMemory => "RETRIEVER",
        Operation::ExecuteTool | Operation::McpClient | Operation::McpServer => "TOOL",
        Operation::InvokeAgent | Operation::CreateAgent => "AGENT",
        Operation::ApplyGuardrail => "GUARDRAIL",
        Operation::Custom(name) if name == "rerank" => "RERANKER",
        operation if operation.is_inference() || *operation == Operation::FetchResponse => "LLM",
        Operation::Custom(_) if has_model => "LLM",
        _ => "CHAIN",
    }
}

/// Names of an attribute in both profiles.
type Keys = [&'static str; 2];

/// The content attributes of input and output.
fn sides(operation: &Operation) -> (Keys, Keys) {
    let keys = |field| [Profile::Core, Profile::Latest].map(|profile| ContentField::name(field, profile));
    match operation {
        Operation::ExecuteTool | Operation::McpClient | Operation::McpServer => {
            (keys(ContentField::ToolArguments), keys(ContentField::ToolResult))
        }
        Operation::Retrieval => (keys(ContentField::Query), keys(ContentField::Documents)),
        Operation::SearchMemory => (keys(ContentField::MemoryQuery), keys(ContentField::MemoryRecords)),
        Operation::ApplyGuardrail => (keys(ContentField::Judged), keys(ContentField::Decided)),
        operation if operation.is_silent() => {
            (keys(ContentField::MemoryRecords), [ContentField::OutputMessages.key(); 2])
        }
        _ => ([ContentField::InputMessages.key(); 2], [ContentField::OutputMessages.key(); 2]),
    }
}

fn mime(text: &str) -> &'static str {
    if is_document(text) { JSON } else { TEXT }
}

/// The text of a single message, if all its parts are texts. Backends show it in their lists.
fn texts_of(messages: &str) -> Option<String> {
    if !messages.starts_with(r#"[{"role":"#) {
        return None;
    }
    let messages: Value = serde_json::from_str(messages).ok()?;
    let [message] = messages.as_array()?.as_slice() else { return None };
    let parts = message["parts"].as_array()?;
    // Lists show the response only, without reasoning.
    let visible = parts.iter().filter(|part| part["type"] != "reasoning");
    let text = |part: &Value| (part["type"] == "text").then(|| part["content"].as_str().map(str::to_owned)).flatten();
    let texts: Option<Vec<String>> = visible.map(text).collect();
    texts.filter(|texts| !texts.is_empty()).map(|texts| texts.join("\n"))
}
