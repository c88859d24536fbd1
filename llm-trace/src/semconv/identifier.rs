//! The check of every text and number that is recorded as a fact.

use std::borrow::Cow;

use super::{Fact, FactKind};
use crate::credentials;

/// Maximum length of an identifier, in bytes.
const MAX_LEN: usize = 256;

/// Maximum length of a word that is not ASCII, in bytes: 10 to 15 characters of most scripts.
const MAX_FOREIGN_WORD: usize = 30;

/// Maximum length of a metric attribute, in bytes.
pub(crate) const MAX_LABEL: usize = 128;

/// Maximum number of identifiers in a list.
pub(crate) const MAX_IDENTIFIERS: usize = 64;

/// Maximum length of a stop sequence that is a fact, in bytes. A longer one is content.
const MAX_STOP_LEN: usize = 64;

/// Larger counts are unknown.
const MAX_COUNT: i64 = 1_000_000_000;

/// Higher costs are unknown, in US dollars.
const MAX_COST: f64 = 1_000_000.0;

/// Whether `text` may be recorded under `fact`. It holds no credential. Every text that enters
/// [`Facts`](super::Facts), alone or in a list, passes this check, for every policy, side and source.
pub(crate) fn is_identifier(fact: Fact, text: &str) -> bool {
    match (fact, fact.row().kind) {
        (_, FactKind::Free) => !has_credential(text),
        (_, FactKind::Number) => false,
        // A line break is a common stop sequence.
        (Fact::RequestStopSequences, _) => text.len() <= MAX_STOP_LEN,
        _ if is_chosen_elsewhere(fact) => is_word(text),
        _ => is_name(text),
    }
}

/// Maximum number of texts in a list under `fact`.
pub(crate) fn most(fact: Fact) -> usize {
    match fact {
        Fact::RequestStopSequences => 16,
        _ => MAX_IDENTIFIERS,
    }
}

/// Whether `text` is an identifier without spaces. Some scripts write prose without spaces, so that other characters
/// than ASCII count as words only in short texts.
pub(crate) fn is_word(text: &str) -> bool {
    text.len() <= MAX_LEN
        && match kinds(text) {
            0 => true,
            kinds => (kinds & ODD == 0 || is_foreign_word(text)) && !has_credential(text),
        }
}

fn is_foreign_word(text: &str) -> bool {
    text.len() <= MAX_FOREIGN_WORD && !text.contains(|c: char| c.is_control() || c.is_whitespace() || is_invisible(c))
}

/// The text without its credentials, if that may be recorded under `fact`.
pub(crate) fn without_credentials(fact: Fact, text: &str) -> Option<String> {
    /// A longer text is not searched.
    const SEARCHED: usize = 16 * MAX_LEN;
    match credentials::clean(Some(text).filter(|text| text.len() <= SEARCHED)?).0 {
        Cow::Owned(clean) if is_identifier(fact, &clean) => Some(clean),
        _ => None,
    }
}

fn has_credential(text: &str) -> bool {
    matches!(credentials::clean(text).0, Cow::Owned(_))
}

/// Characters that look like nothing or change the direction of the text, and that are no whitespace in Unicode.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{115f}'..='\u{1160}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{2800}'
            | '\u{3164}'
            | '\u{feff}'
            | '\u{ffa0}'
    )
}

/// Whether `text` is an identifier that may contain spaces, because the program chose it.
pub(crate) fn is_name(text: &str) -> bool {
    text.len() <= MAX_LEN && (kinds(text) == 0 || !text.contains(char::is_control) && !has_credential(text))
}

/// A byte that is not printable ASCII, or a blank.
const ODD: u8 = 1;
/// A sign of a credential.
const SIGN: u8 = 2;

static KINDS: [u8; 256] = {
    let mut kinds = [ODD; 256];
    let mut byte = b'!';
    while byte <= b'~' {
        kinds[byte as usize] = if matches!(byte, b':' | b'=' | b'%') { SIGN } else { 0 };
        byte += 1;
    }
    kinds
};

