//! Classification of keys: one table for spans, events, log records and fields of other crates.

mod compiled;
mod entry;
mod facts;
mod memo;
mod table;
#[cfg(test)]
mod tests;

use crate::credentials::keys::is_credential;
pub(crate) use compiled::{KnownKey, is_listed};

use crate::policy::content_shape::ContentShape;
use crate::policy::side::Side;
use crate::semconv::identifier::{MAX_IDENTIFIERS, is_name, is_word};

/// The class of a key's value.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Class {
    /// Content of a side; with a known structure if it is the JSON of the conventions.
    Content(Side, Option<ContentShape>),
    /// The text of an error, which may repeat the input or the output.
    Error,
    /// An identifier of a user or session.
    Identity,
    /// Metadata that a caller attaches.
    Metadata,
    /// A credential, which is never exported.
    Secret,
    /// A number, a flag, or an identifier with this wording.
    Fact(IdentifierKind),
    /// Any other value, treated as free text.
    Unknown,
}

/// The form of an identifier.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum IdentifierKind {
    /// Without spaces: a provider or a model may have chosen it.
    Word,
    /// Like `Word`: the module that created a span or an event.
    Target,
    /// May contain spaces: the program chooses such names.
    Name,
    /// A count. `tracing-opentelemetry` records unsigned numbers as text.
    Count,
    /// Any text, on the user's responsibility.
    Any,
}

impl IdentifierKind {
    /// Whether `text` is an identifier of this form.
    pub(crate) fn fits(self, text: &str) -> bool {
        match self {
            IdentifierKind::Word | IdentifierKind::Target => is_word(text),
            IdentifierKind::Name => is_name(text),
            IdentifierKind::Count => text.len() <= 10 && text.bytes().all(|byte| byte.is_ascii_digit()),
            IdentifierKind::Any => true,
        }
    }

    /// Whether a list has no more identifiers than facts may have, and each is of this form. `None` is no text.
    pub(crate) fn fits_all<'t>(self, list: impl ExactSizeIterator<Item = Option<&'t str>>) -> bool {
        list.len() <= MAX_IDENTIFIERS && list.into_iter().all(|text| text.is_some_and(|text| self.fits(text)))
    }
}

/// Looks up `key` in the table. Credentials are recognized by the parts of the key.
pub(crate) fn known(key: &str) -> KnownKey {
    memo::get(key)
}

fn classify(key: &str) -> KnownKey {
    let mut known = KnownKey { is_word: is_word(key), ..compiled::lookup(key) };
    // Users choose the names of a scope's metadata.
    let is_own = ["llm_trace.metadata.", "llm.metadata."].iter().any(|own| key.starts_with(own));
    if matches!(known.class, Class::Unknown | Class::Metadata) && !is_own && is_credential(key) {
        known.class = Class::Secret;
    }
    known
}

/// The class of [`known`].
pub(crate) fn class(key: &str) -> Class {
    known(key).class
}

/// Whether metrics may use `key` as an attribute.
pub(crate) fn may_be_label(key: &str) -> bool {
    !matches!(class(key), Class::Content(..) | Class::Error | Class::Secret)
}

/// Whether the key of a flattened message (`llm.input_messages.0.message.role`) holds a structural word.
pub(crate) fn is_structure(key: &str) -> bool {
    key.contains(|c: char| c.is_ascii_digit())
        && matches!(key.rsplit('.').next(), Some("role" | "finish_reason" | "mime_type"))
        || key.ends_with(".tool_call.function.name")
        || key.ends_with(".tool_call.id")
}

/// Whether the key holds the input or output of any span, also of a tool's.
pub(crate) fn is_value(key: &str) -> bool {
    matches!(
        key,
        "input"
            | "output"
            | "input.value"
            | "output.value"
            | "langfuse.observation.input"
            | "langfuse.observation.output"
            | "mlflow.spanInputs"
            | "mlflow.spanOutputs"
            | "traceloop.entity.input"
            | "traceloop.entity.output"
    )
}

/// The sides of a span's input and output values.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum ValueSides {
    Own,
    /// A model wrote the input of a tool, and the output is input of a model.
    Swapped,
    /// A guardrail judges texts of both sides.
    Either,
}

impl ValueSides {
    /// The sides on a span with this attribute, if it marks a tool or a guardrail.
    pub(crate) fn by(key: &str, value: &str) -> Option<Self> {
        let kind = match key {
            "gen_ai.operation.name" => value.strip_prefix("execute_").or(value.strip_prefix("apply_"))?,
            "openinference.span.kind" | "traceloop.span.kind" | "langfuse.observation.type" | "mlflow.spanType" => {
                value
            }
            _ => return None,
        };
        match kind {
            tool if tool.eq_ignore_ascii_case("tool") => Some(Self::Swapped),
            guardrail if guardrail.eq_ignore_ascii_case("guardrail") => Some(Self::Either),
            _ => None,
        }
    }
}

/// A user-defined key, or a prefix if it ends in `*`.
#[derive(Clone, Debug, PartialEq)]
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
