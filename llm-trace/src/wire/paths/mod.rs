//! Every path of a fact, in all formats. A value without a path is never read as a fact.
//!
//! A string at a path with [`Keep::Word`] is an identifier, for example a model name, an id or a reason. At a path with
//! [`Keep::Length`] only the length of a string is read: the path is for numbers, for the detection of formats, or for
//! the presence of output.

mod answer;
mod request;
mod usage;

use answer::*;
use request::*;
use usage::*;

use crate::json::{Group, Keep, Trie};

/// The compiled table.
pub(crate) static PATHS: Trie = Trie::new(TABLE);

const TOP: &[&str] = &[""];

const TABLE: &[Group] = &[
    Group { at: TOP, keep: Keep::Word, paths: REQUEST_WORDS },
    Group { at: TOP, keep: Keep::Length, paths: REQUEST_NUMBERS },
    Group { at: TOP, keep: Keep::Length, paths: REQUEST_SHAPE },
    Group { at: &["options.", "parameters.", "input.", "textGenerationConfig."], keep: Keep::Word, paths: STOPS },
    Group { at: &["inferenceConfig.", ""], keep: Keep::Word, paths: STOPS },
    Group { at: &["additionalModelRequestFields.", "inferenceConfig."], keep: Keep::Word, paths: CONVERSE_EFFORTS },
    Group { at: &["generationConfig.", "generation_config."], keep: Keep::Word, paths: GEMINI_CONFIG_WORDS },
    Group { at: &["generationConfig.", "generation_config."], keep: Keep::Length, paths: GEMINI_CONFIG_NUMBERS },
    Group { at: &["", "requests[0]."], keep: Keep::Word, paths: &["model"] },
    Group { at: &["", "requests[0]."], keep: Keep::Length, paths: GEMINI_DIMENSIONS },
    // Responses and stream events.
    Group { at: TOP, keep: Keep::Word, paths: ANSWER_WORDS },
    Group { at: TOP, keep: Keep::Length, paths: ANSWER_SHAPE },
    Group { at: &["", "response."], keep: Keep::Word, paths: RESPONSE_WORDS },
    Group { at: OPENAI_USAGES, keep: Keep::Length, paths: OPENAI_USAGE },
    Group { at: OPENAI_INPUT_DETAILS, keep: Keep::Length, paths: OPENAI_INPUT },
    Group { at: OPENAI_OUTPUT_DETAILS, keep: Keep::Length, paths: OPENAI_OUTPUT },
    Group { at: &["choices[].delta.", "choices[].message."], keep: Keep::Length, paths: CHAT_MESSAGE },
    Group { at: &["choices[].delta.", "choices[].message."], keep: Keep::Word, paths: &["content[].type"] },
    Group { at: &["choices[].delta."], keep: Keep::Word, paths: &["role"] },
    Group { at: ANTHROPIC_USAGES, keep: Keep::Length, paths: ANTHROPIC_USAGE },
    Group { at: ANTHROPIC_USAGES, keep: Keep::Word, paths: &["service_tier", "type", "model"] },
    Group { at: &["message."], keep: Keep::Word, paths: &["id", "model"] },
    Group { at: &["", "[]."], keep: Keep::Word, paths: GEMINI_WORDS },
    Group { at: &["", "[]."], keep: Keep::Length, paths: GEMINI_SHAPE },
    Group { at: GEMINI_USAGES, keep: Keep::Word, paths: &["serviceTier", "service_tier"] },
    Group { at: GEMINI_USAGES, keep: Keep::Length, paths: GEMINI_USAGE },
    Group { at: GEMINI_DETAILS, keep: Keep::Word, paths: &["modality"] },
    Group { at: GEMINI_DETAILS, keep: Keep::Length, paths: &["tokenCount", "token_count"] },
    Group { at: &["", "messageStop."], keep: Keep::Word, paths: &["stopReason"] },
    Group { at: &["", "metadata."], keep: Keep::Word, paths: &["trace.promptRouter.invokedModelId"] },
    Group { at: &["usage.", "metadata.usage."], keep: Keep::Length, paths: CONVERSE_USAGE },
    Group { at: &["usage.", "metadata.usage."], keep: Keep::Word, paths: &["cacheDetails[].ttl"] },
    Group { at: CONVERSE_BLOCKS, keep: Keep::Length, paths: CONVERSE_BLOCK },
    Group { at: CONVERSE_EXCEPTIONS, keep: Keep::Length, paths: &["originalStatusCode"] },
    Group { at: INVOKE_TRACES, keep: Keep::Word, paths: &["*"] },
    Group { at: &["amazon-bedrock-invocationMetrics."], keep: Keep::Length, paths: INVOKE_USAGE },
    Group {
        at: &["usage.", "meta.", "delta.usage.", "response.meta.", "response.usage."],
        keep: Keep::Length,
        paths: COHERE_USAGE,
    },
    Group { at: &["", "response.", "delta."], keep: Keep::Word, paths: COHERE_WORDS },
    Group { at: &["generations[].", "response.generations[]."], keep: Keep::Word, paths: &["finish_reason"] },
    Group { at: &["generations[].", "response.generations[]."], keep: Keep::Length, paths: &["text", "index"] },
    Group { at: &["", "[]."], keep: Keep::Word, paths: TEXT_WORDS },
    Group { at: &["", "[]."], keep: Keep::Length, paths: TEXT_SHAPE },
    // Errors.
    Group { at: ERRORS, keep: Keep::Word, paths: ERROR_WORDS },
    Group { at: ERRORS, keep: Keep::Length, paths: ERROR_SHAPE },
    // Other operations.
    Group { at: TOP, keep: Keep::Word, paths: &["event"] },
    Group { at: TOP, keep: Keep::Length, paths: &["data", "isError", "is_error"] },
    Group { at: TOP, keep: Keep::Length, paths: DOCUMENT_LISTS },
];

/// A key of the table, resolved at compile time.
macro_rules! key {
    ($name:literal) => {
        const { $crate::wire::paths::PATHS.key($name) }
    };
}
pub(crate) use key;

/// A list of keys of the table.
macro_rules! keys {
    ($($name:literal),+ $(,)?) => {{
        const KEYS: &[$crate::json::Key] = &[$($crate::wire::paths::key!($name)),+];
        KEYS
    }};
}
pub(crate) use keys;