/// The kinds of all bytes. Most identifiers have none. Four at a time take fewer instructions.
fn kinds(text: &str) -> u8 {
    let kind = |byte: &u8| KINDS[usize::from(*byte)];
    let mut parts = text.as_bytes().chunks_exact(4);
    let all = parts.by_ref().fold(0, |all, part| part.iter().map(kind).fold(all, |all, kind| all | kind));
    parts.remainder().iter().map(kind).fold(all, |all, kind| all | kind)
}

/// Whether the provider or the model chooses the value, which then has no spaces.
fn is_chosen_elsewhere(fact: Fact) -> bool {
    matches!(
        fact,
        Fact::ErrorCode
            | Fact::FinishReasons
            | Fact::ResponseId
            | Fact::ResponseModel
            | Fact::ResponseServiceTier
            | Fact::ResponseStatus
            | Fact::ResponseSystemFingerprint
            | Fact::RequestPreviousResponseId
            | Fact::RequestReasoningLevel
            | Fact::RequestServiceTier
            | Fact::RequestEncodingFormats
            | Fact::RpcStatus
            | Fact::ToolCallId
    )
}

/// Whether a count is plausible.
pub(crate) fn is_count(number: i64) -> bool {
    (0..=MAX_COUNT).contains(&number)
}

/// Whether a cost in US dollars is plausible.
pub(crate) fn is_cost(dollars: f64) -> bool {
    (0.0..=MAX_COST).contains(&dollars)
}

/// Whether this number may be recorded under `fact`.
pub(crate) fn is_sane(fact: Fact, number: i64) -> bool {
    !fact.key().starts_with("gen_ai.usage.") || is_count(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_provider_chooses_has_no_blanks() {
        for (fact, text, fits) in [
            (Fact::ResponseId, "resp_1", true),
            (Fact::ResponseId, "a b", false),
            (Fact::AgentName, "My agent", true),
            (Fact::AgentName, "two\nlines", false),
            (Fact::FinishReasons, "stop because", false),
            (Fact::RequestStopSequences, "\n\nHuman:", true),
            (Fact::Tags, "anything\nat all", true),
            (Fact::UsageInput, "7", false),
            (Fact::RequestModel, "llama3:8b", true),
            (Fact::RequestModel, "https://u:pw@h/m", false),
            (Fact::McpResource, "https://h/?token=k1", false),
            (Fact::ResponseId, "api_key:k1", false),
        ] {
            assert_eq!(is_identifier(fact, text), fits, "{fact:?} {text:?}");
        }
        for c in ('\0'..'\u{3100}').chain(['\u{e000}', '\u{1f600}']) {
            let text = format!("a{c}");
            assert_eq!(is_word(&text), !c.is_control() && !c.is_whitespace() && !is_invisible(c), "{c:?}");
            assert_eq!(is_name(&text), !c.is_control(), "{c:?}");
        }
        assert!(
            is_word("天气") && is_word("wetterauskünfte") && !is_word(&"天".repeat(11)) && is_word(&"x".repeat(256))
        );
        assert!(!is_identifier(Fact::RequestStopSequences, &"x".repeat(65)));
        assert!(
            !is_identifier(Fact::RequestModel, &"x".repeat(257)) && is_identifier(Fact::RequestModel, &"x".repeat(256))
        );
    }

    #[test]
    fn counts_and_costs_have_limits() {
        assert!(is_count(0) && is_count(1_000_000_000) && !is_count(1_000_000_001) && !is_count(-1));
        assert!(is_cost(0.0) && is_cost(1e6) && !is_cost(1e6 + 1.0) && !is_cost(-0.1) && !is_cost(f64::NAN));
        assert!(is_sane(Fact::RequestSeed, -7) && !is_sane(Fact::UsageInput, i64::MAX));
    }
}
