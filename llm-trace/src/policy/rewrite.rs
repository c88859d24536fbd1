//! Filters content that is already in the JSON of the conventions.

use std::ops::Range;

use super::budget;
use super::content_shape::ContentShape;
use super::filter::{CUT, Filter};
use super::place::{Place, TextKind};
use super::report::Report;
use crate::json::{JsonView, Mode, Node, Text, write_str};
use crate::semconv::identifier::is_word;
use crate::semconv::part_type::{UNKNOWN, is_part_type};

/// Rewrites the JSON array of an attribute. Returns one replacement if it is not such an array, and `None` if the limit
/// has no room for it.
pub(crate) fn attribute(json: &str, shape: ContentShape, filter: &mut Filter) -> Option<String> {
    if let ContentShape::Value(kind) = shape {
        let out = match container(json) {
            Some(doc) => value(doc.root(), kind, filter),
            None => text(json, kind, filter),
        };
        return filter.whole(out, shape);
    }
    let doc = JsonView::from_slice(json.as_bytes(), Mode::Full);
    let root = doc.root();
    if !doc.is_complete() || !root.is_array() {
        let place = Place::of(if shape == ContentShape::Tools { TextKind::ToolDefinition } else { TextKind::Text });
        return Some(filter.clean(json, place).into_owned());
    }
    let (out, ranges) = items(root, shape, filter);
    filter.array(out, &ranges, shape)
}

/// The object or array that this text holds, if any.
pub(super) fn container(json: &str) -> Option<JsonView<'_>> {
    complete_json(json, &['{', '['])
}

/// Like [`container`], or a JSON string, which may hold another document.
pub(super) fn document_in(json: &str) -> Option<JsonView<'_>> {
    complete_json(json, &['{', '[', '"'])
}

/// The JSON value that this text holds, if it begins with one of these characters.
fn complete_json<'j>(json: &'j str, first: &[char]) -> Option<JsonView<'j>> {
    if !json.trim_start().starts_with(first) {
        return None;
    }
    Some(JsonView::from_slice(json.as_bytes(), Mode::Full)).filter(JsonView::is_complete)
}

/// A text in the form of an attribute.
pub(crate) fn text(text: &str, kind: TextKind, filter: &mut Filter) -> String {
    filter.clean(text, Place::of(kind)).into_owned()
}

/// A value in the form of an attribute: a text unchanged, any other value as JSON, or one replacement for the whole
/// value if texts are masked.
pub(crate) fn value(node: Node<'_>, kind: TextKind, filter: &mut Filter) -> String {
    match node.text() {
        Some(Text::Plain(plain)) => text(plain, kind, filter),
        Some(Text::Elided(_)) => text("", kind, filter),
        None if filter.masks() => text(&if filter.reads() { node.to_json() } else { String::new() }, kind, filter),
        None => {
            let mut out = String::new();
            filter.json(&mut out, node, Place::of(kind));
            out
        }
    }
}

/// Rewrites one retrieved document. Its score is not content.
pub(crate) fn document(out: &mut String, node: Node<'_>, filter: &mut Filter) {
    fields(out, node, filter, &|key| match key {
        "score" => TextSlot::Number,
        "id" => TextSlot::Id,
        "content" => TextSlot::Value(Place::of(TextKind::Text)),
        _ => TextSlot::Unknown(Place::of(TextKind::Text)),
    });
}

/// Writes a number; any other value in its place is content.
pub(crate) fn number(out: &mut String, node: Node<'_>, filter: &mut Filter) {
    match node.f64() {
        Some(_) => out.push_str(&node.to_json()),
        None => filter.json(out, node, Place::of(TextKind::Text)),
    }
}

/// Rewrites each element of an array. Returns an array that is not closed, and for each element its range and whether it
/// is a system message.
pub(super) fn items(array: Node<'_>, shape: ContentShape, filter: &mut Filter) -> (String, Vec<(Range<usize>, bool)>) {
    let mut out = String::from("[");
    let mut ranges = Vec::new();
    for node in array.items() {
        if !ranges.is_empty() {
            out.push(',');
        }
        let at = out.len();
        item(&mut out, node, shape, filter);
        ranges.push((at..out.len(), matches!(node.get_str("role"), Some("system" | "developer"))));
    }
    (out, ranges)
}

