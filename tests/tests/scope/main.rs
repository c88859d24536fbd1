//! What a scope says is on the exported spans of every call below it.

mod crowd;
mod destinations;
mod fields;
mod identity;
mod masks;
mod places;
mod support;
mod traces;
mod updates;
