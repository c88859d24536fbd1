//! Converts messages, instructions and tools to the conventions' schemas.
//!
//! No content is removed here: the policy is applied afterwards, as for all other spans. With only the output masked, it
//! masks the parts of an input whose authors are models. So an input is converted only if that names no other author
//! than the source does.

use serde_json::{Map, Value, json};

use super::authors::{names_model, roles_name_models};
use crate::message::finish_reason;
use crate::semconv::Profile;

/// Converts an input: a list of messages with roles, or a text or parts in which no model is named as an author, which
/// are the user's. `None` for anything else.
pub(super) fn input(text: &str, profile: Profile) -> Option<String> {
    input_of(text, names_model(text), profile)
}

/// `by_model`: a model is named as an author in the text, or in the one around it.
fn input_of(text: &str, by_model: bool, profile: Profile) -> Option<String> {
    let has_role = |message: &Value| message.get("role").is_some_and(Value::is_string);
    let all = match serde_json::from_str::<Value>(text) {
        Ok(Value::Array(none)) if none.is_empty() => return Some("[]".to_owned()),
        Ok(Value::Array(all)) if all.iter().all(has_role) => all,
        Ok(one @ Value::Object(_)) if has_role(&one) => vec![one],
        Ok(Value::String(inner)) => {
            let inner_by_model = names_model(&inner);
            return (inner_by_model || !by_model).then(|| input_of(&inner, inner_by_model, profile)).flatten();
        }
        Ok(Value::Array(parts)) if parts.iter().all(|part| part.get("type").is_some() && !is_message(part)) => {
            return (!by_model).then(|| list(vec![json!({ "content": parts })], "user", false, profile));
        }
        Ok(Value::Array(_) | Value::Object(_)) => return None,
        _ => return (!by_model).then(|| list(vec![json!({ "content": text })], "user", false, profile)),
    };
    (!by_model || roles_name_models(text)).then(|| list(all, "user", false, profile))
}

/// Converts an output: a list of messages; any other text becomes one message. The key names the model as its author.
pub(super) fn output(text: &str, profile: Profile) -> String {
    let all = match serde_json::from_str::<Value>(text) {
        Ok(Value::Array(all)) if all.iter().all(Value::is_object) && !all.is_empty() => all,
        Ok(Value::Object(one)) if one.contains_key("role") || one.contains_key("content") => vec![Value::Object(one)],
        Ok(Value::Array(none)) if none.is_empty() => return "[]".to_owned(),
        Ok(Value::String(inner)) => return output(&inner, profile),
        _ => vec![json!({ "content": text })],
    };
    // The list contains parts instead of messages.
    let all = if all.iter().any(|message| message.get("role").is_some() || is_message(message)) {
        all
    } else {
        vec![json!({ "content": all })]
    };
    list(all, "assistant", true, profile)
}

/// Converts each message; `role` is that of messages without one.
fn list(all: Vec<Value>, role: &str, output: bool, profile: Profile) -> String {
    Value::Array(all.into_iter().map(|one| message(one, role, output, profile)).collect()).to_string()
}

fn is_message(value: &Value) -> bool {
    ["parts", "content", "tool_calls"].iter().any(|key| value.get(key).is_some()) && value.get("type").is_none()
}

fn message(value: Value, role: &str, output: bool, profile: Profile) -> Value {
    let Value::Object(mut old) = value else { return value };
    let role = match old.remove("role") {
        Some(Value::String(word)) if word == "model" => "assistant".to_owned(),
        Some(Value::String(word)) => word,
        _ => role.to_owned(),
    };
    let mut parts = Vec::new();
    if role == "tool" && !old.contains_key("parts") {
        let id = old.remove("tool_call_id").unwrap_or(Value::Null);
        parts.push(tool_response(id, old.remove("content").unwrap_or(Value::Null)));
    }
    for key in ["reasoning_content", "reasoning"] {
        if let Some(Value::String(text)) = old.remove(key) {
            parts.push(json!({ "type": "reasoning", "content": text }));
        }
    }
    for key in ["parts", "content"] {
        match old.remove(key) {
            Some(Value::String(text)) if !text.is_empty() => parts.push(json!({ "type": "text", "content": text })),
            Some(Value::Array(all)) => parts.extend(all.into_iter().filter_map(part)),
            Some(one @ Value::Object(_)) => parts.extend(part(one)),
            _ => {}
        }
    }
    if let Some(Value::String(text)) = old.remove("refusal") {
        parts.push(json!({ "type": "refusal", "content": text }));
    }
    if let Some(Value::Array(calls)) = old.remove("tool_calls") {
        parts.extend(calls.into_iter().filter_map(part));
    }
    let mut new = Map::new();
    new.insert("role".into(), role.into());
    new.insert("parts".into(), parts.into());
    if let Some(name @ Value::String(_)) = old.remove("name") {
        new.insert("name".into(), name);
    }
    if output {
        match old.remove("finish_reason").or_else(|| old.remove("stop_reason")) {
            Some(Value::String(reason)) => {
                new.insert("finish_reason".into(), finish_reason(&reason).into());
            }
            // The schema requires a finish reason; if the crate did not set one, it is empty.
            _ if profile == Profile::Core => {
                new.insert("finish_reason".into(), "".into());
            }
            _ => {}
        }
    }
    Value::Object(new)
}

