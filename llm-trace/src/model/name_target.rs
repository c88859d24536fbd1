//! The second part of a span's name: a model, an agent, a tool or a data source.

use std::borrow::Cow;

use crate::semconv::{Fact, Facts};

/// The attribute that follows the operation in a span's name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum NameTarget {
    Model,
    Fact(Fact),
    /// The tool or prompt of a method.
    Method,
    Nothing,
}

impl NameTarget {
    /// The span's name, with its target if known.
    pub(crate) fn name<'n>(self, operation: &'n str, model: Option<&str>, facts: Option<&Facts>) -> Cow<'n, str> {
        match self.target(model, facts) {
            Some(target) => Cow::Owned([operation, target].join(" ")),
            None => Cow::Borrowed(operation),
        }
    }

    /// The value that completes the name, if known.
    pub(crate) fn target<'t>(self, model: Option<&'t str>, facts: Option<&'t Facts>) -> Option<&'t str> {
        match self {
            NameTarget::Model => model,
            NameTarget::Fact(fact) => facts?.text(fact),
            NameTarget::Method => facts?.text(Fact::ToolName).or_else(|| facts?.text(Fact::PromptName)),
            NameTarget::Nothing => None,
        }
    }
}
