//! The digest that replaces media above the size limit.

use std::io::Read as _;

use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use hmac_sha256::Hash as Sha256;

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
        let (bytes, hash) = decode(content).unwrap_or_else(|| (content.len() as u64, Sha256::hash(content.as_bytes())));
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
            0 => return Some((bytes, hash.finalize())),
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
        assert_eq!(
            MediaDigest::of_base64("").sha256,
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
    }

    #[test]
    fn media_longer_than_a_chunk_are_hashed_whole() {
        // The example of FIPS 180-2: a million times "a".
        let million = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, "a".repeat(1_000_000));
        let digest = MediaDigest::of_base64(&million);
        assert_eq!(digest.bytes, 1_000_000);
        assert_eq!(digest.sha256, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    }
}
