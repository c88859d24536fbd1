//! Names of content beside messages.

use super::Profile;
use crate::call::Slot;

impl Profile {
    /// The name of content.
    pub(crate) fn slot(self, slot: Slot) -> &'static str {
        let latest = self == Profile::Latest;
        match slot {
            Slot::AgentDescription => "gen_ai.agent.description",
            Slot::ToolDescription => "gen_ai.tool.description",
            Slot::ToolArguments => "gen_ai.tool.call.arguments",
            Slot::ToolResult => "gen_ai.tool.call.result",
            Slot::Query => "gen_ai.retrieval.query.text",
            Slot::Documents => "gen_ai.retrieval.documents",
            Slot::MemoryQuery if latest => "gen_ai.memory.query.text",
            Slot::MemoryQuery => "llm_trace.memory.query.text",
            Slot::MemoryRecords if latest => "gen_ai.memory.records",
            Slot::MemoryRecords => "llm_trace.memory.records",
            Slot::Judged => "llm_trace.guardrail.judged",
            Slot::Decided => "llm_trace.guardrail.decided",
        }
    }
}
