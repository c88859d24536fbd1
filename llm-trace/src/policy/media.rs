//! The digest that replaces media above the size limit.

use std::io::Read as _;

use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use sha2::{Digest as _, Sha256};

use super::style::push_hex;

/// The size and SHA-256 of media, which identify them in another store.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct MediaDigest {
    /// Size in bytes, decoded.
    pub(crate) bytes: u64,
    pub(crate) sha256: String,
}

impl MediaDigest {
    /// The digest of base64 media, or of the text itself if it is not base64.
    pub(crate) fn of_base64(content: &str) -> Self {
        let (bytes, hash) = decode(content).unwrap_or_else(|| (content.len() as u64, Sha256::digest(content).into()));
        let mut sha256 = String::with_capacity(64);
        push_hex(&mut sha256, &hash);
        Self { bytes, sha256 }
    }
}

fn decode(content: &str) -> Option<(u64, [u8; 32])> {
    let lenient = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let alphabet = if content.contains(['-', '_']) { base64::alphabet::URL_SAFE } else { base64::alphabet::STANDARD };
    let engine = GeneralPurpose::new(&alphabet, lenient);
    let mut reader = base64::read::DecoderReader::new(content.as_bytes(), &engine);
    let (mut hash, mut chunk, mut bytes) = (Sha256::new(), [0; 4096], 0);
    loop {
        match reader.read(&mut chunk).ok()? {
            0 => return Some((bytes, hash.finalize().into())),
            n => {
                hash.update(&chunk[..n]);
                bytes += n as u64;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_are_hashed_decoded() {
        let hello = MediaDigest {
            bytes: 5,
            sha256: "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824".to_owned(),
        };
        assert_eq!(MediaDigest::of_base64("aGVsbG8="), hello);
        assert_eq!(MediaDigest::of_base64("aGVsbG8"), hello);
        assert_eq!(MediaDigest::of_base64("no base64!").bytes, 10);
    }
}
