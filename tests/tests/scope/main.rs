//! The settings of a scope are on the exported spans of every call inside it.

mod carriers;
mod crowd;
mod destinations;
mod fields;
mod identity;
mod masks;
mod places;
mod support;
mod traces;
mod updates;
