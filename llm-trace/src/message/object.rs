//! A writer for one JSON object.

use super::part::Payload;
use crate::credentials::escapes::decode_json;
use crate::json::{JsonView, Mode, Node, Text, is_json, write_str};
use crate::policy::{Filter, Place};
use crate::semconv::identifier::is_word;

/// Writes one JSON object field by field, and closes it on drop.
pub(super) struct Object<'o> {
    pub(super) out: &'o mut String,
    first: bool,
}

impl<'o> Object<'o> {
    pub(super) fn begin(out: &'o mut String) -> Self {
        out.push('{');
        Self { out, first: true }
    }

    /// Begins a field of the schema.
    pub(super) fn key(&mut self, key: &'static str) {
        self.comma();
        self.out.push('"');
        self.out.push_str(key);
        self.out.push_str("\":");
    }

    fn comma(&mut self) {
        if !std::mem::take(&mut self.first) {
            self.out.push(',');
        }
    }

    pub(super) fn word(&mut self, key: &'static str, value: &str) {
        self.key(key);
        write_str(self.out, value);
    }

    /// Writes a name that the provider or the model chose. It is content if it is not an identifier.
    pub(super) fn identifier(&mut self, key: &'static str, value: &str, filter: &mut Filter, place: Place<'_>) {
        match is_word(value) {
            true => self.word(key, value),
            false => self.text(key, Text::Plain(value), filter, place),
        }
    }

    pub(super) fn optional(&mut self, key: &'static str, value: Option<&str>, filter: &mut Filter, place: Place<'_>) {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            self.identifier(key, value, filter, place);
        }
    }

    pub(super) fn text(&mut self, key: &'static str, text: Text<'_>, filter: &mut Filter, place: Place<'_>) {
        self.key(key);
        filter.text(self.out, text, place);
    }

    pub(super) fn payload(&mut self, key: &'static str, payload: Payload<'_>, filter: &mut Filter, place: Place<'_>) {
        if !matches!(payload, Payload::None) {
            self.required_payload(key, payload, filter, place);
        }
    }

    /// Writes a field whose key comes from the caller and may be content as well.
    fn field(&mut self, field: Node<'_>, filter: &mut Filter, place: Place<'_>) {
        self.comma();
        write_str(self.out, &filter.clean(field.key(), place));
        self.out.push(':');
        write_payload(self.out, Payload::Json(field), filter, place);
    }

    pub(super) fn required_payload(
        &mut self,
        key: &'static str,
        payload: Payload<'_>,
        filter: &mut Filter,
        place: Place<'_>,
    ) {
        self.key(key);
        write_payload(self.out, payload, filter, place);
    }

    /// Writes `{"type": kind, …}`, the format of server-side tool calls.
    pub(super) fn typed(
        &mut self,
        key: &'static str,
        kind: &str,
        payload: Payload<'_>,
        filter: &mut Filter,
        place: Place<'_>,
    ) {
        self.key(key);
        let mut inner = Object::begin(self.out);
        inner.identifier("type", kind, filter, place);
        match payload {
            Payload::Json(node) if node.is_object() && !filter.masks_at(place) => inner.fields(node, filter, place),
            Payload::Text(Text::Plain(text)) if is_json(text) && !filter.masks_at(place) => {
                let doc = JsonView::from_slice(text.as_bytes(), Mode::Full);
                match doc.root() {
                    node if node.is_object() => inner.fields(node, filter, place),
                    node => inner.payload("content", Payload::Json(node), filter, place),
                }
            }
            other => inner.payload("content", other, filter, place),
        }
    }

    pub(super) fn fields(&mut self, node: Node<'_>, filter: &mut Filter, place: Place<'_>) {
        for field in node.fields().filter(|field| field.key() != "type") {
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
        Payload::Text(Text::Plain(s)) if filter.reads_at(place) && is_json(s) => {
            let doc = JsonView::from_slice(s.as_bytes(), Mode::Full);
            filter.json(out, doc.root(), place);
        }
        // Arguments of a stream that broke off: their escapes would hide a secret from a scrubber.
        Payload::Text(Text::Plain(s)) if filter.scrubs() && s.contains("\\u") => {
            filter.text(out, Text::Plain(&decode_json(s)), place);
        }
        Payload::Text(text) => filter.text(out, text, place),
    }
}
