//! One total reader of provider errors.
//!
//! Codes, types and status words are facts: a provider has few of them. Messages are content, for
//! they may echo the prompt; of what is found without content they are no part.

use super::paths::{key, keys};
use crate::json::Tree;
use crate::model::facts::ErrorFacts;

/// A longer code or type is no identifier.
const MAX_WORD: usize = 128;

/// Reads an error body, or an error inside an otherwise good answer or a stream's event.
/// `None` where the document states no error.
pub(crate) fn read<'d, T: Tree<'d>>(doc: T) -> Option<ErrorFacts> {
    if doc.is_array() {
        // Gemini's streams state an error as an array of one.
        return doc.first().filter(|first| first.get(key!("error")).is_some()).and_then(read);
    }
    if let Some(error) = doc.get(key!("error")).filter(|error| error.bool() != Some(false)) {
        return Some(match error.is_object() {
            true => of_object(error),
            false => ErrorFacts { message: text(error), ..of_object(doc) },
        });
    }
    if let Some(error) = doc.get(key!("errors")).and_then(Tree::first) {
        return Some(ErrorFacts { message: text(error).or_else(|| message(error)), ..of_object(error) });
    }
    let stated = doc.get_str(key!("type")) == Some("error") || doc.get_str(key!("object")) == Some("error");
    let aws = doc.get(key!("__type")).or_else(|| doc.path(keys!["Output", "__type"])).is_some();
    if stated || aws || is_bare(doc) {
        return Some(of_object(doc));
    }
    // A router that lost its upstream answers with a choice that failed.
    let choices = doc.each(key!("choices"));
    choices.filter_map(|choice| choice.get(key!("error"))).next().map(of_object)
}

/// Reads the error of a stream's event. The event's name may be all that says it is one.
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

/// The name of an AWS error, of its header or its `__type`: without namespace and URL.
pub(crate) fn aws_name(value: &str) -> &str {
    let name = value.rsplit('#').next().unwrap_or(value);
    name.split(':').next().unwrap_or(name).trim()
}

/// A document that is nothing but a message, as gateways, FastAPI, Bedrock and Cohere have it.
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
    let said = doc.any(keys!["message", "Message"]).is_some_and(Tree::is_str) || doc.get(key!("detail")).is_some();
    said && !is_answer()
}

fn of_object<'d, T: Tree<'d>>(error: T) -> ErrorFacts {
    let code = error.any(keys!["code", "statusCode", "status_code", "error_code"]);
    let number = code.and_then(number).or_else(|| error.any(keys!["status", "raw_status_code"]).and_then(number));
    let word = code.and_then(word).filter(|code| number.is_none() || code.parse::<u32>().is_err());
    let aws = error.get(key!("__type")).or_else(|| error.path(keys!["Output", "__type"]));
    let kind = error.any(keys!["type", "error_type", "status"]).filter(|node| number_free(*node)).and_then(self::word);
    let kind = kind.filter(|kind| kind != "error");
    let kind = kind.or_else(|| aws.and_then(Tree::str).map(|name| aws_name(name).to_owned()));
    // A number names an error only where no word does.
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

/// A message's text: itself, or what stands deeper down, as FastAPI's lists of what failed have it.
fn text<'d, T: Tree<'d>>(node: T) -> Option<String> {
    match node.str() {
        Some(text) => Some(text).filter(|text| !text.is_empty()).map(str::to_owned),
        None => node.first().filter(|_| node.is_array()).and_then(text).or_else(|| message(node)),
    }
}

#[cfg(test)]
mod tests;
