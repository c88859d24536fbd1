//! The structure of an attribute with content.

use super::place::TextKind;

/// The structure of an attribute with content: an array of elements of one type, or one value.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum ContentShape {
    Messages,
    Parts,
    Tools,
    /// Objects with an id and a score.
    Documents,
    /// Any JSON value; a text if it is not JSON. Its elements cannot be omitted.
    Value(TextKind),
}
