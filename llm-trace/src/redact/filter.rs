//! The one way of a text into an attribute.

use std::ops::Range;
use std::sync::Arc;

use super::policy::Policy;
use crate::json::{Text, write_str};

/// What stands in place of a masked text.
pub(crate) const REDACTED: &str = "[REDACTED]";

/// Where a text stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Place<'a> {
    pub(crate) role: &'a str,
    pub(crate) kind: Kind,
}

/// What kind of content a text is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    Text,
    Reasoning,
    Arguments,
    ToolResult,
    ToolDefinition,
    Media,
    Uri,
}

impl<'a> Place<'a> {
    pub(crate) fn text(role: &'a str) -> Self {
        Self { role, kind: Kind::Text }
    }
    pub(crate) fn reasoning(role: &'a str) -> Self {
        Self { role, kind: Kind::Reasoning }
    }
    pub(crate) fn arguments(role: &'a str) -> Self {
        Self { role, kind: Kind::Arguments }
    }
    pub(crate) fn tool_result(role: &'a str) -> Self {
        Self { role, kind: Kind::ToolResult }
    }
    pub(crate) fn media(role: &'a str) -> Self {
        Self { role, kind: Kind::Media }
    }
    pub(crate) fn uri(role: &'a str) -> Self {
        Self { role, kind: Kind::Uri }
    }
    pub(crate) fn tool_definition() -> Self {
        Self { role: "system", kind: Kind::ToolDefinition }
    }
}

/// Lets texts through, or puts a placeholder in their place, and counts what it did.
#[derive(Clone, Debug)]
pub(crate) struct Filter {
    mask: bool,
    masked: usize,
}

impl Filter {
    /// Lets everything through.
    pub(crate) fn plain() -> Self {
        Self { mask: false, masked: 0 }
    }

    /// Lets nothing through but structure.
    pub(crate) fn placeholder() -> Self {
        Self { mask: true, masked: 0 }
    }

    /// Lets through what this policy lets through of an unmasked side.
    pub(crate) fn open(_policy: &Arc<Policy>) -> Self {
        Self::plain()
    }

    /// Lets through what this policy lets through of a masked side.
    pub(crate) fn masked(_policy: &Arc<Policy>) -> Self {
        Self::placeholder()
    }

    /// Whether it has to see texts, if only to hash them.
    pub(crate) fn reads(&self) -> bool {
        !self.mask
    }

    /// Whether no text gets through as it is.
    pub(crate) fn masks(&self) -> bool {
        self.mask
    }

    /// Whether every text gets through unchanged.
    pub(crate) fn is_plain(&self) -> bool {
        !self.mask
    }

    /// Writes a text as a JSON string.
    pub(crate) fn text(&mut self, out: &mut String, text: Text<'_>, place: Place<'_>) {
        match text {
            Text::Plain(s) if !self.mask => write_str(out, s),
            _ => self.mask(out, place),
        }
    }

    /// Writes the placeholder.
    pub(crate) fn mask(&mut self, out: &mut String, _place: Place<'_>) {
        self.masked += 1;
        write_str(out, REDACTED);
    }

    /// Which messages fit into the attribute.
    pub(crate) fn fit(&mut self, messages: &[(Range<usize>, bool)]) -> Vec<bool> {
        vec![true; messages.len()]
    }

    /// Adds another filter's counts to this one's.
    pub(crate) fn absorb(&mut self, other: Filter) {
        self.masked += other.masked;
    }
}
