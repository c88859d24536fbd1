//! The parts of a message.

use std::borrow::Cow;

use super::object::Object;
use crate::json::{Doc, Mode, Node, Text};
use crate::redact::{Filter, Place, rewrite};

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

    /// Whether it holds nothing: an empty text, or a call that nothing is known of.
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

    /// Writes the part as it is.
    pub(crate) fn write_plain(&self, out: &mut String) {
        self.write(out, &mut Filter::plain(), "");
    }

    pub(super) fn write(&self, out: &mut String, filter: &mut Filter, role: &str) {
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
