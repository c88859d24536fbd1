//! One total reader of provider errors.
//!
//! Codes, types and status words are facts: a provider has few of them. Messages are content, for
//! they may echo the prompt; a document read without content has none.

use crate::facts::ErrorFacts;
use crate::json::{Node, any};

/// A longer code or type is no identifier.
const MAX_WORD: usize = 128;

/// Reads an error body, or an error inside an otherwise good answer or a stream's event.
/// `None` where the document states no error.
pub(crate) fn read(doc: Node<'_>) -> Option<ErrorFacts> {
    if doc.is_array() {
        // Gemini's streams state an error as an array of one.
        return doc.first().filter(|first| first.get("error").is_some()).and_then(read);
    }
    if let Some(error) = doc.get("error").filter(|error| error.bool() != Some(false)) {
        return Some(match error.is_object() {
            true => of_object(error),
            false => ErrorFacts { message: text(error), ..of_object(doc) },
        });
    }
    if let Some(error) = doc.get("errors").and_then(Node::first) {
        return Some(ErrorFacts { message: text(error).or_else(|| message(error)), ..of_object(error) });
    }
    let stated = doc.get_str("type") == Some("error") || doc.get_str("object") == Some("error");
    let aws = doc.get("__type").or_else(|| doc.path(&["Output", "__type"])).is_some();
    if stated || aws || is_bare(doc) {
        return Some(of_object(doc));
    }
    // A router that lost its upstream answers with a choice that failed.
    let choices = doc.get("choices").into_iter().flat_map(Node::items);
    choices.filter_map(|choice| choice.get("error")).next().map(of_object)
}

/// Reads the error of a stream's event. The event's name may be all that says it is one.
pub(crate) fn read_event(name: Option<&str>, doc: Node<'_>) -> Option<ErrorFacts> {
    let error = read(doc);
    match name {
        Some(name) if name.ends_with("Exception") => {
            let error = error.unwrap_or_else(|| of_object(doc));
            Some(ErrorFacts { kind: Some(name.to_owned()), ..error })
        }
        Some("error") => error.or_else(|| Some(ErrorFacts { message: text(doc), ..of_object(doc) })),
        _ => error,
    }
}

/// The name of an AWS error, of its header or its `__type`: without namespace and URL.
pub(crate) fn aws_name(value: &str) -> &str {
    let name = value.rsplit('#').next().unwrap_or(value);
    name.split(':').next().unwrap_or(name).trim()
}

/// A document that is nothing but a message, as gateways, FastAPI, Bedrock and Cohere have it.
fn is_bare(doc: Node<'_>) -> bool {
    let is_answer = || {
        any!(
            doc,
            "choices",
            "output",
            "content",
            "candidates",
            "text",
            "generations",
            "embeddings",
            "data",
            "delta",
            "finishReason"
        )
        .is_some()
    };
    let said = any!(doc, "message", "Message").is_some_and(Node::is_str) || doc.get("detail").is_some();
    said && !is_answer()
}

fn of_object(error: Node<'_>) -> ErrorFacts {
    let code = any!(error, "code", "statusCode", "status_code", "error_code");
    let number = code.and_then(number).or_else(|| any!(error, "status", "raw_status_code").and_then(number));
    let word = code.and_then(word).filter(|code| number.is_none() || code.parse::<u32>().is_err());
    let aws = error.get("__type").or_else(|| error.path(&["Output", "__type"]));
    let kind = any!(error, "type", "error_type", "status").filter(|node| number_free(*node)).and_then(self::word);
    let kind = kind.filter(|kind| kind != "error");
    let kind = kind.or_else(|| aws.and_then(Node::str).map(|name| aws_name(name).to_owned()));
    // A number names an error only where no word does.
    let code = word.or_else(|| kind.is_none().then(|| code.and_then(self::word)).flatten());
    let status = number.and_then(|n| u16::try_from(n).ok()).filter(|n| (100..600).contains(n));
    ErrorFacts { code, kind, status, message: message(error) }
}

fn number(node: Node<'_>) -> Option<i64> {
    node.i64().or_else(|| node.str()?.parse().ok())
}

fn number_free(node: Node<'_>) -> bool {
    number(node).is_none()
}

fn word(node: Node<'_>) -> Option<String> {
    match node.str() {
        Some(word) => Some(word).filter(|word| !word.is_empty() && word.len() <= MAX_WORD).map(str::to_owned),
        None => node.i64().map(|n| n.to_string()),
    }
}

fn message(error: Node<'_>) -> Option<String> {
    text(any!(error, "message", "Message", "msg", "detail", "error", "error_message")?)
}

/// A message's text: itself, or what stands deeper down, as FastAPI's lists of what failed have it.
fn text(node: Node<'_>) -> Option<String> {
    match node.str() {
        Some(text) => Some(text).filter(|text| !text.is_empty()).map(str::to_owned),
        None => node.first().filter(|_| node.is_array()).and_then(text).or_else(|| message(node)),
    }
}

#[cfg(test)]
mod tests;
