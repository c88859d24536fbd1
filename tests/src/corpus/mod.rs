//! Recorded exchanges with known facts, and the comparison with the facts that were read.

pub mod compare;
pub mod disputed;
pub mod exchange;
pub mod schemas;

use serde_json::{Map, Value};

/// The result of reading one exchange, from any source.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// The span's attributes.
    pub attributes: Map<String, Value>,
    /// `complete`, `error` or `truncated`; only for streams.
    pub outcome: Option<String>,
}
