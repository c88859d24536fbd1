//! Recorded exchanges with known facts, and how what we read of them compares.

pub mod compare;
pub mod disputed;
pub mod exchange;
pub mod schemas;

use serde_json::{Map, Value};

/// What was read of one exchange, from whatever source.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// The span's attributes.
    pub attributes: Map<String, Value>,
    /// `complete`, `error` or `truncated`; of streams only.
    pub outcome: Option<String>,
}
