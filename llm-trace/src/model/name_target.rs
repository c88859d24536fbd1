//! The second part of a span's name: a model, an agent, a tool or a data source.

use std::borrow::Cow;

use super::Operation;
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
            Some(target) => {
                let mut name = String::with_capacity(operation.len() + 1 + target.len());
                name.push_str(operation);
                name.push(' ');
                name.push_str(target);
                Cow::Owned(name)
            }
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

/// The name of a call's span by the conventions, from the attributes of the span.
pub(crate) fn name_of_attributes<'t>(text: impl Fn(&str) -> Option<Cow<'t, str>>) -> Option<String> {
    let mut facts = Facts::default();
    for fact in [
        Fact::AgentName,
        Fact::DataSourceId,
        Fact::GuardrailName,
        Fact::McpMethod,
        Fact::PromptName,
        Fact::ToolName,
        Fact::WorkflowName,
    ] {
        facts.update(fact, text(fact.key()).map(Cow::into_owned));
    }
    let operation = match facts.text(Fact::McpMethod) {
        Some(_) => Operation::McpClient,
        None => Operation::from(text(Fact::OperationName.key())?.into_owned()),
    };
    let (facts, model) = (Some(&facts), text(Fact::RequestModel.key()));
    Some(operation.name_target().name(operation.verb(facts), model.as_deref(), facts).into_owned())
}
