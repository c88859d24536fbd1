//! Which parts of a document are kept: the one table behind "no content is copied".

use super::hash::{Hash, hash};

/// How much of a document is kept.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Mode {
    /// Numbers, booleans and the strings under [`FACT_KEYS`]; everything else is only measured.
    Facts,
    /// `Facts`, and the skeleton of messages: roles, part types, names and call ids.
    Structure,
    /// Everything.
    Full,
}

/// A fact longer than this is no identifier, and is treated as content.
const MAX_FACT_LEN: usize = 512;

/// What to do with the value of a key.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Rule {
    /// Strings are kept.
    pub(crate) strings: bool,
    /// Arrays are entered.
    pub(crate) arrays: bool,
    /// Objects are entered.
    pub(crate) objects: bool,
    /// Arrays that hold only numbers are counted, not kept.
    pub(crate) count_numbers: bool,
    /// Of the key.
    pub(super) hash: Hash,
}

impl Rule {
    pub(crate) const fn root(mode: Mode) -> Self {
        let full = matches!(mode, Mode::Full);
        Self { strings: full, arrays: true, objects: true, count_numbers: !full, hash: 0 }
    }

    /// For what is neither a text nor a container.
    #[inline]
    pub(super) fn scalar(key: &str) -> Self {
        Self { hash: hash(key), ..Self::root(Mode::Facts) }
    }
}

impl Mode {
    /// Whether a text of this length under `key` is kept: it is an identifier, or content is wanted.
    pub(crate) fn keeps(self, key: &str, len: usize) -> bool {
        self.keeps_by(self.rule(key, Rule::root(self)), len)
    }

    /// As [`keeps`](Self::keeps), by the rule for its key.
    pub(super) fn keeps_by(self, rule: Rule, len: usize) -> bool {
        rule.strings && (self == Mode::Full || len <= MAX_FACT_LEN)
    }

    /// The rule for the value under `key`, given the rule of the object it stands in.
    #[inline]
    pub(crate) fn rule(self, key: &str, parent: Rule) -> Rule {
        let hash = hash(key);
        let of = class(key, hash);
        match self {
            Mode::Full => Rule { count_numbers: parent.count_numbers || of & VECTOR != 0, hash, ..Rule::root(self) },
            Mode::Structure => {
                let open = of & PAYLOAD == 0;
                Rule { strings: of & (FACT | STRUCTURE) != 0, arrays: open, objects: open, count_numbers: true, hash }
            }
            Mode::Facts => Rule {
                strings: of & FACT != 0,
                arrays: of & (CONTENT | PAYLOAD) == 0,
                objects: of & PAYLOAD == 0,
                count_numbers: true,
                hash,
            },
        }
    }
}

const FACT: u8 = 1;
const STRUCTURE: u8 = 2;
const CONTENT: u8 = 4;
const PAYLOAD: u8 = 16;
const VECTOR: u8 = 32;

/// More slots than twice the keys, so that most keys that are in no table meet an empty one.
const SLOTS: usize = 1024;

/// The tables in one, by hash: every key of every document is looked up.
static CLASSES: [(&str, u8); SLOTS] = classes();

/// The tables a key is in.
fn class(key: &str, hash: Hash) -> u8 {
    let mut slot = hash as usize % SLOTS;
    loop {
        match CLASSES[slot] {
            (_, 0) => return 0,
            (known, of) if known == key => return of,
            _ => slot = (slot + 1) % SLOTS,
        }
    }
}

