//! Rules for how much of a document is kept, by key.

/// How much of a document is kept.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Mode {
    /// The structure of messages: roles, part types, names and call ids, numbers and booleans. For other texts only the
    /// length is kept.
    Structure,
    /// Everything.
    Full,
}

/// A longer text is not part of the structure, whatever its key.
const MAX_WORD: usize = 512;

/// The rule for the value of a key.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Rule {
    /// Whether strings are kept.
    pub(super) strings: bool,
    /// Whether arrays and objects are entered.
    pub(super) enter: bool,
    /// Whether arrays that hold only numbers are counted instead of kept.
    pub(super) count_numbers: bool,
}

impl Rule {
    pub(super) const fn root(mode: Mode) -> Self {
        let full = matches!(mode, Mode::Full);
        Self { strings: full, enter: true, count_numbers: !full }
    }
}

impl Mode {
    /// Whether a text of this length is kept under this rule.
    #[inline]
    pub(super) fn keeps(self, rule: Rule, len: usize) -> bool {
        rule.strings && (self == Mode::Full || len <= MAX_WORD)
    }

    /// The rule for the value of `key`, given the rule of its object.
    #[inline]
    pub(super) fn rule(self, key: &str, parent: Rule) -> Rule {
        match self {
            Mode::Full => {
                Rule { count_numbers: parent.count_numbers || VECTOR_KEYS.contains(&key), ..Rule::root(self) }
            }
            Mode::Structure => Rule {
                strings: WORD_KEYS.binary_search(&key).is_ok(),
                enter: !PAYLOAD_KEYS.contains(&key),
                count_numbers: true,
            },
        }
    }
}

/// Keys of strings that belong to the structure of a message. Sorted.
const WORD_KEYS: &[&str] = &[
    "approval_request_id",
    "call_id",
    "completionReason",
    "detail",
    "done_reason",
    "event",
    "event_type",
    "execution",
    "file_id",
    "finishReason",
    "finish_reason",
    "format",
    "functionCall",
    "functionResponse",
    "id",
    "item_id",
    "mcp_server_name",
    "media_type",
    "mimeType",
    "mime_type",
    "name",
    "object",
    "reason",
    "recipient",
    "role",
    "server_label",
    "server_name",
    "status",
    "stopReason",
    "stop_reason",
    "stop_type",
    "toolType",
    "toolUseId",
    "tool_call_id",
    "tool_name",
    "tool_type",
    "tool_use_id",
    "type",
];

/// Keys of payloads that are not part of the structure: not entered in `Structure` mode.
const PAYLOAD_KEYS: &[&str] =
    &["args", "arguments", "inputSchema", "input_schema", "logit_bias", "parametersJsonSchema", "schema"];

/// Number arrays under these keys are vectors, which are counted in every mode.
const VECTOR_KEYS: &[&str] = &["context", "embedding", "embeddings", "embeddingsByType", "values", "vector"];

/// All keys of the tables.
pub(crate) fn known_keys() -> Vec<&'static str> {
    [WORD_KEYS, PAYLOAD_KEYS, VECTOR_KEYS].concat()
}

#[cfg(test)]
mod tests {
    use super::WORD_KEYS;

    #[test]
    fn words_are_sorted() {
        assert!(WORD_KEYS.is_sorted());
    }
}