/// Converts a part; `None` if it is empty.
fn part(value: Value) -> Option<Value> {
    let mut old = match value {
        Value::Object(old) => old,
        Value::String(text) => return Some(json!({ "type": "text", "content": text })),
        _ => return None,
    };
    let kind = old.get("type").and_then(Value::as_str).unwrap_or_default().to_owned();
    let take = |old: &mut Map<String, Value>, keys: &[&str]| keys.iter().find_map(|key| old.remove(*key));
    Some(match kind.as_str() {
        "text" | "input_text" | "output_text" => {
            json!({ "type": "text", "content": take(&mut old, &["content", "text"])? })
        }
        "reasoning" | "thinking" => {
            json!({ "type": "reasoning", "content": joined(take(&mut old, &["content", "reasoning", "thinking", "text"])?) })
        }
        "tool_call" | "tool_use" | "toolcall" | "function" | "function_call" => tool_call(old)?,
        "tool_call_response" | "tool_result" | "toolresult" | "function_call_output" => {
            let id = take(&mut old, &["tool_use_id", "tool_call_id", "call_id", "id"]).unwrap_or(Value::Null);
            tool_response(id, take(&mut old, &["response", "result", "content", "output"]).unwrap_or(Value::Null))
        }
        // genai only records that there was a file, which no part of the schema can express.
        "blob" if !old.contains_key("content") => json!({ "type": "binary" }),
        "" if old.contains_key("function") => tool_call(old)?,
        "" if old.contains_key("functionCall") => tool_call_of(old.remove("functionCall")?)?,
        "" if old.contains_key("functionResponse") => {
            let Value::Object(mut inner) = old.remove("functionResponse")? else { return None };
            let id = take(&mut inner, &["id", "name"]).unwrap_or(Value::Null);
            tool_response(id, inner.remove("response").unwrap_or(Value::Null))
        }
        "" if old.contains_key("reasoning") => {
            json!({ "type": "reasoning", "content": joined(old.remove("reasoning")?) })
        }
        "" if old.contains_key("text") => json!({ "type": "text", "content": old.remove("text")? }),
        "" => {
            old.insert("type".into(), "unknown".into());
            Value::Object(old)
        }
        _ => Value::Object(old),
    })
}

fn tool_call_of(value: Value) -> Option<Value> {
    let Value::Object(call) = value else { return None };
    tool_call(call)
}

fn tool_call(mut old: Map<String, Value>) -> Option<Value> {
    let id = ["call_id", "id"].iter().find_map(|key| old.remove(*key).filter(|id| !id.is_null()));
    let mut inner = match old.remove("function") {
        Some(Value::Object(inner)) => inner,
        _ => old,
    };
    let name = inner.remove("name")?;
    let mut new = Map::new();
    new.insert("type".into(), "tool_call".into());
    if let Some(id) = id {
        new.insert("id".into(), id);
    }
    new.insert("name".into(), name);
    if let Some(arguments) = ["arguments", "input", "args"].iter().find_map(|key| inner.remove(*key)) {
        new.insert("arguments".into(), structured(arguments));
    }
    Some(Value::Object(new))
}

fn tool_response(id: Value, response: Value) -> Value {
    let mut new = Map::new();
    new.insert("type".into(), "tool_call_response".into());
    if let id @ Value::String(_) = id {
        new.insert("id".into(), id);
    }
    new.insert("response".into(), structured(response));
    Value::Object(new)
}

/// Parses JSON text, if it is an object or a list.
fn structured(value: Value) -> Value {
    match value {
        Value::String(text) => match serde_json::from_str(&text) {
            Ok(inner @ (Value::Object(_) | Value::Array(_))) => inner,
            _ => Value::String(text),
        },
        other => other,
    }
}

fn joined(value: Value) -> Value {
    let Value::Array(texts) = value else { return value };
    let texts: Vec<&str> =
        texts.iter().filter_map(|text| text.as_str().or_else(|| text.get("text")?.as_str())).collect();
    texts.join("\n").into()
}

/// Converts instructions to parts; a plain text becomes one part. `None` if a model is named as an author.
pub(super) fn instructions(text: &str) -> Option<String> {
    if names_model(text) {
        return None;
    }
    let parts = match serde_json::from_str::<Value>(text) {
        Ok(Value::Array(all)) => all.into_iter().filter_map(part).collect(),
        _ => vec![json!({ "type": "text", "content": text })],
    };
    Some(Value::Array(parts).to_string())
}

/// Converts tool definitions to a flat object each.
pub(super) fn tools(text: &str) -> Option<String> {
    let Ok(Value::Array(all)) = serde_json::from_str::<Value>(text) else { return None };
    let flat = all.into_iter().map(|one| match one {
        Value::Object(mut tool) => {
            if let Some(Value::Object(inner)) = tool.remove("function") {
                tool.extend(inner);
            }
            tool.entry("type").or_insert_with(|| "function".into());
            if let Some(schema) = tool.remove("input_schema") {
                tool.entry("parameters").or_insert(schema);
            }
            Value::Object(tool)
        }
        other => other,
    });
    Some(Value::Array(flat.collect()).to_string())
}

/// Removes one level of quoting from JSON text inside a JSON string.
pub(super) fn json_text(text: &str) -> String {
    match serde_json::from_str::<Value>(text) {
        Ok(Value::String(inner)) if serde_json::from_str::<Value>(&inner).is_ok_and(|v| v.is_object()) => inner,
        _ => text.to_owned(),
    }
}

/// Adds the response's finish reasons to messages that have none.
pub(super) fn with_reasons(json: &str, reasons: &[String], profile: Profile) -> Option<String> {
    let Ok(Value::Array(mut all)) = serde_json::from_str::<Value>(json) else { return None };
    let mut changed = false;
    for (message, reason) in all.iter_mut().filter_map(Value::as_object_mut).zip(reasons) {
        let known = message.get("finish_reason").and_then(Value::as_str).unwrap_or_default();
        if known.is_empty() && (profile == Profile::Core || message.contains_key("finish_reason")) {
            message.insert("finish_reason".into(), finish_reason(reason).into());
            changed = true;
        }
    }
    changed.then(|| Value::Array(all).to_string())
}