/// Rewrites one message, part or tool definition.
pub(super) fn item(out: &mut String, node: Node<'_>, shape: ContentShape, filter: &mut Filter) {
    match shape {
        ContentShape::Messages => message(out, node, filter),
        ContentShape::Parts => part(out, node, filter, "system"),
        ContentShape::Documents => document(out, node, filter),
        ContentShape::Value(kind) => filter.json(out, node, Place::of(kind)),
        ContentShape::Tools => fields(out, node, filter, &|key| match key {
            "type" | "name" => TextSlot::Word,
            "description" => TextSlot::Value(Place::tool_definition()),
            "parameters" => TextSlot::Schema(Place::tool_definition()),
            _ => TextSlot::Unknown(Place::tool_definition()),
        }),
    }
}

fn message(out: &mut String, node: Node<'_>, filter: &mut Filter) {
    // Anyone may have written a message without a role.
    let role = node.get_str("role").unwrap_or("unknown");
    fields(out, node, filter, &|key| match key {
        "role" | "finish_reason" => TextSlot::Word,
        "parts" => TextSlot::Parts(role),
        "name" | "content" => TextSlot::Value(Place::text(role)),
        _ => TextSlot::Unknown(Place::text(role)),
    });
}

/// Rewrites one part of a message.
pub(crate) fn part(out: &mut String, node: Node<'_>, filter: &mut Filter, role: &str) {
    let kind = node.get_str("type").unwrap_or("");
    let place = place_of_part(kind, role);
    fields(out, node, filter, &|key: &str| match (kind, key) {
        // Whoever wrote an input chose its types; the provider chooses those of a model's parts.
        (_, "type") if !Place::text(role).is_by_model() => TextSlot::PartType(place),
        (_, "type") => TextSlot::Word,
        ("tool_call" | "server_tool_call", "id" | "name") => TextSlot::Word,
        ("tool_call_response" | "server_tool_call_response", "id") => TextSlot::Word,
        ("blob" | "uri" | "file", "modality" | "mime_type") => TextSlot::Word,
        ("server_tool_call" | "server_tool_call_response", key) if key == kind => TextSlot::Typed(place),
        (_, "content") | ("tool_call", "arguments") => TextSlot::Value(place),
        ("tool_call_response", "response") | ("uri", "uri") | ("file", "file_id") => TextSlot::Value(place),
        _ => TextSlot::Unknown(place),
    });
}

fn place_of_part<'r>(kind: &str, role: &'r str) -> Place<'r> {
    match kind {
        "reasoning" => Place::reasoning(role),
        "tool_call" | "server_tool_call" => Place::arguments(role),
        "tool_call_response" | "server_tool_call_response" => Place::tool_result(role),
        "blob" => Place::media(role),
        "uri" | "file" => Place::uri(role),
        _ => Place::part(kind, role),
    }
}

