//! Finds the parts of another crate's recorded input that a model wrote. Used when only the output is masked.

use super::content_shape::ContentShape;
use super::filter::{CUT, Filter};
use super::keys::is_structure;
use super::place::{Place, TextKind, is_role_of_model, is_type_of_model};
use super::rewrite;
use crate::json::{Node, Text, write_str};
use crate::semconv::identifier::is_word;

/// Keys whose values a model wrote, in any message.
const BY_MODEL: &[&str] = &[
    "ai",
    "aimessage",
    "arguments",
    "assistant",
    "assistantmessage",
    "bot",
    "chatbot",
    "completion",
    "executablecode",
    "executable_code",
    "function_call",
    "functioncall",
    "generated_responses",
    "generated_text",
    "model",
    "output_text",
    "reasoning",
    "reasoning_content",
    "refusal",
    "thinking",
    "tool_call",
    "tool_calls",
    "toolcalls",
    "tool_use",
    "tooluse",
];

/// Names of a model as the author of a message.
const MODELS: &[&str] = &["agent", "ai", "assistant", "bot", "chatbot", "gpt", "model"];

/// Keys, besides `role`, of a message's author.
const AUTHORS: &[&str] = &["author", "from", "participant", "sender", "speaker"];

/// Names of a model at the start of a line in a transcript: `AI: `, `**Assistant**: `, `bot> `.
const SPEAKERS: &[&str] = &["ai", "assistant", "bot", "chatbot"];

/// Keys of a message's text.
const TEXTS: &[&str] = &["content", "message", "parts", "text"];

/// Signs of a structure in a text, unless the role of a message names its author.
const BRACES: &[&str] = &[" { ", " {\n"];

/// Signs of messages in a text that is not JSON, in lower case: `Debug` output, part of a document, a transcript.
const SIGNS: &[&str] = &[
    "role:",
    "role=",
    "role\":",
    "role\" :",
    "role\\\":",
    "assistant:",
    "assistant(",
    "assistant\"",
    "assistant'",
    "assistant\n",
    "aimessage(",
    "[/inst]",
    "<start_of_turn>model",
];

/// The part types of the conventions.
const PARTS: &[&str] = &[
    "blob",
    "file",
    "reasoning",
    "server_tool_call",
    "server_tool_call_response",
    "text",
    "tool_call",
    "tool_call_response",
    "uri",
];

/// Keys of objects and lists in such parts.
const PAYLOADS: &[&str] = &["arguments", "response", "result", "server_tool_call", "server_tool_call_response"];

/// Maximum number of JSON documents inside of each other's texts. Deeper texts are a model's.
const DOCUMENTS: usize = 4;

fn is_in(table: &[&str], word: &str) -> bool {
    table.iter().any(|known| word.eq_ignore_ascii_case(known))
}

/// Rewrites an input of unknown format: JSON by the authors that it names, text that only resembles a structure as a
/// whole, and any other text as the user's.
pub(crate) fn rewrite(text: &str, filter: &mut Filter) -> String {
    nested(text, 0, Prose::MayBeStructure, filter)
}

/// Rewrites a message whose role names its author.
pub(crate) fn rewrite_by_role(message: Node<'_>, filter: &mut Filter) -> String {
    let mut out = String::new();
    value(&mut out, message, "", 1, Prose::OfRole, filter);
    out
}

/// What braces in a text that is not JSON mean.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Prose {
    /// A structure of unknown format.
    MayBeStructure,
    /// Nothing, as in code: the role names the author.
    OfRole,
}

/// Rewrites an attribute in the JSON of the conventions. While only the output is masked, any other text in the place
/// of messages is rewritten by the authors that it names, because other crates write a provider's messages there too.
pub(crate) fn attribute(json: &str, shape: ContentShape, filter: &mut Filter) -> Option<String> {
    match filter.masks_model_parts() && !is_conventional(json, shape) {
        true => Some(rewrite(json, filter)),
        false => rewrite::attribute(json, shape, filter),
    }
}

/// Whether a text has the form of this shape, in which roles and types of parts name the authors.
fn is_conventional(text: &str, shape: ContentShape) -> bool {
    if !matches!(shape, ContentShape::Messages | ContentShape::Parts) {
        return true;
    }
    let Some(doc) = rewrite::container(text) else { return false };
    // If a key occurs twice, readers differ in which value counts.
    let has_one = |object: Node<'_>, key: &str| object.items().filter(|field| field.key() == key).count() == 1;
    let is_part = |part: Node<'_>| {
        let is_known = part.get_str("type").is_some_and(|kind| PARTS.contains(&kind));
        is_known
            && has_one(part, "type")
            && part.items().all(|field| !(field.is_object() || field.is_array()) || is_in(PAYLOADS, field.key()))
    };
    let is_message = |message: Node<'_>| {
        message.get_str("role").is_some()
            && has_one(message, "role")
            && message.items().all(|field| match field.key() {
                "parts" => field.is_array() && field.items().all(is_part),
                "role" | "name" | "finish_reason" => field.is_str(),
                _ => false,
            })
    };
    let is_item = |item: Node<'_>| if shape == ContentShape::Parts { is_part(item) } else { is_message(item) };
    doc.root().is_array() && doc.root().items().all(is_item)
}

