//! What the tables know of each attribute.

use super::names::Names;

/// A row of the table of facts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    pub(crate) names: Names,
    pub(crate) value: ValueType,
    pub(crate) kind: FactKind,
    /// Whether metrics may have it as a label.
    pub(crate) label: bool,
    /// One sentence for people.
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
    /// A double in the core conventions, an integer in the newest.
    FloatThenInt,
    /// Whatever the user gives.
    Any,
}

/// What kind of text a fact is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum FactKind {
    /// A name, an id or a word that some API defines: checked where it enters.
    Identifier,
    /// An identifier of a person, a session or a key, which a policy can hash.
    Identity,
    /// No text: a number or a flag.
    Number,
    /// The user's own text.
    Free,
}
