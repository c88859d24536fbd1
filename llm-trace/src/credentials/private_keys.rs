//! Private keys in PEM, in any case, also percent-encoded.

use std::ops::Range;

use memchr::memmem;

/// A private key's first line starts and ends with these.
pub(super) const DASHES: &[u8] = b"-----";
const KEY: &str = "private key";

/// Maximum length of the words between `BEGIN` and the dashes.
const LABEL: usize = 60;

/// Replaces private keys. Returns the text and their number, or `None` if there are none.
pub(super) fn replace(text: &str, stand_in: &str) -> Option<(String, u64)> {
    let (mut out, mut copied, mut found) = (String::new(), 0, 0);
    for at in memmem::find_iter(text.as_bytes(), DASHES) {
        let Some(label) = label(text, at, "begin").filter(|_| at >= copied) else { continue };
        if !text[label.clone()].to_ascii_lowercase().replace("%20", " ").replace('+', " ").contains(KEY) {
            continue;
        }
        out.push_str(&text[copied..at]);
        out.push_str(stand_in);
        let mut ends = memmem::find_iter(&text.as_bytes()[label.end..], DASHES);
        let end = ends.find_map(|end| self::label(text, label.end + end, "end"));
        copied = end.map_or(text.len(), |label| label.end + DASHES.len());
        found += 1;
    }
    if found == 0 {
        return None;
    }
    out.push_str(&text[copied..]);
    Some((out, found))
}

/// The label of the line that starts with the dashes at `at` and this word.
fn label(text: &str, at: usize, word: &str) -> Option<Range<usize>> {
    // Other dashes may stand before those of the line: fewer than the next match would have.
    let after = at + DASHES.len();
    let more = text.as_bytes()[after..].iter().take(DASHES.len() - 1).take_while(|byte| **byte == b'-').count();
    let start = after + more + word.len();
    let is_word = text.get(after + more..start).is_some_and(|found| found.eq_ignore_ascii_case(word));
    let rest = text.as_bytes().get(start..).filter(|_| is_word)?;
    let end = memmem::find(&rest[..rest.len().min(LABEL)], DASHES)?;
    Some(start..start + end)
}
