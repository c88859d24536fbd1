//! Keys by their hashes: a key that is written in the code has its hash when it is compiled.

/// Tells most keys apart.
pub(super) type Hash = u16;

#[inline]
pub(super) const fn hash(key: &str) -> Hash {
    hash_of(key.as_bytes(), key.len())
}

/// Of as many bytes at the start.
#[inline]
const fn hash_of(key: &[u8], len: usize) -> Hash {
    if len == 0 {
        return 0;
    }
    let (first, middle, last) = (key[0] as usize, key[len / 2] as usize, key[len - 1] as usize);
    (len.wrapping_mul(37) ^ first.wrapping_mul(5) ^ middle.wrapping_mul(67) ^ last.wrapping_mul(17)) as Hash
}

/// The first key of a dotted path.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct First {
    pub(super) hash: Hash,
    len: u16,
}

impl First {
    pub(crate) const fn of(path: &str) -> Self {
        let bytes = path.as_bytes();
        let mut len = 0;
        while len < bytes.len() && bytes[len] != b'.' {
            len += 1;
        }
        Self { hash: hash_of(bytes, len), len: len as u16 }
    }

    /// In bytes.
    #[inline]
    pub(crate) const fn len(self) -> usize {
        self.len as usize
    }
}

/// The keys of an object, by their hashes: it may have others that look like these. The last bit says that two of
/// them look alike.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Bits([u64; 2]);

impl Bits {
    const ALIKE: u64 = 1 << 63;
    pub(super) const NONE: Self = Self([0; 2]);
    /// Of an object that is still open.
    pub(super) const ALL: Self = Self([u64::MAX; 2]);

    /// Of these keys, or of the first keys of dotted paths.
    pub(crate) const fn of(paths: &[&str]) -> Self {
        let (mut all, mut at) = (Self::NONE, 0);
        while at < paths.len() {
            all = all.with(First::of(paths[at]).hash);
            at += 1;
        }
        all
    }

    #[inline]
    pub(super) const fn with(self, hash: Hash) -> Self {
        let Self([low, high]) = self;
        let high = if self.has(hash) { high | Self::ALIKE } else { high };
        let bit = 1 << (hash % 64);
        Self(if hash & 64 == 0 { [low | bit, high] } else { [low, high | bit] })
    }

    /// Whether no key is there twice.
    #[inline]
    pub(super) const fn are_unique(self) -> bool {
        self.0[1] & Self::ALIKE == 0
    }

    #[inline]
    pub(super) const fn has(self, hash: Hash) -> bool {
        let Self([low, high]) = self;
        (if hash & 64 == 0 { low } else { high }) & (1 << (hash % 64)) != 0
    }

    #[inline]
    pub(super) const fn meets(self, other: Self) -> bool {
        (self.0[0] & other.0[0]) | (self.0[1] & other.0[1]) != 0
    }
}
