//! The names and the kind of a call's span.

use std::borrow::Cow;

use super::CallRecord;
use crate::model::Operation;
use crate::semconv::{ContentField, Fact, Facts};

impl CallRecord {
    /// The name of the span: the user's, or that of the conventions.
    pub(crate) fn span_name(&self) -> Cow<'_, str> {
        self.name.as_deref().map_or_else(|| self.conventional_name(), Cow::Borrowed)
    }

    /// The name of the span by the conventions.
    pub(crate) fn conventional_name(&self) -> Cow<'_, str> {
        let facts = self.subject_facts();
        self.operation.name_target().name(self.operation.verb(facts), self.request.text(Fact::RequestModel), facts)
    }

    /// The value that completes the span's name, if known.
    pub(crate) fn target(&self) -> Option<&str> {
        self.operation.name_target().target(self.request.text(Fact::RequestModel), self.subject_facts())
    }

    pub(crate) fn subject_facts(&self) -> Option<&Facts> {
        self.subject.as_ref().map(|subject| &subject.facts)
    }

    /// The value of `gen_ai.operation.name`, if any.
    pub(crate) fn operation_name(&self) -> Option<&str> {
        self.operation.name(self.subject_facts())
    }

    /// The attribute for the function's return value, unless it is a model's response.
    pub(crate) fn answer_field(&self) -> Option<ContentField> {
        let calls_tool = self.operation.is_mcp() && self.operation_name().is_some();
        if calls_tool { Some(ContentField::ToolResult) } else { self.operation.answer_field() }
    }

    /// The value of `otel.kind`.
    pub(crate) fn kind(&self) -> &'static str {
        self.operation.kind(self.remote, self.provider.is_some() || self.server.is_some())
    }

    /// Whether it is an agent that runs in this process.
    pub(crate) fn is_internal_agent(&self) -> bool {
        self.operation == Operation::InvokeAgent && self.kind() == "internal"
    }

    /// Whether the conventions require the name of the surrounding agent, and it is not set yet.
    pub(crate) fn belongs_to_agent(&self) -> bool {
        matches!(self.operation, Operation::ExecuteTool | Operation::Plan) && self.fact(Fact::AgentName).is_none()
    }
}
