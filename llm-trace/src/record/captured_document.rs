//! The JSON document of a captured value.

use crate::arguments::captured_value::CapturedValue;
use crate::json::{Found, JsonView, Mode, is_document};
use crate::wire::paths::PATHS;

/// The facts in the document of a value, if it holds one. `content` is the same document, if it was read for its content.
pub(crate) fn found_in<'w>(what: &'w CapturedValue<'_>, content: Option<&'w JsonView<'w>>) -> Option<Found<'w>> {
    content.and_then(|content| Found::from_view(&PATHS, content)).or_else(|| found(what))
}

/// The facts in the document of a value, if it holds one.
pub(crate) fn found<'w>(what: &'w CapturedValue<'_>) -> Option<Found<'w>> {
    match what {
        CapturedValue::Bytes(bytes) => Some(Found::from_json(&PATHS, bytes)),
        CapturedValue::Text(text) if is_document(text) => Some(Found::from_json(&PATHS, text.as_bytes())),
        CapturedValue::Document(document) => Some(document.found(&PATHS, false)),
        CapturedValue::Owned(document) => Some(document.found(&PATHS, false)),
        CapturedValue::Http { body, .. } => found(body),
        _ => None,
    }
}

/// The content of the document of a value, if it holds one.
pub(crate) fn document<'w>(what: &'w CapturedValue<'_>, mode: Mode) -> Option<JsonView<'w>> {
    match what {
        CapturedValue::Bytes(bytes) => Some(JsonView::from_slice(bytes, mode)),
        CapturedValue::Text(text) if is_document(text) => Some(JsonView::from_slice(text.as_bytes(), mode)),
        CapturedValue::Document(document) => Some(document.doc(mode)),
        CapturedValue::Owned(document) => Some(document.doc(mode)),
        CapturedValue::Http { body, .. } => document(body, mode),
        _ => None,
    }
}
