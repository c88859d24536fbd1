//! What a scope says is on the exported spans of every call below it.

mod masks;
mod support;
