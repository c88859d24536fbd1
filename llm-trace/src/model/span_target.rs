//! The target that completes the name of a span: a model, an agent, a tool, a data source.

use std::borrow::Cow;

use crate::semconv::{Fact, Facts};

/// What the conventions put behind the operation in a span's name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum NamedAfter {
    Model,
    Fact(Fact),
    /// The tool or the prompt of a method.
    Method,
    Nothing,
}

impl NamedAfter {
    /// The name, where what it is named after is known.
    pub(crate) fn name<'n>(self, operation: &'n str, model: Option<&str>, facts: Option<&Facts>) -> Cow<'n, str> {
        match self.target(model, facts) {
            Some(target) => Cow::Owned([operation, target].join(" ")),
            None => Cow::Borrowed(operation),
        }
    }

    /// What it is named after, if that is known.
    pub(crate) fn target<'t>(self, model: Option<&'t str>, facts: Option<&'t Facts>) -> Option<&'t str> {
        match self {
            NamedAfter::Model => model,
            NamedAfter::Fact(fact) => facts?.text(fact),
            NamedAfter::Method => facts?.text(Fact::ToolName).or_else(|| facts?.text(Fact::PromptName)),
            NamedAfter::Nothing => None,
        }
    }
}
