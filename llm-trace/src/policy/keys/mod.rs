//! What stands under which key: the one table for spans, events, log records and fields of other crates.

mod compiled;
mod facts;
mod table;
#[cfg(test)]
mod tests;

use crate::credentials::keys::is_credential;
pub(crate) use compiled::KnownKey;

use crate::policy::permit::Side;
use crate::policy::rewrite::ContentShape;
use crate::semconv::identifier::{is_name, is_word};

/// What stands under a key.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Class {
    /// Content of a side; of a known shape where it is the convention's JSON.
    Content(Side, Option<ContentShape>),
    /// An error's text: can echo either side.
    Error,
    /// A user's or session's identifier.
    Identity,
    /// A credential: never goes out.
    Secret,
    /// A number, a flag, or an identifier by this wording.
    Fact(Wording),
    /// Anything else: free text for all we know.
    Unknown,
}

/// How an identifier is worded.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Wording {
    /// Without blanks: a provider or a model can have chosen it.
    Word,
    /// As `Word`: the module that made a span or an event.
    Target,
    /// Blanks may be in it: the program gives such names.
    Name,
    /// A count. `tracing-opentelemetry` makes text of unsigned numbers.
    Count,
    /// Whatever it is: the user answers for it.
    Any,
}

impl Wording {
    /// Whether `text` is an identifier.
    pub(crate) fn fits(self, text: &str) -> bool {
        match self {
            Wording::Word | Wording::Target => is_word(text),
            Wording::Name => is_name(text),
            Wording::Count => text.len() <= 10 && text.bytes().all(|byte| byte.is_ascii_digit()),
            Wording::Any => true,
        }
    }
}

/// What stands under `key`, by the table. Credentials are found by the parts of the key.
pub(crate) fn known(key: &str) -> KnownKey {
    let mut known = compiled::lookup(key);
    // The names of metadata are the user's.
    if known.class == Class::Unknown && !key.starts_with("llm_trace.metadata.") && is_credential(key) {
        known.class = Class::Secret;
    }
    known
}

/// The class of [`known`].
#[cfg(any(feature = "metrics", feature = "otlp-http", feature = "otlp-grpc", test))]
pub(crate) fn class(key: &str) -> Class {
    known(key).class
}

/// Whether what stands under `key` may be a metric's label.
#[cfg(feature = "metrics")]
pub(crate) fn may_be_label(key: &str) -> bool {
    !matches!(class(key), Class::Content(..) | Class::Error | Class::Secret)
}

/// Whether a key of a flattened message (`llm.input_messages.0.message.role`) holds a word of the
/// structure.
pub(crate) fn is_structure(key: &str) -> bool {
    key.contains(|c: char| c.is_ascii_digit())
        && matches!(key.rsplit('.').next(), Some("role" | "finish_reason" | "mime_type"))
        || key.ends_with(".tool_call.function.name")
        || key.ends_with(".tool_call.id")
}

/// A key, or the beginning of keys where it ends in `*`, of the user's own.
#[derive(Clone, Debug)]
pub(crate) struct KeyPattern {
    text: String,
    prefix: bool,
}

impl KeyPattern {
    pub(crate) fn new(pattern: &str) -> Self {
        match pattern.strip_suffix('*') {
            Some(prefix) => Self { text: prefix.to_owned(), prefix: true },
            None => Self { text: pattern.to_owned(), prefix: false },
        }
    }

    pub(crate) fn fits(&self, key: &str) -> bool {
        if self.prefix { key.starts_with(&self.text) } else { key == self.text }
    }
}
