//! One total reader of provider errors.

use crate::facts::ErrorFacts;
use crate::json::Node;

/// Reads an error body, or an error inside an otherwise good answer or a stream event.
/// `None` where the document states no error.
pub(crate) fn read(doc: Node<'_>) -> Option<ErrorFacts> {
    let error = doc.get("error")?;
    let word = |key: &str| {
        error.get(key).and_then(|node| match node.str() {
            Some(word) => Some(word.to_owned()),
            None => node.i64().map(|n| n.to_string()),
        })
    };
    Some(ErrorFacts {
        code: word("code"),
        kind: word("type").or_else(|| word("status")),
        status: error.get_i64("code").and_then(|n| u16::try_from(n).ok()),
        message: error.str().or_else(|| error.get_str("message")).map(str::to_owned),
    })
}

/// Reads an error of a stream's event, which may be named `error`.
pub(crate) fn read_event(_name: Option<&str>, doc: Node<'_>) -> Option<ErrorFacts> {
    read(doc)
}
