//! Facts of the corpus that contradict the provider's documentation.

use std::path::Path;

use serde::Deserialize;

use super::compare::Finding;
use super::exchange::Exchange;

/// One disagreement and its reason.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dispute {
    /// The directory name of the exchange, or `provider/api/name` if it contains slashes; a `*` matches any text.
    pub exchange: String,
    /// The fact, as named in the report.
    pub fact: String,
    /// Part of the known value's JSON, if only such values are wrong.
    pub known: Option<String>,
    /// Why the value that we read is right.
    pub reason: String,
    /// The provider's documentation.
    pub documentation: String,
}

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    dispute: Vec<Dispute>,
}

/// Reads the list.
///
/// # Errors
/// If the file cannot be read or has an invalid entry.
pub fn load(path: &Path) -> Result<Vec<Dispute>, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let file: File = toml::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(file.dispute)
}

impl Dispute {
    /// Whether this dispute applies to that finding of that exchange.
    pub fn covers(&self, exchange: &Exchange, finding: &Finding) -> bool {
        let id = exchange.id();
        let name = if self.exchange.contains('/') { format!("{}/{id}", exchange.group()) } else { id };
        let known = self.known.as_ref().is_none_or(|piece| finding.expected.to_string().contains(piece));
        self.fact == finding.fact && known && is_like(&name, &self.exchange)
    }
}

/// Whether a text matches a pattern.
fn is_like(text: &str, pattern: &str) -> bool {
    let Some((head, mut rest)) = pattern.split_once('*') else { return text == pattern };
    let Some(mut text) = text.strip_prefix(head) else { return false };
    while let Some((piece, after)) = rest.split_once('*') {
        let Some((_, behind)) = text.split_once(piece) else { return false };
        (text, rest) = (behind, after);
    }
    text.ends_with(rest)
}

#[cfg(test)]
mod tests {
    use super::is_like;

    #[test]
    fn a_star_matches_any_text() {
        assert!(is_like("openai/responses/a--cut-mid", "*/responses/*--cut-*"));
        assert!(is_like("abc", "abc"));
        assert!(is_like("abc", "a*"));
        assert!(is_like("abc", "*c"));
        assert!(!is_like("abc", "b*"));
        assert!(!is_like("abc", "*b"));
        assert!(!is_like("a", "a*a"));
        assert!(!is_like("openai/chat.completions/a--cut-mid", "*/responses/*--cut-*"));
    }
}
