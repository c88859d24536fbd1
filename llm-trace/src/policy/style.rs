//! The replacement for masked content.

use std::fmt;
use std::sync::Arc;

use hmac_sha256::HMAC;

use crate::credentials::REDACTED;

/// The replacement for masked content.
///
/// ```
/// use llm_trace::{Policy, Style};
///
/// let key = *b"a key of thirty-two random bytes";
/// let omitted = Policy::new().mask_input(true).style(Style::Drop);
/// let hashed = Policy::new().mask_input(true).style(Style::hash(key));
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum Style {
    /// Keeps the structure (roles, part types, tool names, call ids, finish reasons, counts) and replaces every text by
    /// `[REDACTED]`.
    #[default]
    Placeholder,
    /// Omits the attribute.
    Drop,
    /// Like `Placeholder`, with a keyed HMAC-SHA-256 of each text, so that equal texts can be matched.
    Hash(HashKey),
}

impl Style {
    /// Hashes each text with HMAC-SHA-256 under `key`.
    ///
    /// Keep the key secret: anyone who has it can guess short texts by hashing candidates.
    pub fn hash(key: impl Into<Vec<u8>>) -> Self {
        Style::Hash(HashKey::new(key))
    }
}

const DIGEST: &str = "hmac-sha256:";

/// The key of a keyed hash. `Debug` does not print it.
///
/// ```
/// use llm_trace::{HashKey, Policy, Style};
///
/// let key = HashKey::new(*b"a key of thirty-two random bytes");
/// assert!(!format!("{key:?}").contains("thirty"));
/// let policy = Policy::new().mask_input(true).style(Style::Hash(key));
/// ```
#[derive(Clone)]
pub struct HashKey(Option<Arc<[u8]>>);

impl HashKey {
    /// Takes a key of any length; 32 random bytes are recommended. With an empty key, texts are replaced by
    /// `[REDACTED]` instead and a warning is logged.
    pub fn new(key: impl Into<Vec<u8>>) -> Self {
        let key = key.into();
        if key.is_empty() {
            crate::diag::warn_once("hash-key", "an empty hash key is invalid: texts are replaced by [REDACTED]");
            return Self(None);
        }
        Self(Some(key.into()))
    }

    /// `hmac-sha256:` and 64 hex digits.
    pub(crate) fn digest(&self, text: &str) -> String {
        let Some(key) = &self.0 else { return REDACTED.to_owned() };
        let mut out = String::with_capacity(DIGEST.len() + 64);
        out.push_str(DIGEST);
        push_hex(&mut out, &HMAC::mac(text, key));
        out
    }

    /// Whether `text` is the output of [`digest`](Self::digest).
    pub(crate) fn is_digest(text: &str) -> bool {
        text.strip_prefix(DIGEST).is_some_and(|hex| hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_hexdigit()))
    }
}

impl fmt::Debug for HashKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HashKey(..)")
    }
}

pub(crate) fn push_hex(out: &mut String, bytes: &[u8]) {
    for byte in bytes {
        for digit in [byte >> 4, byte & 0xf] {
            out.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_the_standard_one() {
        // RFC 4231, test cases 1, 2, 6 and 7: the last two have a key longer than a block.
        let long_key = vec![0xaa; 131];
        for (key, text, digest) in [
            (vec![0x0b; 20], "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
            (
                b"Jefe".to_vec(),
                "what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
            (
                long_key.clone(),
                "Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
            ),
            (
                long_key,
                "This is a test using a larger than block-size key and a larger than block-size data. The key needs to \
                 be hashed before being used by the HMAC algorithm.",
                "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
            ),
        ] {
            assert_eq!(HashKey::new(key).digest(text), format!("hmac-sha256:{digest}"));
        }
    }

    #[test]
    fn an_empty_key_is_refused() {
        assert_eq!(HashKey::new("").digest("yes"), REDACTED);
    }

    #[test]
    fn the_key_is_not_shown() {
        assert_eq!(format!("{:?}", Style::hash("geheim")), "Hash(HashKey(..))");
    }
}
