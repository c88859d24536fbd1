//! What an operation acts on: an agent, a tool, a data source, a workflow.

use std::borrow::Cow;

use super::captured::What;
use crate::value::AttributeValue;

/// A fact of what an operation acts on. Never content.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fact {
    AgentName,
    AgentId,
    AgentVersion,
    ToolName,
    ToolType,
    ToolCallId,
    WorkflowName,
    DataSourceId,
    TopK,
    ResponseId,
    StreamCursor,
    MemoryStoreId,
    MemoryRecordId,
    MemoryRecordCount,
    GuardrailName,
    GuardrailDecision,
    PromptName,
    McpMethod,
    McpSession,
    McpProtocolVersion,
    McpResource,
    RpcRequestId,
    RpcStatus,
    NetworkTransport,
    NetworkProtocol,
    NetworkProtocolVersion,
    ClientAddress,
    ClientPort,
}

/// A place for content that an operation has beside messages.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Slot {
    AgentDescription,
    ToolDescription,
    ToolArguments,
    ToolResult,
    Query,
    Documents,
    MemoryQuery,
    MemoryRecords,
    Judged,
    Decided,
}

/// What is known of it before the call starts.
#[derive(Default)]
pub(crate) struct Given<'a> {
    pub(crate) facts: Facts,
    pub(crate) content: Vec<(Slot, What<'a>)>,
}

/// Facts, each once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts(Vec<(Fact, AttributeValue)>);

impl Facts {
    /// Sets a fact. An empty text is none.
    pub(crate) fn set(&mut self, fact: Fact, value: AttributeValue) {
        if matches!(&value, AttributeValue::Str(text) if text.is_empty()) {
            return;
        }
        match self.0.iter_mut().find(|(known, _)| *known == fact) {
            Some((_, known)) => *known = value,
            None => self.0.push((fact, value)),
        }
    }

    /// Takes over what is not known yet.
    #[cfg(feature = "otel")]
    pub(crate) fn fill(&mut self, other: Facts) {
        for (fact, value) in other.0 {
            if !self.0.iter().any(|(known, _)| *known == fact) {
                self.0.push((fact, value));
            }
        }
    }

    /// A fact's text.
    pub(crate) fn text(&self, fact: Fact) -> Option<&str> {
        self.0.iter().find_map(|(known, value)| match value {
            AttributeValue::Str(text) if *known == fact => Some(&**text),
            _ => None,
        })
    }

    #[cfg(feature = "otel")]
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Fact, &AttributeValue)> {
        self.0.iter().map(|(fact, value)| (*fact, value))
    }
}

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
