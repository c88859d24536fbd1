//! The parts of a message.

use std::borrow::Cow;

use super::object::Object;
use crate::json::{JsonView, Mode, Node, Text};
use crate::policy::{Filter, Place, rewrite};
use crate::semconv::part_type::{UNKNOWN, is_part_type};

/// One part of a message.
#[derive(Clone)]
pub(crate) enum Part<'a> {
    Text(Text<'a>),
    /// A text with its citations, under the provider's name for them.
    Cited {
        text: Text<'a>,
        key: &'static str,
        citations: Payload<'a>,
    },
    Reasoning(Text<'a>),
    /// Not defined by the schema: a generic part of type `refusal`.
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
    /// Inline media in base64.
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
    /// A part that the conventions do not define, with the provider's type and fields.
    Generic {
        kind: &'a str,
        fields: Payload<'a>,
    },
    /// A part already in the JSON of the conventions.
    Whole(&'a str),
}

/// The part types of the schema.
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

/// The media type of a part.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Modality {
    Image,
    Video,
    Audio,
    /// Defined by the latest conventions; the schema accepts any string.
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

    /// The modality of a MIME type. Any type but image, audio and video is a document.
    pub(crate) fn of_mime(mime: &str) -> Self {
        match mime.split('/').next() {
            Some("image") => Modality::Image,
            Some("audio") => Modality::Audio,
            Some("video") => Modality::Video,
            _ => Modality::Document,
        }
    }
}

/// A value of any type: tool arguments, results, or the fields of an unknown part.
#[derive(Clone, Copy)]
pub(crate) enum Payload<'a> {
    None,
    Json(Node<'a>),
    /// A string that is written as JSON if it holds JSON.
    Text(Text<'a>),
    /// A string that is always written as a string.
    Str(Text<'a>),
}

impl<'a> Payload<'a> {
    pub(crate) fn text(text: Text<'a>) -> Self {
        if text.is_empty() { Payload::None } else { Payload::Text(text) }
    }

    /// A JSON value, or a string that may hold JSON.
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
    /// Media from a URL. A `data:` URL becomes a blob.
    pub(crate) fn from_url(url: Text<'a>, modality: Option<Modality>) -> Self {
        if let Text::Plain(s) = url
            && let Some((head, content)) = s.strip_prefix("data:").and_then(|rest| rest.split_once(','))
            // Otherwise the content is plain text.
            && head.trim_end().to_ascii_lowercase().ends_with("base64")
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

    /// Whether the part is empty: an empty text, or a call without any data.
    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Part::Text(text) | Part::Reasoning(text) | Part::Refusal(text) | Part::Cited { text, .. } => {
                text.is_empty()
            }
            Part::ToolCall { id, name, arguments } => {
                name.is_empty() && id.is_none_or(str::is_empty) && matches!(arguments, Payload::None)
            }
            _ => false,
        }
    }

    /// The place of the part's texts in a message with this role.
    pub(super) fn place<'r>(&self, role: &'r str) -> Place<'r> {
        match self {
            Part::Reasoning(_) => Place::reasoning(role),
            Part::ToolCall { .. } | Part::ServerToolCall { .. } => Place::arguments(role),
            Part::ToolCallResponse { .. } | Part::ServerToolCallResponse { .. } => Place::tool_result(role),
            Part::Blob { .. } => Place::media(role),
            Part::Uri { .. } | Part::File { .. } => Place::uri(role),
            Part::Refusal(_) => Place::part("refusal", role),
            Part::Generic { kind, .. } => Place::part(kind, role),
            Part::Text(_) | Part::Cited { .. } | Part::Whole(_) => Place::text(role),
        }
    }

    /// Writes the part without a filter.
    pub(crate) fn write_plain(&self, out: &mut String) {
        self.write(out, &mut Filter::plain(), "");
    }

    pub(super) fn write(&self, out: &mut String, filter: &mut Filter, role: &str) {
        let place = self.place(role);
        let mut object = Object::begin(out);
        match self {
            Part::Text(text) => {
                object.word("type", "text");
                object.text("content", *text, filter, place);
            }
            Part::Cited { text, key, citations } => {
                object.word("type", "text");
                object.text("content", *text, filter, place);
                object.payload(key, *citations, filter, place);
            }
            Part::Reasoning(text) => {
                object.word("type", "reasoning");
                object.text("content", *text, filter, place);
            }
            Part::Refusal(text) => {
                object.word("type", "refusal");
                object.text("content", *text, filter, place);
            }
            Part::ToolCall { id, name, arguments } => {
                object.word("type", "tool_call");
                object.optional("id", *id, filter, place);
                object.identifier("name", name, filter, place);
                object.payload("arguments", *arguments, filter, place);
            }
            Part::ToolCallResponse { id, response } => {
                object.word("type", "tool_call_response");
                object.optional("id", *id, filter, place);
                object.required_payload("response", *response, filter, place);
            }
            Part::ServerToolCall { id, name, kind, call } => {
                object.word("type", "server_tool_call");
                object.optional("id", *id, filter, place);
                object.identifier("name", name, filter, place);
                object.typed("server_tool_call", kind, *call, filter, place);
            }
            Part::ServerToolCallResponse { id, kind, response } => {
                object.word("type", "server_tool_call_response");
                object.optional("id", *id, filter, place);
                object.typed("server_tool_call_response", kind, *response, filter, place);
            }
            Part::Blob { modality, mime_type, content } => {
                object.word("type", "blob");
                object.word("modality", modality.as_str());
                object.optional("mime_type", mime_type.as_deref(), filter, place);
                object.key("content");
                filter.blob(object.out, *content, place);
            }
            Part::Uri { modality, mime_type, uri } => {
                object.word("type", "uri");
                object.word("modality", modality.as_str());
                object.optional("mime_type", mime_type.as_deref(), filter, place);
                object.text("uri", *uri, filter, place);
            }
            Part::File { modality, mime_type, file_id } => {
                object.word("type", "file");
                object.word("modality", modality.as_str());
                object.optional("mime_type", mime_type.as_deref(), filter, place);
                object.text("file_id", Text::Plain(file_id), filter, place);
            }
            Part::Generic { kind, fields } => {
                // A part that only shares its type name with the schema gets another name.
                match SCHEMA_TYPES.contains(kind) {
                    true => object.word("type", &format!("{kind}_part")),
                    // Whoever wrote an input chose its types; the provider chooses those of a model's parts.
                    false if filter.masks_at(place) && !Place::text(role).is_by_model() && !is_part_type(kind) => {
                        object.word("type", UNKNOWN);
                    }
                    false => object.identifier("type", kind, filter, place),
                }
                match fields {
                    Payload::Json(node) if node.is_object() && !filter.masks_at(place) => {
                        object.fields(*node, filter, place);
                    }
                    other => object.payload("content", *other, filter, place),
                }
            }
            Part::Whole(json) => {
                drop(object);
                out.truncate(out.len() - 2);
                if filter.is_plain() {
                    out.push_str(json);
                } else {
                    let doc = JsonView::from_slice(json.as_bytes(), Mode::Full);
                    rewrite::part(out, doc.root(), filter, role);
                }
            }
        }
    }
}
