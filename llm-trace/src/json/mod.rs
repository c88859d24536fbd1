//! A flat, borrowed view of one JSON document.
//!
//! `serde_json` parses; this keeps what the [`Mode`] asks for and skips the rest without
//! building it, whether the source is JSON text, a `serde_json::Value` or any `T: Serialize`.
//! Readers see nothing but [`Node`], so content that was not permitted cannot reach them.

mod build;
mod hash;
mod index;
mod keys;
mod node;
mod only_text;
mod serialize;
mod shape;
mod value;
pub(crate) mod work;
mod write;

/// As deep as `serde_json` reads: what lies deeper is left out.
pub(crate) const MAX_DEPTH: usize = 127;

pub(crate) use build::Doc;
pub(crate) use hash::{Bits, First};
#[cfg(feature = "internal")]
pub(crate) use keys::known_keys;
pub(crate) use keys::{Mode, is_unread};
pub(crate) use node::{Node, Text, any};
pub(crate) use only_text::is_text;
pub(crate) use shape::Shape;
pub(crate) use write::{Sink, is_json, plain_len, write_str};

#[cfg(test)]
mod tests;
