//! Enums of Google's protobuf messages, which are names or numbers in JSON.
//!
//! <https://cloud.google.com/vertex-ai/generative-ai/docs/reference/rest/v1/GenerateContentResponse>

use std::borrow::Cow;

use crate::json::Tree;

/// Indexed by number, as in Vertex AI's proto. The first six numbers of the Gemini API are the same.
pub(super) const FINISH_REASONS: &[&str] = &[
    "FINISH_REASON_UNSPECIFIED",
    "STOP",
    "MAX_TOKENS",
    "SAFETY",
    "RECITATION",
    "OTHER",
    "BLOCKLIST",
    "PROHIBITED_CONTENT",
    "SPII",
    "MALFORMED_FUNCTION_CALL",
    "MODEL_ARMOR",
    "IMAGE_SAFETY",
    "IMAGE_PROHIBITED_CONTENT",
    "IMAGE_RECITATION",
    "IMAGE_OTHER",
    "UNEXPECTED_TOOL_CALL",
    "NO_IMAGE",
];

pub(super) const BLOCK_REASONS: &[&str] = &[
    "BLOCKED_REASON_UNSPECIFIED",
    "SAFETY",
    "OTHER",
    "BLOCKLIST",
    "PROHIBITED_CONTENT",
    "MODEL_ARMOR",
    "IMAGE_SAFETY",
    "JAILBREAK",
];

pub(super) const MODALITIES: &[&str] = &["MODALITY_UNSPECIFIED", "TEXT", "IMAGE", "VIDEO", "AUDIO", "DOCUMENT"];

/// The name of an enum value. A number without a name stays a number, and "unspecified" is unknown.
pub(super) fn word<'d, T: Tree<'d>>(node: T, names: &[&'static str]) -> Option<Cow<'d, str>> {
    let word = match (node.str(), node.i64()) {
        (Some(word), _) => Cow::Borrowed(word),
        (None, Some(number)) => match usize::try_from(number).ok().and_then(|at| names.get(at)) {
            Some(name) => Cow::Borrowed(*name),
            None => Cow::Owned(number.to_string()),
        },
        (None, None) => return None,
    };
    let is_unknown = word.is_empty() || names.first().is_some_and(|unspecified| *unspecified == word);
    Some(word).filter(|_| !is_unknown)
}
