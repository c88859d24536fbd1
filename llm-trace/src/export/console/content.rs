//! Formats a span's content as short lines.

use opentelemetry_sdk::trace::SpanData;
use serde_json::Value;

use super::facts::attribute;

/// A line of content: the role and the start of the text.
pub(super) struct Line {
    pub(super) who: String,
    pub(super) what: String,
}

/// In a long conversation only the newest messages are new.
const INPUTS: usize = 2;

/// The first documents have the best scores.
const DOCUMENTS: usize = 3;

/// Content attributes that are a single value.
const VALUES: [(&str, &str); 7] = [
    ("gen_ai.tool.call.arguments", "arguments"),
    ("gen_ai.tool.call.result", "result"),
    ("gen_ai.retrieval.query.text", "query"),
    ("gen_ai.memory.query.text", "query"),
    ("llm_trace.memory.query.text", "query"),
    ("llm_trace.guardrail.judged", "judged"),
    ("llm_trace.guardrail.decided", "decided"),
];

/// A document with its score, id and text, if present.
fn document(document: &Value, width: usize) -> Line {
    let score = document.get("score").and_then(Value::as_f64).map(|score| format!("{score:.2}"));
    let words = ["id", "content"].into_iter().filter_map(|key| document.get(key)).map(plain);
    let words: Vec<String> = words.collect();
    let what = if words.is_empty() { document.to_string() } else { words.join("  ") };
    Line { who: score.unwrap_or_else(|| "found".into()), what: clean(&what, width) }
}

/// The lines for a span; empty if content is off.
pub(super) fn lines(span: &SpanData, width: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    if let Some(parts) = json(span, "gen_ai.system_instructions") {
        lines.push(Line { who: "system".into(), what: parts_text(&parts, width) });
    }
    let inputs = messages(span, "gen_ai.input.messages", width);
    let skipped = inputs.len().saturating_sub(INPUTS);
    if skipped > 0 {
        lines.push(Line { who: "…".into(), what: format!("{skipped} earlier") });
    }
    lines.extend(inputs.into_iter().skip(skipped));
    lines.extend(messages(span, "gen_ai.output.messages", width));
    for (key, who) in VALUES {
        if let Some(value) = attribute(span, key) {
            lines.push(Line { who: who.to_owned(), what: clean(&value.as_str(), width) });
        }
    }
    for key in ["gen_ai.retrieval.documents", "gen_ai.memory.records", "llm_trace.memory.records"] {
        match json(span, key) {
            Some(Value::Array(found)) => {
                lines.extend(found.iter().take(DOCUMENTS).map(|one| document(one, width)));
                let more = found.len().saturating_sub(DOCUMENTS);
                if more > 0 {
                    lines.push(Line { who: "…".into(), what: format!("{more} more") });
                }
            }
            Some(other) => lines.push(Line { who: "found".into(), what: clean(&plain(&other), width) }),
            None => {}
        }
    }
    lines.retain(|line| !line.what.is_empty());
    lines
}

fn json(span: &SpanData, key: &str) -> Option<Value> {
    let text = attribute(span, key)?.as_str();
    // Other text, such as the mark of masked content, is shown unchanged.
    Some(serde_json::from_str(&text).unwrap_or_else(|_| Value::String(text.into_owned())))
}

fn messages(span: &SpanData, key: &str, width: usize) -> Vec<Line> {
    let default = if key.contains("output") { "assistant" } else { "user" };
    let line = |message: &Value| {
        let who = message.get("role").and_then(Value::as_str).unwrap_or(default);
        Line { who: clean(who, 12), what: parts_text(message.get("parts").unwrap_or(message), width) }
    };
    match json(span, key) {
        Some(Value::Array(messages)) => messages.iter().map(line).collect(),
        Some(other) => vec![line(&other)],
        None => Vec::new(),
    }
}

fn parts_text(parts: &Value, width: usize) -> String {
    match parts {
        Value::Array(parts) => {
            let all: Vec<_> = parts.iter().map(|part| part_text(part, width)).collect();
            clean(&all.join(" "), width)
        }
        other => part_text(other, width),
    }
}

fn part_text(part: &Value, width: usize) -> String {
    let get = |key: &str| part.get(key);
    let kind = get("type").and_then(Value::as_str).unwrap_or_default();
    let text = match kind {
        "tool_call" => {
            let arguments = get("arguments").map(plain).unwrap_or_default();
            format!("→ {}({arguments})", get("name").map(plain).unwrap_or_default())
        }
        "tool_call_response" => {
            format!("← {}", get("response").or_else(|| get("result")).map(plain).unwrap_or_default())
        }
        "text" | "reasoning" | "refusal" | "" => match get("content").or_else(|| get("text")) {
            Some(content) => plain(content),
            None => plain(part),
        },
        other => match get("uri").or_else(|| get("content").filter(|_| other != "blob")) {
            Some(content) => format!("[{other}] {}", plain(content)),
            None => format!("[{other}]"),
        },
    };
    let text = if kind == "reasoning" { format!("({text})") } else { text };
    clean(&text, width)
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// Makes a text a single line of at most `width` characters, without control characters.
pub(super) fn clean(text: &str, width: usize) -> String {
    let mut out = String::new();
    let mut count = 0_usize;
    let mut space = false;
    for c in text.chars() {
        if c.is_whitespace() || c.is_control() || is_invisible(c) {
            space = !out.is_empty();
            continue;
        }
        let longer = count.saturating_add(if space { 2 } else { 1 });
        if longer >= width {
            out.push('…');
            return out;
        }
        if std::mem::take(&mut space) {
            out.push(' ');
        }
        out.push(c);
        count = longer;
    }
    out
}

/// Characters that reorder or hide text on a terminal.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}
