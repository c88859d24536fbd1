//! Messages, instructions and tools in the convention's JSON, written in one pass.
//!
//! Every text goes through [`Filter`], which belongs to the policy; there is no other way out.

use std::borrow::Cow;

use crate::json::{Doc, Mode, Node, Text, is_json, write_str};
use crate::redact::{Filter, Place, Shape, rewrite};

/// One part of a message.
#[derive(Clone)]
pub(crate) enum Part<'a> {
    Text(Text<'a>),
    /// A text with the sources it cites, under the provider's name for them.
    Cited {
        text: Text<'a>,
        key: &'a str,
        citations: Payload<'a>,
    },
    Reasoning(Text<'a>),
    /// Not in the schema's list: a generic part of type `refusal`.
    Refusal(Text<'a>),
    ToolCall {
        id: Option<&'a str>,
        name: Cow<'a, str>,
        arguments: Payload<'a>,
    },
    ToolCallResponse {
        id: Option<&'a str>,
        response: Payload<'a>,
    },
    ServerToolCall {
        id: Option<&'a str>,
        name: Cow<'a, str>,
        kind: &'a str,
        call: Payload<'a>,
    },
    ServerToolCallResponse {
        id: Option<&'a str>,
        kind: &'a str,
        response: Payload<'a>,
    },
    /// Inline media: base64.
    Blob {
        modality: Modality,
        mime_type: Option<Cow<'a, str>>,
        content: Text<'a>,
    },
    Uri {
        modality: Modality,
        mime_type: Option<Cow<'a, str>>,
        uri: Text<'a>,
    },
    File {
        modality: Modality,
        mime_type: Option<Cow<'a, str>>,
        file_id: &'a str,
    },
    /// A part the convention has no name for: the provider's type and fields.
    Generic {
        kind: &'a str,
        fields: Payload<'a>,
    },
    /// A part that is already in the convention's JSON.
    Whole(&'a str),
}

/// The part types that the schema knows.
const SCHEMA_TYPES: &[&str] = &[
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

/// What kind of media a part holds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Modality {
    Image,
    Video,
    Audio,
    /// A word of the newest conventions; the schema takes any string.
    Document,
}

impl Modality {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Modality::Image => "image",
            Modality::Video => "video",
            Modality::Audio => "audio",
            Modality::Document => "document",
        }
    }

    /// By MIME type; what is neither image, audio nor video is a document.
    pub(crate) fn of_mime(mime: &str) -> Self {
        match mime.split('/').next() {
            Some("image") => Modality::Image,
            Some("audio") => Modality::Audio,
            Some("video") => Modality::Video,
            _ => Modality::Document,
        }
    }
}

/// A value of any shape: tool arguments, results, the fields of an unknown part.
#[derive(Clone, Copy)]
pub(crate) enum Payload<'a> {
    None,
    Json(Node<'a>),
    /// A string that may hold JSON text: written as JSON where it does.
    Text(Text<'a>),
    /// A string that is a string.
    Str(Text<'a>),
}

impl<'a> Payload<'a> {
    pub(crate) fn text(text: Text<'a>) -> Self {
        if text.is_empty() { Payload::None } else { Payload::Text(text) }
    }

    /// A string that may hold JSON, or JSON itself.
    pub(crate) fn node(node: Option<Node<'a>>) -> Self {
        match node {
            None => Payload::None,
            Some(node) => match node.text() {
                Some(text) => Payload::text(text),
                None => Payload::Json(node),
            },
        }
    }
}

impl<'a> Part<'a> {
    /// Media from a URL: `data:` URLs become blobs.
    pub(crate) fn from_url(url: Text<'a>, modality: Option<Modality>) -> Self {
        if let Text::Plain(s) = url
            && let Some((head, content)) = s.strip_prefix("data:").and_then(|rest| rest.split_once(','))
        {
            let mime = head.split(';').next().filter(|mime| !mime.is_empty());
            return Part::Blob {
                modality: modality.or_else(|| mime.map(Modality::of_mime)).unwrap_or(Modality::Image),
                mime_type: mime.map(Cow::Borrowed),
                content: Text::Plain(content),
            };
        }
        Part::Uri { modality: modality.unwrap_or(Modality::Image), mime_type: None, uri: url }
    }

    /// Writes the part as it is.
    pub(crate) fn write_plain(&self, out: &mut String) {
        self.write(out, &mut Filter::plain(), "");
    }

    fn write(&self, out: &mut String, filter: &mut Filter, role: &str) {
        let mut object = Object::begin(out);
        match self {
            Part::Text(text) => {
                object.word("type", "text");
                object.text("content", *text, filter, Place::text(role));
            }
            Part::Cited { text, key, citations } => {
                object.word("type", "text");
                object.text("content", *text, filter, Place::text(role));
                object.payload(key, *citations, filter, Place::text(role));
            }
            Part::Reasoning(text) => {
                object.word("type", "reasoning");
                object.text("content", *text, filter, Place::reasoning(role));
            }
            Part::Refusal(text) => {
                object.word("type", "refusal");
                object.text("content", *text, filter, Place::text(role));
            }
            Part::ToolCall { id, name, arguments } => {
                object.word("type", "tool_call");
                object.optional("id", *id);
                object.word("name", name);
                object.payload("arguments", *arguments, filter, Place::arguments(role));
            }
            Part::ToolCallResponse { id, response } => {
                object.word("type", "tool_call_response");
                object.optional("id", *id);
                object.required_payload("response", *response, filter, Place::tool_result(role));
            }
            Part::ServerToolCall { id, name, kind, call } => {
                object.word("type", "server_tool_call");
                object.optional("id", *id);
                object.word("name", name);
                object.typed("server_tool_call", kind, *call, filter, Place::arguments(role));
            }
            Part::ServerToolCallResponse { id, kind, response } => {
                object.word("type", "server_tool_call_response");
                object.optional("id", *id);
                object.typed("server_tool_call_response", kind, *response, filter, Place::tool_result(role));
            }
            Part::Blob { modality, mime_type, content } => {
                object.word("type", "blob");
                object.word("modality", modality.as_str());
                object.optional("mime_type", mime_type.as_deref());
                object.key("content");
                filter.blob(object.out, *content, Place::media(role));
            }
            Part::Uri { modality, mime_type, uri } => {
                object.word("type", "uri");
                object.word("modality", modality.as_str());
                object.optional("mime_type", mime_type.as_deref());
                object.text("uri", *uri, filter, Place::uri(role));
            }
            Part::File { modality, mime_type, file_id } => {
                object.word("type", "file");
                object.word("modality", modality.as_str());
                object.optional("mime_type", mime_type.as_deref());
                object.text("file_id", Text::Plain(file_id), filter, Place::uri(role));
            }
            Part::Generic { kind, fields } => {
                // A part that only shares its name with one of the schema's must not pass for it.
                match SCHEMA_TYPES.contains(kind) {
                    true => object.word("type", &format!("{kind}_part")),
                    false => object.word("type", kind),
                }
                match fields {
                    Payload::Json(node) if node.is_object() && !filter.masks() => {
                        object.fields(*node, filter, Place::text(role));
                    }
                    other => object.payload("content", *other, filter, Place::text(role)),
                }
            }
            Part::Whole(json) => {
                drop(object);
                out.truncate(out.len() - 2);
                if filter.is_plain() {
                    out.push_str(json);
                } else {
                    let doc = Doc::from_slice(json.as_bytes(), Mode::Full);
                    rewrite::part(out, doc.root(), filter, role);
                }
            }
        }
    }
}

/// Writes one JSON object; closed on drop.
struct Object<'o> {
    out: &'o mut String,
    first: bool,
}

impl<'o> Object<'o> {
    fn begin(out: &'o mut String) -> Self {
        out.push('{');
        Self { out, first: true }
    }

    fn key(&mut self, key: &str) {
        if !std::mem::take(&mut self.first) {
            self.out.push(',');
        }
        write_str(self.out, key);
        self.out.push(':');
    }

    fn word(&mut self, key: &str, value: &str) {
        self.key(key);
        write_str(self.out, value);
    }

    fn optional(&mut self, key: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.word(key, value);
        }
    }

    fn text(&mut self, key: &str, text: Text<'_>, filter: &mut Filter, place: Place<'_>) {
        self.key(key);
        filter.text(self.out, text, place);
    }

    fn payload(&mut self, key: &str, payload: Payload<'_>, filter: &mut Filter, place: Place<'_>) {
        if !matches!(payload, Payload::None) {
            self.required_payload(key, payload, filter, place);
        }
    }

    /// A field whose name is the caller's, and can be content as well.
    fn field(&mut self, field: Node<'_>, filter: &mut Filter, place: Place<'_>) {
        let key = filter.clean(field.key(), place);
        self.required_payload(&key, Payload::Json(field), filter, place);
    }

    fn required_payload(&mut self, key: &str, payload: Payload<'_>, filter: &mut Filter, place: Place<'_>) {
        self.key(key);
        write_payload(self.out, payload, filter, place);
    }

    /// `{"type": kind, …}`, as server-side tool calls have it.
    fn typed(&mut self, key: &str, kind: &str, payload: Payload<'_>, filter: &mut Filter, place: Place<'_>) {
        self.key(key);
        let mut inner = Object::begin(self.out);
        inner.word("type", kind);
        match payload {
            Payload::Json(node) if node.is_object() && !filter.masks() => inner.fields(node, filter, place),
            Payload::Text(Text::Plain(text)) if is_json(text) && !filter.masks() => {
                let doc = Doc::from_slice(text.as_bytes(), Mode::Full);
                match doc.root() {
                    node if node.is_object() => inner.fields(node, filter, place),
                    node => inner.payload("content", Payload::Json(node), filter, place),
                }
            }
            other => inner.payload("content", other, filter, place),
        }
    }

    fn fields(&mut self, node: Node<'_>, filter: &mut Filter, place: Place<'_>) {
        for field in node.items().filter(|field| field.key() != "type") {
            self.field(field, filter, place);
        }
    }
}

impl Drop for Object<'_> {
    fn drop(&mut self) {
        self.out.push('}');
    }
}

