//! Names of what operations other than a model's act on.

use super::{Profile, attr};
use crate::call::{Fact, Slot};

impl Profile {
    /// The name of a fact. What only the newest conventions have a word for is ours in core.
    pub(crate) fn fact(self, fact: Fact) -> &'static str {
        let latest = self == Profile::Latest;
        match fact {
            Fact::AgentName => attr::AGENT_NAME,
            Fact::AgentId => "gen_ai.agent.id",
            Fact::AgentVersion => "gen_ai.agent.version",
            Fact::ToolName => attr::TOOL_NAME,
            Fact::ToolType => attr::TOOL_TYPE,
            Fact::ToolCallId => "gen_ai.tool.call.id",
            Fact::WorkflowName => attr::WORKFLOW_NAME,
            Fact::DataSourceId => attr::DATA_SOURCE_ID,
            Fact::TopK if latest => "gen_ai.retrieval.top_k",
            Fact::TopK => attr::REQUEST_TOP_K,
            Fact::ResponseId => attr::RESPONSE_ID,
            Fact::StreamCursor if latest => "gen_ai.request.stream_cursor",
            Fact::StreamCursor => "llm_trace.request.stream_cursor",
            Fact::MemoryStoreId if latest => "gen_ai.memory.store.id",
            Fact::MemoryStoreId => "llm_trace.memory.store.id",
            Fact::MemoryRecordId if latest => "gen_ai.memory.record.id",
            Fact::MemoryRecordId => "llm_trace.memory.record.id",
            Fact::MemoryRecordCount if latest => "gen_ai.memory.record.count",
            Fact::MemoryRecordCount => "llm_trace.memory.record.count",
            Fact::GuardrailName => "llm_trace.guardrail.name",
            Fact::GuardrailDecision => "llm_trace.guardrail.decision",
            Fact::PromptName => attr::PROMPT_NAME,
            Fact::McpMethod => "mcp.method.name",
            Fact::McpSession => "mcp.session.id",
            Fact::McpProtocolVersion => "mcp.protocol.version",
            Fact::McpResource => "mcp.resource.uri",
            Fact::RpcRequestId => "jsonrpc.request.id",
            Fact::RpcStatus => "rpc.response.status_code",
            Fact::NetworkTransport => "network.transport",
            Fact::NetworkProtocol => "network.protocol.name",
            Fact::NetworkProtocolVersion => "network.protocol.version",
            Fact::ClientAddress => "client.address",
            Fact::ClientPort => "client.port",
        }
    }

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
