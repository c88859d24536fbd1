//! The columns of the tables.

use super::names::Names;

/// A row of the table of facts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    pub(crate) names: Names,
    pub(crate) value: ValueType,
    pub(crate) kind: FactKind,
    /// Whether metrics may use it as an attribute.
    pub(crate) label: bool,
    /// One sentence for the documentation.
    pub(crate) doc: &'static str,
}

/// The type of an attribute's value.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum ValueType {
    Text,
    Texts,
    Int,
    Float,
    Bool,
    /// A double in the core conventions, an integer in the latest.
    FloatThenInt,
    /// Any type, set by the user.
    Any,
}

/// The kind of a fact's text.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum FactKind {
    /// A name, id or code that some API defines; checked when it is set.
    Identifier,
    /// An identifier of a person, a session or a key, which a policy can hash.
    Identity,
    /// Not a text: a number or a flag.
    Number,
    /// Text set by the user.
    Free,
}