fn write_payload(out: &mut String, payload: Payload<'_>, filter: &mut Filter, place: Place<'_>) {
    match payload {
        Payload::None => out.push_str("null"),
        Payload::Str(text) => filter.text(out, text, place),
        Payload::Json(node) => filter.json(out, node, place),
        Payload::Text(Text::Plain(s)) if filter.reads() && is_json(s) => {
            let doc = Doc::from_slice(s.as_bytes(), Mode::Full);
            filter.json(out, doc.root(), place);
        }
        Payload::Text(text) => filter.text(out, text, place),
    }
}

/// A JSON array of messages.
#[derive(Debug)]
pub(crate) struct Messages {
    json: String,
    /// Where each message stands in `json`, and whether it is a system message.
    spans: Vec<(std::ops::Range<usize>, bool)>,
    open: Option<Open>,
    role: String,
    /// Whether an output message needs a finish reason (the schema says so).
    output: bool,
    filter: Filter,
}

#[derive(Debug)]
struct Open {
    at: usize,
    parts: usize,
}

impl Messages {
    pub(crate) fn input(filter: Filter) -> Self {
        Self { json: String::new(), spans: Vec::new(), open: None, role: String::new(), output: false, filter }
    }

    pub(crate) fn output(filter: Filter) -> Self {
        Self { output: true, ..Self::input(filter) }
    }

