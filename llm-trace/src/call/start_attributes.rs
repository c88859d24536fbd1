//! What a span was started with.

use super::call_record::CallRecord;
use crate::semconv::Fact;

/// Which of the attributes were there when the span started.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Started {
    pub(crate) provider: bool,
    pub(crate) model: bool,
    pub(crate) server: bool,
    /// What the span is named after was known.
    pub(crate) named: bool,
    agent: bool,
    tool: bool,
    tool_type: bool,
    /// What is returned is no message.
    pub(super) returns_no_message: bool,
}

impl Started {
    pub(super) fn of(state: &CallRecord) -> Self {
        Self {
            provider: state.provider.is_some(),
            model: state.request.model.is_some(),
            server: state.server.is_some(),
            named: state.name.is_some() || state.target().is_some(),
            agent: state.fact(Fact::AgentName).is_some(),
            tool: state.fact(Fact::ToolName).is_some(),
            tool_type: state.fact(Fact::ToolType).is_some(),
            returns_no_message: state.answer_slot().is_some() || state.operation.is_silent(),
        }
    }

    /// Whether a fact was there.
    pub(crate) fn has(self, fact: Fact) -> bool {
        match fact {
            Fact::AgentName => self.agent,
            Fact::ToolName => self.tool,
            Fact::ToolType => self.tool_type,
            _ => false,
        }
    }
}
