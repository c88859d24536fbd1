//! Where the responses of the families of models have their text.

use super::fields::{FieldPaths, field_paths};
use super::paths::key;
use crate::json::{Key, Tree};

/// The location of the output in one model family's format.
pub(super) struct ResponseShape {
    /// The list of choices. Without a list, the body is the only choice.
    list: Option<Key>,
    /// The text of a choice, which identifies the family.
    pub(super) text: FieldPaths,
    pub(super) finish: FieldPaths,
    /// Its text has the same path as an error's message.
    is_message: bool,
}

static SHAPES: &[ResponseShape] = &[
    // Titan, streamed and whole.
    ResponseShape {
        list: Some(key!("results")),
        text: field_paths!["results[]." => "outputText"],
        finish: field_paths!["results[]." => "completionReason"],
        is_message: false,
    },
    ResponseShape {
        list: None,
        text: field_paths!["outputText"],
        finish: field_paths!["completionReason"],
        is_message: false,
    },
    // Llama.
    ResponseShape {
        list: None,
        text: field_paths!["generation"],
        finish: field_paths!["stop_reason"],
        is_message: false,
    },
    // Mistral.
    ResponseShape {
        list: Some(key!("outputs")),
        text: field_paths!["outputs[]." => "text"],
        finish: field_paths!["outputs[]." => "stop_reason"],
        is_message: false,
    },
    // Cohere Command.
    ResponseShape {
        list: Some(key!("generations")),
        text: field_paths!["generations[]." => "text"],
        finish: field_paths!["generations[]." => "finish_reason"],
        is_message: false,
    },
    // AI21 Jurassic.
    ResponseShape {
        list: Some(key!("completions")),
        text: field_paths!["completions[]." => "data.text"],
        finish: field_paths!["completions[]." => "finishReason.reason"],
        is_message: false,
    },
    // Claude before the messages API.
    ResponseShape {
        list: None,
        text: field_paths!["completion"],
        finish: field_paths!["stop_reason"],
        is_message: false,
    },
    // DeepSeek and imported models.
    ResponseShape {
        list: Some(key!("choices")),
        text: field_paths!["choices[]." => "text"],
        finish: field_paths!["choices[]." => "finish_reason", "stop_reason"],
        is_message: false,
    },
    // watsonx.
    ResponseShape {
        list: Some(key!("results")),
        text: field_paths!["results[]." => "generated_text"],
        finish: field_paths!["results[]." => "stop_reason"],
        is_message: false,
    },
    // text-generation-inference, streamed and whole.
    ResponseShape {
        list: None,
        text: field_paths!["token.text"],
        finish: field_paths!["details.finish_reason"],
        is_message: false,
    },
    ResponseShape {
        list: None,
        text: field_paths!["generated_text"],
        finish: field_paths!["details.finish_reason"],
        is_message: false,
    },
    // Retrieve and generate.
    ResponseShape { list: None, text: field_paths!["output.text"], finish: field_paths![], is_message: false },
    // Replicate: one string, or a list of pieces.
    ResponseShape { list: None, text: field_paths!["output"], finish: field_paths![], is_message: false },
    // TwelveLabs Pegasus.
    ResponseShape { list: None, text: field_paths!["message"], finish: field_paths!["finishReason"], is_message: true },
    // llama.cpp.
    ResponseShape { list: None, text: field_paths!["content"], finish: field_paths!["stop_type"], is_message: false },
    // Cohere Command, streamed.
    ResponseShape { list: None, text: field_paths!["text"], finish: field_paths!["finish_reason"], is_message: false },
];

/// The choices of a response, each with its number and format.
pub(super) fn choices<'d, T: Tree<'d>>(doc: T) -> impl Iterator<Item = (usize, T, &'static ResponseShape)> {
    let doc = if doc.is_array() { doc.first().unwrap_or(doc) } else { doc };
    let shape = SHAPES.iter().find(|shape| {
        let choice = match shape.list {
            Some(list) => doc.get(list).and_then(Tree::first),
            None => Some(doc),
        };
        choice.is_some_and(|choice| has(choice, shape))
    });
    shape.into_iter().flat_map(move |shape| {
        let list = shape.list.and_then(|list| doc.get(list));
        let alone = if list.is_none() { Some(doc) } else { None };
        let all = list.into_iter().flat_map(Tree::items).chain(alone);
        all.enumerate().map(move |(at, choice)| {
            let index = choice.get_i64(key!("index")).and_then(|index| usize::try_from(index).ok());
            (if shape.list.is_some() { index.unwrap_or(at) } else { at }, choice, shape)
        })
    })
}

/// Whether the format's path holds a text or a list of texts; null counts, for events without text.
fn has<'d, T: Tree<'d>>(choice: T, shape: &ResponseShape) -> bool {
    // The message of an error has no finish reason beside it.
    if shape.is_message && !choice.has_field(key!("finishReason")) {
        return false;
    }
    shape.text.ends_in(choice, |text| !text.is_object())
}

/// The provider's finish reason, unless it states that the response is unfinished.
pub(super) fn reason<'d, T: Tree<'d>>(choice: T, shape: &ResponseShape) -> Option<&'d str> {
    shape.finish.find_str(choice).filter(|reason| !matches!(*reason, "not_finished" | "none" | "NOT_FINISHED"))
}