const fn classes() -> [(&'static str, u8); SLOTS] {
    let mut classes = [("", 0); SLOTS];
    classes = filled(classes, FACT_KEYS, FACT);
    classes = filled(classes, STRUCTURE_KEYS, STRUCTURE);
    classes = filled(classes, CONTENT_KEYS, CONTENT);
    classes = filled(classes, PAYLOAD_KEYS, PAYLOAD);
    filled(classes, VECTOR_KEYS, VECTOR)
}

const fn filled(
    mut classes: [(&'static str, u8); SLOTS],
    table: &[&'static str],
    of: u8,
) -> [(&'static str, u8); SLOTS] {
    let mut at = 0;
    while at < table.len() {
        let key = table[at];
        let mut slot = hash(key) as usize % SLOTS;
        while classes[slot].1 != 0 && !same(classes[slot].0.as_bytes(), key.as_bytes()) {
            slot = (slot + 1) % SLOTS;
        }
        classes[slot] = (key, classes[slot].1 | of);
        at += 1;
    }
    classes
}

const fn same(a: &[u8], b: &[u8]) -> bool {
    let mut at = 0;
    while at < a.len() && at < b.len() && a[at] == b[at] {
        at += 1;
    }
    at == a.len() && at == b.len()
}

/// Strings under these keys are identifiers, never free text. Sorted.
pub(crate) const FACT_KEYS: &[&str] = &[
    "__type",
    "anthropic_version",
    "api_version",
    "blockReason",
    "block_reason",
    "code",
    "completionReason",
    "conversation",
    "conversation_id",
    "created_at",
    "dimensions",
    "done_reason",
    "effort",
    "embedding_types",
    "encoding_format",
    "encoding_formats",
    "error_code",
    "error_type",
    "event",
    "event_type",
    "finishReason",
    "finish_reason",
    "format",
    "generationId",
    "generation_id",
    "guardrailIdentifier",
    "id",
    "invokedModelId",
    "knowledgeBaseId",
    "latency",
    "maxReasoningEffort",
    "messageId",
    "mime_type",
    "modalities",
    "modality",
    "model",
    "modelId",
    "modelVersion",
    "model_id",
    "model_name",
    "model_version",
    "native_finish_reason",
    "object",
    "output_dtype",
    "output_modalities",
    "param",
    "performanceConfig",
    "previous_response_id",
    "promptFeedback",
    "provider",
    "reason",
    "reasoning_effort",
    "request_id",
    "responseId",
    "responseMimeType",
    "responseModalities",
    "response_format",
    "response_id",
    "response_mime_type",
    "response_modalities",
    "response_type",
    "role",
    "serviceTier",
    "service_tier",
    "sessionId",
    "status",
    "stop",
    "stopReason",
    "stopSequence",
    "stopSequences",
    "stop_reason",
    "stop_sequence",
    "stop_sequences",
    "stop_type",
    "stream_id",
    "system_fingerprint",
    "taskType",
    "think",
    "thinkingLevel",
    "thinking_level",
    "trafficType",
    "type",
    "user_tier",
    "variant",
    "version",
];

/// Strings that give a message its shape: kept where content is masked but structure is not. Sorted.
const STRUCTURE_KEYS: &[&str] = &[
    "call_id",
    "detail",
    "execution",
    "file_id",
    "functionCall",
    "functionResponse",
    "item_id",
    "media_type",
    "mimeType",
    "name",
    "recipient",
    "server_label",
    "server_name",
    "toolType",
    "toolUseId",
    "tool_call_id",
    "tool_name",
    "tool_use_id",
];

/// Arrays under these keys are content: measured in `Facts`, never entered. Sorted.
const CONTENT_KEYS: &[&str] = &[
    "b64_json",
    "content",
    "contents",
    "documents",
    "embedding",
    "function_call",
    "functions",
    "images",
    "input",
    "inputText",
    "inputs",
    "instructions",
    "logprobs",
    "messages",
    "prompt",
    "system",
    "systemInstruction",
    "system_instruction",
    "text",
    "texts",
    "tools",
    "top_logprobs",
];

/// Payloads that no fact is ever read from: neither arrays nor objects are entered. Sorted.
const PAYLOAD_KEYS: &[&str] =
    &["args", "arguments", "inputSchema", "input_schema", "logit_bias", "parametersJsonSchema", "schema"];

/// Values that no reader looks at, and that change from one event of a stream to the next. Sorted.
const UNREAD_KEYS: &[&str] = &["created", "created_at", "obfuscation", "p", "sequence_number"];

/// Whether a scalar under `key` is of no matter to anyone.
pub(crate) fn is_unread(key: &str) -> bool {
    UNREAD_KEYS.contains(&key)
}

/// Number arrays below these keys are vectors: counted even where content is wanted. Sorted.
const VECTOR_KEYS: &[&str] = &["context", "embedding", "embeddings", "embeddingsByType", "values", "vector"];

/// Every key of the tables.
#[cfg(feature = "internal")]
pub(crate) fn known_keys() -> Vec<&'static str> {
    [FACT_KEYS, STRUCTURE_KEYS, CONTENT_KEYS, PAYLOAD_KEYS, UNREAD_KEYS, VECTOR_KEYS].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_sorted() {
        for table in [FACT_KEYS, STRUCTURE_KEYS, CONTENT_KEYS, PAYLOAD_KEYS, UNREAD_KEYS, VECTOR_KEYS] {
            assert!(table.is_sorted(), "{table:?}");
        }
    }

    #[test]
    fn a_key_is_in_the_tables_that_list_it_and_in_no_other() {
        let tables = [
            (FACT_KEYS, FACT),
            (STRUCTURE_KEYS, STRUCTURE),
            (CONTENT_KEYS, CONTENT),
            (PAYLOAD_KEYS, PAYLOAD),
            (VECTOR_KEYS, VECTOR),
        ];
        let listed = tables.iter().flat_map(|(table, _)| table.iter().copied());
        for key in listed.chain(["", "x", "Role", "roles", "secret", "finish_reasoning"]) {
            let expected = tables.iter().filter(|(table, _)| table.contains(&key)).fold(0, |all, (_, of)| all | of);
            assert_eq!(class(key, hash(key)), expected, "{key}");
        }
    }
}