fn nested(text: &str, depth: usize, prose: Prose, filter: &mut Filter) -> String {
    // A byte order mark is no part of JSON.
    let text = text.trim_start_matches('\u{feff}');
    if depth < DOCUMENTS
        && let Some(doc) = rewrite::document_in(text)
    {
        let mut out = String::new();
        value(&mut out, doc.root(), "", depth + 1, Prose::MayBeStructure, filter);
        return out;
    }
    let place =
        if depth >= DOCUMENTS || is_structured(text, prose) { Place::reasoning("") } else { Place::of(TextKind::Text) };
    filter.clean(text, place).into_owned()
}

/// Whether a text that is not JSON resembles a structure, as `Debug` output does: `[Message { role: ..`.
fn is_structured(text: &str, prose: Prose) -> bool {
    if text == CUT {
        return false;
    }
    let lower = text.to_ascii_lowercase();
    let has_braces = lower.trim_start().starts_with(['[', '{']) || BRACES.iter().any(|sign| lower.contains(sign));
    (has_braces && prose == Prose::MayBeStructure)
        || SIGNS.iter().any(|sign| lower.contains(sign))
        || lower.lines().any(names_a_model)
}

/// Whether a line of a transcript names a model as its author.
fn names_a_model(line: &str) -> bool {
    let line = line.trim_start_matches(|c: char| !c.is_alphanumeric());
    let (name, rest) = line.split_at(line.find(|c: char| !c.is_alphanumeric()).unwrap_or(line.len()));
    let rest = rest.trim_start_matches(['*', '_', ' ', '"', '\'']);
    is_in(SPEAKERS, name) && (rest.is_empty() || rest.starts_with([':', '>', '(', '=', ']']))
}

/// Whether a model wrote this message or part, by its type or its author.
fn is_by_model(object: Node<'_>) -> bool {
    object.items().any(|field| match field.key() {
        "type" | "kind" | "part_kind" | "$type" => field.str().is_some_and(is_type_of_model),
        // LangChain's serialized messages name their class.
        "id" => field.items().last().and_then(Node::str).is_some_and(is_type_of_model),
        _ => names_author(field) || is_header(field) && field.items().any(names_author),
    })
}

/// Whether this field of a message names a model as its author: `"role": "assistant"`, `"role": {"label": "assistant"}`.
fn names_author(field: Node<'_>) -> bool {
    // If a key occurs twice, readers differ in which value counts.
    if field.key().eq_ignore_ascii_case("role") {
        return field.str().is_some_and(is_role_of_model) || field.items().any(|name| name.str().is_some_and(is_model));
    }
    let name = if field.is_object() { field.get_str("role") } else { field.str() };
    is_in(AUTHORS, field.key()) && name.is_some_and(is_model)
}

/// Whether a message names an author of any kind.
fn has_author(message: Node<'_>) -> bool {
    let names = |field: Node<'_>| {
        ["role", "type", "kind"].iter().any(|key| field.key().eq_ignore_ascii_case(key)) || is_in(AUTHORS, field.key())
    };
    message.items().any(|field| names(field) || is_header(field) && field.items().any(names))
}

fn is_model(name: &str) -> bool {
    is_in(MODELS, name)
}

/// Whether an object is no message of its own, so that the author that it names is that of the message around it:
/// `{"message": {"role": ..}, "content": ..}`.
fn is_header(object: Node<'_>) -> bool {
    object.is_object()
        && object.items().all(|field| !(field.is_object() || field.is_array() || is_in(TEXTS, field.key())))
}

fn value(out: &mut String, node: Node<'_>, role: &str, depth: usize, prose: Prose, filter: &mut Filter) {
    let place = Place::text(role);
    if !filter.masks_at(place)
        && let Some(text) = node.str()
    {
        return write_str(out, &nested(text, depth, prose, filter));
    }
    if filter.masks_at(place) || !(node.is_object() || node.is_array()) {
        return filter.json(out, node, place);
    }
    let is_object = node.is_object();
    // A pair of author and text: `["assistant", ".."]`.
    let by_model = if is_object { is_by_model(node) } else { node.first().and_then(Node::str).is_some_and(is_model) };
    let role = if by_model { "assistant" } else { node.get_str("role").filter(|_| is_object).unwrap_or(role) };
    // Among messages with roles, one without an author may be a model's.
    let has_roles = !is_object && node.items().any(|item| item.get_str("role").is_some());
    out.push(if is_object { '{' } else { '[' });
    for (at, item) in node.items().enumerate() {
        if at > 0 {
            out.push(',');
        }
        if is_object {
            filter.text(out, Text::Plain(item.key()), Place::of(TextKind::Text));
            out.push(':');
        }
        match item.key() {
            "role" | "type" if is_object && item.str().is_some_and(is_word) => {
                write_str(out, item.str().unwrap_or_default());
            }
            key if is_object && is_in(BY_MODEL, key) && (item.is_object() || item.is_array() || key != "model") => {
                filter.json(out, item, Place::reasoning(role));
            }
            _ if has_roles && item.is_object() && !has_author(item) => {
                value(out, item, "assistant", depth, prose, filter)
            }
            _ => value(out, item, role, depth, prose, filter),
        }
    }
    out.push(if is_object { '}' } else { ']' });
}