/// The kind of a field.
enum TextSlot<'a> {
    /// A structural word: kept.
    Word,
    /// The type of a part: kept, unless texts are masked and it is not a known one.
    PartType(Place<'a>),
    /// Content.
    Value(Place<'a>),
    /// A JSON schema: omitted if texts are masked, because a replacement would not be a schema.
    Schema(Place<'a>),
    /// The parts of a message.
    Parts(&'a str),
    /// `{"type": word, …}`.
    Typed(Place<'a>),
    /// Kept.
    Number,
    /// Text by the schema: a number becomes a text.
    Id,
    /// Content under a key that may be content itself: omitted if texts are masked.
    Unknown(Place<'a>),
}

fn fields<'a>(out: &mut String, node: Node<'a>, filter: &mut Filter, slot: &dyn Fn(&str) -> TextSlot<'a>) {
    if !node.is_object() {
        return filter.json(out, node, Place::of(TextKind::Text));
    }
    out.push('{');
    let mut first = true;
    let mut hidden = None;
    for field in node.items() {
        let slot = slot(field.key());
        match slot {
            TextSlot::Unknown(place) if filter.masks_at(place) => {
                hidden = Some(place);
                continue;
            }
            TextSlot::Schema(place) if filter.masks_at(place) => {
                filter.mask(&mut String::new(), place);
                continue;
            }
            _ => {}
        }
        comma(out, &mut first);
        match slot {
            TextSlot::Unknown(place) => {
                filter.text(out, Text::Plain(field.key()), place);
                out.push(':');
                filter.json(out, field, place);
                continue;
            }
            _ => write_str(out, field.key()),
        }
        out.push(':');
        match slot {
            TextSlot::PartType(place) if filter.masks_at(place) && !field.str().is_some_and(is_part_type) => {
                write_str(out, UNKNOWN);
            }
            TextSlot::Word | TextSlot::PartType(_) => word(out, field, filter),
            TextSlot::Number => number(out, field, filter),
            TextSlot::Id if field.f64().is_some() => {
                filter.text(out, Text::Plain(&field.to_json()), Place::of(TextKind::Text))
            }
            TextSlot::Id => filter.json(out, field, Place::of(TextKind::Text)),
            TextSlot::Value(place) if place.kind == TextKind::Media => filter.media(out, field, place),
            TextSlot::Value(place) | TextSlot::Schema(place) | TextSlot::Unknown(place) => {
                filter.json(out, field, place)
            }
            TextSlot::Typed(place) => fields(out, field, filter, &|key| match key {
                "type" => TextSlot::Word,
                "content" => TextSlot::Value(place),
                _ => TextSlot::Unknown(place),
            }),
            TextSlot::Parts(role) if field.is_array() => {
                out.push('[');
                let mut first = true;
                for node in field.items() {
                    if !filter.omits(place_of_part(node.get_str("type").unwrap_or(""), role)) {
                        comma(out, &mut first);
                        part(out, node, filter, role);
                    }
                }
                out.push(']');
            }
            TextSlot::Parts(role) => filter.json(out, field, Place::text(role)),
        }
    }
    if let (Some(place), false) = (hidden, node.get("content").is_some()) {
        comma(out, &mut first);
        out.push_str("\"content\":");
        filter.mask(out, place);
    }
    out.push('}');
}

fn comma(out: &mut String, first: &mut bool) {
    if !std::mem::take(first) {
        out.push(',');
    }
}

/// Writes a structural word, which is short and has no spaces. Any other value in its place is content.
fn word(out: &mut String, node: Node<'_>, filter: &mut Filter) {
    match node.str() {
        Some(word) if is_word(word) => write_str(out, word),
        _ if node.is_null() => out.push_str("null"),
        // Other code may have written this value, so it is filtered.
        _ => filter.json(out, node, Place::text("unknown")),
    }
}

/// Shortens a message, part or tool definition to at most `limit` bytes, if possible.
pub(super) fn shorten(json: &str, shape: ContentShape, limit: usize) -> Option<String> {
    if matches!(shape, ContentShape::Value(_)) && container(json).is_none() {
        return Some(budget::cut(json, limit, &mut Report::default()).into_owned());
    }
    let doc = JsonView::from_slice(json.as_bytes(), Mode::Full);
    let mut cap = limit / 2;
    let mut out = String::new();
    while cap >= 16 {
        out.clear();
        item(&mut out, doc.root(), shape, &mut Filter::capped(cap));
        if out.len() <= limit {
            return Some(out);
        }
        cap /= 4;
    }
    out.clear();
    item(&mut out, doc.root(), shape, &mut Filter::replace(CUT));
    if out.len() <= limit {
        return Some(out);
    }
    (shape == ContentShape::Messages).then(|| fewer_parts(doc.root(), limit)).flatten()
}

/// Keeps as many of a message's last parts as fit, reduced to their structure.
fn fewer_parts(node: Node<'_>, limit: usize) -> Option<String> {
    let mut filter = Filter::replace(CUT);
    let role = node.get_str("role").filter(|role| is_word(role)).unwrap_or("unknown");
    let mut head = String::from("{\"role\":");
    write_str(&mut head, role);
    head.push_str(",\"parts\":[");
    let mut tail = String::from("]");
    if let Some(reason) = node.get_str("finish_reason") {
        tail.push_str(",\"finish_reason\":");
        write_str(&mut tail, reason);
    }
    tail.push('}');
    let mut room = limit.checked_sub(head.len() + tail.len())?;
    let parts: Vec<_> = node.get("parts").into_iter().flat_map(Node::items).collect();
    let mut kept = Vec::new();
    for node in parts.into_iter().rev() {
        let mut json = String::new();
        part(&mut json, node, &mut filter, role);
        let Some(left) = room.checked_sub(json.len() + 1) else { break };
        room = left;
        kept.push(json);
    }
    kept.reverse();
    Some(format!("{head}{}{tail}", kept.join(",")))
}
