//! Private keys in PEM.

use memchr::memmem;

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &str = "-----END ";
const KEY: &str = "PRIVATE KEY";

/// Maximum length of the words between `BEGIN` and the dashes.
const LABEL: usize = 40;

/// Replaces private keys. Returns the text and their number, or `None` if there are none.
pub(super) fn replace(text: &str, stand_in: &str) -> Option<(String, u64)> {
    let (mut out, mut copied, mut found) = (String::new(), 0, 0);
    for at in memmem::find_iter(text.as_bytes(), BEGIN) {
        let Some(rest) = text.get(at + BEGIN.len()..).filter(|_| at >= copied) else { continue };
        let label = rest.find("-----").filter(|end| *end <= LABEL).and_then(|end| rest.get(..end));
        if !label.is_some_and(|label| label.contains(KEY)) {
            continue;
        }
        out.push_str(&text[copied..at]);
        out.push_str(stand_in);
        copied = rest.find(END).map_or(text.len(), |end| {
            let after = at + BEGIN.len() + end + END.len();
            text[after..].find("-----").map_or(text.len(), |dashes| after + dashes + 5)
        });
        found += 1;
    }
    if found == 0 {
        return None;
    }
    out.push_str(&text[copied..]);
    Some((out, found))
}