/// The messages of a flattened input that no model wrote, by key prefix: `gen_ai.prompt.0.`.
#[derive(Debug, Default)]
pub(crate) struct KnownRoles(Vec<String>);

impl KnownRoles {
    /// Records the role of a message, if `key` holds one.
    pub(crate) fn note(&mut self, key: &str, value: &str) {
        if let Some(message) = message(key).filter(|_| key.ends_with(".role") && !is_role_of_model(value)) {
            self.0.push(message.to_owned());
        }
    }

    /// Whether a model may have written the value under this key of a flattened input.
    pub(crate) fn may_be_by_model(&self, key: &str) -> bool {
        let Some(message) = message(key) else { return false };
        let part = &key[message.len()..];
        !is_structure(key)
            && (["tool_call", "function_call", "reasoning", "thinking"].iter().any(|known| part.contains(known))
                || !self.0.iter().any(|known| known == message))
    }
}

/// The prefix of a flattened message's key, up to and including its number.
fn message(key: &str) -> Option<&str> {
    let mut end = 0;
    key.split_inclusive('.').find_map(|part| {
        end += part.len();
        let number = part.strip_suffix('.').is_some_and(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
        (number && part.len() > 1).then(|| &key[..end])
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::policy::Policy;
    use crate::policy::style::Style;

    fn rewritten(text: &str) -> String {
        let mut filter = Filter::open(&Policy::new().into());
        filter.mask_model_parts(&Style::Placeholder);
        rewrite(text, &mut filter)
    }

    #[test]
    fn authors_that_json_names_are_told_apart() {
        for (text, expected) in [
            ("a question", "a question"),
            (
                r#"[{"role":"user","content":"a"},{"content":"b"},{"from":"user","content":"c"}]"#,
                r#"[{"role":"user","content":"a"},"[REDACTED]",{"from":"user","content":"c"}]"#,
            ),
            (r#"{"messages":[{"role":"user","content":"a"}]}"#, r#"{"messages":[{"role":"user","content":"a"}]}"#),
            (
                r#"[{"role":"assistant","content":"a"},{"role":"user","content":["b"]}]"#,
                r#"[{"role":"assistant","content":"[REDACTED]"},{"role":"user","content":["b"]}]"#,
            ),
            (r#"[{"type":"ai","content":"a"}]"#, r#"[{"type":"ai","content":"[REDACTED]"}]"#),
            (r#"[{"role":"bot","text":"a"}]"#, r#"[{"role":"bot","text":"[REDACTED]"}]"#),
            (r#"{"model":"m","input":"b"}"#, r#"{"model":"m","input":"b"}"#),
            (r#"{"user":"a","tool_calls":[{"x":1}]}"#, r#"{"user":"a","tool_calls":"[REDACTED]"}"#),
            ("[Message { role: Assistant, text: \"a\" }]", "[REDACTED]"),
            ("Messages([Assistant(\"a\")])", "[REDACTED]"),
            (
                "\u{feff}[{\"role\":\"assistant\",\"content\":\"a\"}]",
                r#"[{"role":"assistant","content":"[REDACTED]"}]"#,
            ),
            (
                r#"[{"role":"user","role":"assistant","text":"a"}]"#,
                r#"[{"role":"user","role":"assistant","text":"[REDACTED]"}]"#,
            ),
            (
                r#"{"messages":"[{\"role\":\"assistant\",\"content\":\"a\"}]"}"#,
                r#"{"messages":"[{\"role\":\"assistant\",\"content\":\"[REDACTED]\"}]"}"#,
            ),
            (r#"data: {"role":"assistant","content":"a"}"#, "[REDACTED]"),
            (
                r#"[{"author":{"role":"assistant"},"content":["a"]}]"#,
                r#"[{"author":"[REDACTED]","content":"[REDACTED]"}]"#,
            ),
        ] {
            assert_eq!(rewritten(text), expected);
        }
    }

    #[test]
    fn flattened_messages_are_a_models_unless_their_role_is_known() {
        let mut roles = KnownRoles::default();
        roles.note("gen_ai.prompt.0.role", "user");
        roles.note("gen_ai.prompt.1.role", "assistant");
        assert!(!roles.may_be_by_model("gen_ai.prompt.0.content"));
        assert!(roles.may_be_by_model("gen_ai.prompt.0.tool_calls.0.arguments"));
        for key in ["gen_ai.prompt.1.content", "gen_ai.prompt.2.content", "llm.input_messages.0.message.content"] {
            assert!(roles.may_be_by_model(key), "{key}");
        }
        assert!(!roles.may_be_by_model("gen_ai.prompt"));
    }
}
