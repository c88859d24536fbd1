//! The attributes set when a span starts.

use super::CallRecord;
use crate::semconv::Fact;

/// Flags for the attributes that were set when the span started.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StartAttributes {
    pub(crate) provider: bool,
    pub(crate) model: bool,
    pub(crate) server: bool,
    /// The span's name includes its target.
    pub(crate) named: bool,
    agent: bool,
    tool: bool,
    tool_type: bool,
    /// The return value is not a message.
    pub(crate) returns_no_message: bool,
}

impl StartAttributes {
    pub(crate) fn of(record: &CallRecord) -> Self {
        Self {
            provider: record.provider.is_some(),
            model: record.request.has(Fact::RequestModel),
            server: record.server.is_some(),
            named: record.name.is_some() || record.target().is_some(),
            agent: record.fact(Fact::AgentName).is_some(),
            tool: record.fact(Fact::ToolName).is_some(),
            tool_type: record.fact(Fact::ToolType).is_some(),
            returns_no_message: record.answer_field().is_some() || record.operation.is_silent(),
        }
    }

    /// Whether a fact was set.
    pub(crate) fn has(self, fact: Fact) -> bool {
        match fact {
            Fact::ProviderName => self.provider,
            Fact::RequestModel => self.model,
            Fact::ServerAddress | Fact::ServerPort => self.server,
            Fact::AgentName => self.agent,
            Fact::ToolName => self.tool,
            Fact::ToolType => self.tool_type,
            _ => false,
        }
    }
}
