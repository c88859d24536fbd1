//! Values after a credential's name that are no credential.

/// Values in logs in place of a credential.
const NOTHING: &[&str] = &["null", "None", "none", "true", "false", "Sensitive", "{"];

/// Words in logs about a credential: "api key: missing".
const STATES: &[&str] = &[
    "absent",
    "accepted",
    "allowed",
    "denied",
    "empty",
    "expired",
    "granted",
    "incorrect",
    "invalid",
    "loaded",
    "missing",
    "ok",
    "present",
    "rejected",
    "required",
    "revoked",
    "rotated",
    "set",
    "unknown",
    "unset",
    "valid",
    "wrong",
];

/// First words of a clause about a credential: "password: must be longer". Another word follows.
const OPENERS: &[&str] = &[
    "at", "can", "cannot", "could", "does", "field", "has", "is", "may", "must", "no", "not", "see", "should", "too",
    "use", "was",
];

/// Whether a value after the name of a credential is no credential.
pub(super) fn is_harmless(value: &str, name: &str) -> bool {
    NOTHING.contains(&value)
        || value.bytes().all(|byte| byte == b'*')
        || is_count(value, name)
        || is_parameter(value)
        || is_column(value, name)
        || STATES.contains(&value.trim_end_matches(['.', ',', ';', ':', '!', ')']))
}

/// Whether a value is a small number under a word that can be counted.
fn is_count(value: &str, name: &str) -> bool {
    value.len() < 4
        && value.bytes().all(|byte| byte.is_ascii_digit())
        && ["credential", "credentials", "secrets", "token"].iter().any(|word| name.eq_ignore_ascii_case(word))
}

/// Whether a word and the text after it begin a clause about a credential.
pub(super) fn opens_clause(word: &str, rest: &str) -> bool {
    let next = rest.strip_prefix(' ').unwrap_or_default();
    let end = next.bytes().position(|byte| !byte.is_ascii_lowercase()).unwrap_or(next.len());
    OPENERS.contains(&word) && end > 0 && is_end(next, end)
}

/// Whether a text starts with a word or a clause about a credential.
pub(super) fn is_state(text: &str) -> bool {
    let end = text.bytes().position(|byte| !byte.is_ascii_lowercase()).unwrap_or(text.len());
    is_end(text, end) && (STATES.contains(&&text[..end]) || opens_clause(&text[..end], &text[end..]))
}

/// Whether a word ends at `end`.
fn is_end(text: &str, end: usize) -> bool {
    text.as_bytes().get(end).is_none_or(|byte| b" \t\r\n.,;:!)".contains(byte))
}

/// A parameter of a prepared statement or of a format: `$1`, `?`, `:name`, `%s`.
fn is_parameter(value: &str) -> bool {
    let is_word = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    match value.split_at_checked(1) {
        Some(("$" | "?", number)) => number.bytes().all(|byte| byte.is_ascii_digit()),
        Some((":", name)) => is_word(name),
        _ => matches!(value, "%s" | "{}"),
    }
}

/// The same column of another table: `a.token = b.token`.
fn is_column(value: &str, name: &str) -> bool {
    let column = |text: &str| text.rsplit_once('.').map(|(_, column)| column.to_ascii_lowercase());
    let own = column(name).unwrap_or_else(|| name.to_ascii_lowercase());
    column(value).is_some_and(|column| column == own)
        && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'.')
}

/// Whether a name at `start` is part of the name of an AWS resource: `arn:aws:secretsmanager:..:secret:name`.
pub(super) fn is_arn(bytes: &[u8], start: usize) -> bool {
    /// Maximum length of the parts before the resource.
    const HEAD: usize = 128;
    let head = bytes[..start].iter().rev().take(HEAD);
    let head = head.take_while(|byte| byte.is_ascii_alphanumeric() || b"-:".contains(byte)).count();
    bytes[start - head..start].starts_with(b"arn:")
}

/// Whether a text starts with `[REDACTED]`, `[TOKEN]` or the like.
pub(super) fn is_stand_in(text: &str) -> bool {
    let Some(rest) = text.strip_prefix('[') else { return false };
    let end = rest.bytes().take_while(|byte| byte.is_ascii_uppercase() || *byte == b'_').count();
    rest.as_bytes().get(end) == Some(&b']')
}
