//! Reads JSON from text, from a `serde_json::Value` or from any `T: Serialize`.
//!
//! Facts are [`Found`] by one walk along the paths of a table; other values are skipped. Content is read from a
//! [`JsonView`], a flat, borrowed view that is built only if the policy permits content.

// Bytes come from providers.
#![cfg_attr(not(test), warn(clippy::indexing_slicing, clippy::string_slice))]

mod build;
mod found;
mod found_node;
mod keys;
mod node;
mod scan;
mod serialize;
mod serialize_container;
mod string_only;
#[allow(clippy::indexing_slicing, reason = "its table is built at compile time, where a wrong index is an error")]
mod trie;
mod value;
mod walk;
mod walk_serialize;
pub(crate) mod work;
mod write;

/// Deeper values are omitted. `serde_json` reads 128 levels, and a document is recorded inside of messages and parts.
pub(crate) const MAX_DEPTH: usize = 120;

pub(crate) use build::JsonView;
pub(crate) use found::Found;
pub(crate) use found_node::FoundNode;
pub(crate) use keys::Mode;
pub(crate) use keys::known_keys;
pub(crate) use node::{Node, Text, Tree};
pub(crate) use string_only::is_text;
pub(crate) use trie::{Group, Keep, Key, Trie, first_step};
pub(crate) use write::{JsonOutput, is_document, is_json, is_special, write_str};

#[cfg(test)]
mod tests;
