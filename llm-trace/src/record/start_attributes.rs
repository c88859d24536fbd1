//! The attributes set when a span starts.

use super::CallRecord;
use crate::semconv::Fact;

/// Flags for the attributes that were set when the span started.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Started {
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

impl Started {
    pub(crate) fn of(state: &CallRecord) -> Self {
        Self {
            provider: state.provider.is_some(),
            model: state.request.has(Fact::RequestModel),
            server: state.server.is_some(),
            named: state.name.is_some() || state.target().is_some(),
            agent: state.fact(Fact::AgentName).is_some(),
            tool: state.fact(Fact::ToolName).is_some(),
            tool_type: state.fact(Fact::ToolType).is_some(),
            returns_no_message: state.answer_field().is_some() || state.operation.is_silent(),
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