    /// Begins a message. Roles are the provider's words; see the corpus' README for the exceptions.
    pub(crate) fn begin(&mut self, role: &str, name: Option<&str>) {
        if self.open.is_some() {
            self.end(None);
        }
        role.clone_into(&mut self.role);
        let at = self.json.len();
        self.json.push_str("{\"role\":");
        write_str(&mut self.json, role);
        if let Some(name) = name {
            self.json.push_str(",\"name\":");
            self.filter.text(&mut self.json, Text::Plain(name), Place::text(&self.role));
        }
        self.json.push_str(",\"parts\":[");
        self.open = Some(Open { at, parts: 0 });
    }

    /// Adds a part to the message begun last.
    pub(crate) fn part(&mut self, part: Part<'_>) {
        if let Some(open) = &mut self.open {
            if open.parts > 0 {
                self.json.push(',');
            }
            open.parts += 1;
            part.write(&mut self.json, &mut self.filter, &self.role);
        }
    }

    /// Ends the message begun last. `finish_reason` is the schema's word: see [`finish_reason`].
    pub(crate) fn end(&mut self, finish_reason: Option<&str>) {
        let Some(open) = self.open.take() else { return };
        self.json.push(']');
        if self.output {
            // The schema requires one. Where the provider gave none nothing is invented: empty.
            self.json.push_str(",\"finish_reason\":");
            write_str(&mut self.json, finish_reason.unwrap_or(""));
        }
        self.json.push('}');
        self.spans.push((open.at..self.json.len(), self.role == "system" || self.role == "developer"));
    }

    /// The JSON array, and what the filter has to report; `None` where there was no message.
    pub(crate) fn finish(mut self) -> (Option<String>, Filter) {
        if self.open.is_some() {
            self.end(None);
        }
        if self.spans.is_empty() {
            return (None, self.filter);
        }
        let out = self.filter.array(&self.json, &self.spans, Shape::Messages);
        (out, self.filter)
    }
}

