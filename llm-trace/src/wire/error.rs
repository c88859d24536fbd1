//! Reader of provider errors, for all formats.
//!
//! Codes, types and status names are facts, because a provider has few of them. Messages are content, because they may
//! repeat the prompt, and are read only with a permit.

use super::paths::{key, keys};
use crate::json::Tree;
use crate::model::facts::ErrorFacts;

/// A longer code or type is not an identifier.
const MAX_WORD: usize = 128;

/// Reads an error body, or an error inside a successful response or a stream event. Returns `None` if the document has
/// no error.
pub(crate) fn read<'d, T: Tree<'d>>(doc: T) -> Option<ErrorFacts> {
    if doc.is_array() {
        // Gemini's streams send an error as an array of one.
        return doc.first().filter(|first| first.get(key!("error")).is_some()).and_then(read);
    }
    // Most documents have none of the keys that `of_fields` reads.
    if doc.has(keys!["error", "errors", "type", "__type", "Output", "message", "Message", "detail"])
        && let Some(error) = of_fields(doc)
    {
        return Some(error);
    }
    if doc.get_str(key!("object")) == Some("error") {
        return Some(of_object(doc));
    }
    // A router whose upstream failed returns a choice with the error.
    let choices = doc.each(key!("choices"));
    choices.filter_map(|choice| choice.get(key!("error"))).next().map(of_object)
}

/// An error that the fields of the document state, except for its `object`.
fn of_fields<'d, T: Tree<'d>>(doc: T) -> Option<ErrorFacts> {
    if let Some(error) = doc.get(key!("error")).filter(|error| error.bool() != Some(false)) {
        return Some(match error.is_object() {
            true => of_object(error),
            false => ErrorFacts { message: text(error), ..of_object(doc) },
        });
    }
    if let Some(error) = doc.get(key!("errors")).and_then(Tree::first) {
        return Some(ErrorFacts { message: text(error).or_else(|| message(error)), ..of_object(error) });
    }
    let aws = doc.get(key!("__type")).or_else(|| doc.path(keys!["Output", "__type"])).is_some();
    (aws || doc.get_str(key!("type")) == Some("error") || is_bare(doc)).then(|| of_object(doc))
}

/// Reads the error of a stream event. The name of the event may be the only sign of an error.
pub(crate) fn read_event<'d, T: Tree<'d>>(name: Option<&str>, doc: T) -> Option<ErrorFacts> {
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

/// The name of an AWS error, from its header or `__type`, without namespace and URL.
pub(crate) fn aws_name(value: &str) -> &str {
    let name = value.rsplit('#').next().unwrap_or(value);
    name.split(':').next().unwrap_or(name).trim()
}

/// Whether a document is a plain message, as from gateways, FastAPI, Bedrock and Cohere.
fn is_bare<'d, T: Tree<'d>>(doc: T) -> bool {
    let is_answer = || {
        doc.any(keys![
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
        ])
        .is_some()
    };
    let has_message =
        doc.any(keys!["message", "Message"]).is_some_and(Tree::is_str) || doc.get(key!("detail")).is_some();
    has_message && !is_answer()
}

fn of_object<'d, T: Tree<'d>>(error: T) -> ErrorFacts {
    let code = error.any(keys!["code", "statusCode", "status_code", "error_code"]);
    let number = code.and_then(number).or_else(|| error.any(keys!["status", "raw_status_code"]).and_then(number));
    let word = code.and_then(word).filter(|code| number.is_none() || code.parse::<u32>().is_err());
    let aws = error.get(key!("__type")).or_else(|| error.path(keys!["Output", "__type"]));
    let kind = error.any(keys!["type", "error_type", "status"]).filter(|node| number_free(*node)).and_then(self::word);
    let kind = kind.filter(|kind| kind != "error");
    let kind = kind.or_else(|| aws.and_then(Tree::str).map(|name| aws_name(name).to_owned()));
    // A number is used as the code only if there is no name.
    let code = word.or_else(|| kind.is_none().then(|| code.and_then(self::word)).flatten());
    let status = number.and_then(|n| u16::try_from(n).ok()).filter(|n| (100..600).contains(n));
    ErrorFacts { code, kind, status, message: message(error) }
}

fn number<'d, T: Tree<'d>>(node: T) -> Option<i64> {
    node.i64().or_else(|| node.str()?.parse().ok())
}

fn number_free<'d, T: Tree<'d>>(node: T) -> bool {
    number(node).is_none()
}

fn word<'d, T: Tree<'d>>(node: T) -> Option<String> {
    match node.str() {
        Some(word) => Some(word).filter(|word| !word.is_empty() && word.len() <= MAX_WORD).map(str::to_owned),
        None => node.i64().map(|n| n.to_string()),
    }
}

fn message<'d, T: Tree<'d>>(error: T) -> Option<String> {
    text(error.any(keys!["message", "Message", "msg", "detail", "error", "error_message"])?)
}

/// The text of a message: itself, or nested texts as in FastAPI's lists of validation errors.
fn text<'d, T: Tree<'d>>(node: T) -> Option<String> {
    match node.str() {
        Some(text) => Some(text).filter(|text| !text.is_empty()).map(str::to_owned),
        None => node.first().filter(|_| node.is_array()).and_then(text).or_else(|| message(node)),
    }
}

#[cfg(test)]
mod tests;