/// The schema's word for a provider's finish reason; the provider's own where none fits.
pub(crate) fn finish_reason(raw: &str) -> &str {
    match raw {
        "stop" | "STOP" | "end_turn" | "stop_sequence" | "COMPLETE" | "complete" | "completed" | "eos"
        | "eos_token" | "finish" | "FINISH" | "FINISHED" | "STOP_SEQUENCE" | "pause_turn" | "endoftext" | "end"
        | "STOP_CRITERIA_MET" | "word" => "stop",
        "length"
        | "max_tokens"
        | "MAX_TOKENS"
        | "max_output_tokens"
        | "model_length"
        | "LENGTH"
        | "model_context_window_exceeded"
        | "max_length"
        | "token_limit"
        | "limit"
        | "ERROR_LIMIT" => "length",
        "tool_calls" | "tool_call" | "tool_use" | "function_call" | "TOOL_CALL" | "tool" => "tool_call",
        "content_filter"
        | "content_filtered"
        | "refusal"
        | "SAFETY"
        | "RECITATION"
        | "BLOCKLIST"
        | "PROHIBITED_CONTENT"
        | "SPII"
        | "IMAGE_SAFETY"
        | "IMAGE_PROHIBITED_CONTENT"
        | "IMAGE_RECITATION"
        | "MODEL_ARMOR"
        | "guardrail_intervened"
        | "ERROR_TOXIC"
        | "CONTENT_FILTERED" => "content_filter",
        "error"
        | "ERROR"
        | "failed"
        | "MALFORMED_FUNCTION_CALL"
        | "MALFORMED_RESPONSE"
        | "UNEXPECTED_TOOL_CALL"
        | "TOO_MANY_TOOL_CALLS"
        | "malformed_tool_use"
        | "malformed_model_output" => "error",
        other => other,
    }
}

/// The content of a request.
#[derive(Debug)]
pub(crate) struct InputContent {
    /// The chat history, instructions that stand in it included.
    pub(crate) messages: Messages,
    /// Instructions that the API takes apart from the history: one message's parts.
    system: Messages,
    tools: String,
    tool_count: usize,
}

impl InputContent {
    pub(crate) fn new(filter: Filter) -> Self {
        let mut system = Messages::input(filter.clone());
        system.begin("system", None);
        Self { messages: Messages::input(filter), system, tools: String::new(), tool_count: 0 }
    }

    /// Adds a part to the system instructions.
    pub(crate) fn system(&mut self, part: Part<'_>) {
        self.system.part(part);
    }

    /// Adds a tool definition: of type `function` where it has a name and parameters of its own,
    /// else of the provider's type.
    pub(crate) fn tool(&mut self, kind: &str, name: &str, description: Option<Text<'_>>, parameters: Option<Node<'_>>) {
        if self.tool_count > 0 {
            self.tools.push(',');
        }
        self.tool_count += 1;
        let filter = &mut self.system.filter;
        let mut object = Object::begin(&mut self.tools);
        object.word("type", kind);
        object.word("name", name);
        if let Some(description) = description {
            object.text("description", description, filter, Place::tool_definition());
        }
        match Payload::node(parameters) {
            Payload::None => {}
            // A stand-in would be no schema: it is only counted.
            _ if filter.masks() => filter.mask(&mut String::new(), Place::tool_definition()),
            parameters => object.required_payload("parameters", parameters, filter, Place::tool_definition()),
        }
    }

    /// `gen_ai.input.messages`, `gen_ai.system_instructions` and `gen_ai.tool.definitions`.
    pub(crate) fn finish(self) -> FinishedInput {
        let parts = self.system.open.as_ref().map_or(0, |open| open.parts);
        let (messages, mut filter) = self.messages.finish();
        let Messages { json: mut system, filter: system_filter, .. } = self.system;
        filter.absorb(system_filter);
        let prefix = "{\"role\":\"system\",\"parts\":".len();
        let mut instructions = None;
        if parts > 0 {
            system.push(']');
            instructions = filter.whole(system.split_off(prefix), Shape::Parts);
        }
        let tools = if self.tool_count > 0 { filter.whole(format!("[{}]", self.tools), Shape::Tools) } else { None };
        FinishedInput { messages, instructions, tools, filter }
    }
}

/// The content of a request, as JSON.
#[derive(Debug)]
pub(crate) struct FinishedInput {
    pub(crate) messages: Option<String>,
    pub(crate) instructions: Option<String>,
    pub(crate) tools: Option<String>,
    pub(crate) filter: Filter,
}

impl FinishedInput {
    /// Whether there was none.
    pub(crate) fn is_empty(&self) -> bool {
        self.messages.is_none() && self.instructions.is_none() && self.tools.is_none()
    }
}
