//! The operation of a call.

use std::borrow::Cow;

use super::name_target::NameTarget;
use crate::semconv::ContentField;
use crate::semconv::{Fact, Facts};

/// The method name of a tool call.
pub(crate) const TOOL_CALL: &str = "tools/call";

/// The operation of a call: `gen_ai.operation.name`.
///
/// ```
/// use llm_trace::Operation;
///
/// assert_eq!(Operation::Chat.as_str(), "chat");
/// assert_eq!(Operation::from("rerank").as_str(), "rerank");
/// ```
///
/// Source: [GenAI
/// spans](https://github.com/open-telemetry/semantic-conventions/blob/v1.41.1/docs/gen-ai/gen-ai-spans.md).
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Operation {
    /// Chat completions, under any API name (OpenAI Responses, Anthropic Messages, …).
    #[default]
    Chat,
    /// Multimodal content generation, as in Gemini's `generateContent`.
    GenerateContent,
    /// Legacy text completions.
    TextCompletion,
    /// Embeddings.
    Embeddings,
    /// Retrieval from a data source.
    Retrieval,
    /// Creation of an agent.
    CreateAgent,
    /// Invocation of an agent.
    InvokeAgent,
    /// Execution of a tool.
    ExecuteTool,
    /// Invocation of a workflow.
    InvokeWorkflow,
    /// Fetching of a response started earlier, as in OpenAI's background mode. Latest conventions.
    FetchResponse,
    /// An agent's planning. Latest conventions.
    Plan,
    /// Creation of a memory store. All memory operations belong to the latest conventions.
    CreateMemoryStore,
    /// Search for memories.
    SearchMemory,
    /// Creation of memories.
    CreateMemory,
    /// Update of memories.
    UpdateMemory,
    /// Creation or update of memories.
    UpsertMemory,
    /// Deletion of memories.
    DeleteMemory,
    /// Deletion of a memory store.
    DeleteMemoryStore,
    /// A guardrail's decision: `apply_guardrail`, defined by llm-trace.
    ApplyGuardrail,
    /// A request or notification of the Model Context Protocol, on the sending side. Its span is named after the
    /// method. `gen_ai.operation.name` is `execute_tool` for tool calls, otherwise absent.
    McpClient,
    /// The same on the receiving side.
    McpServer,
    /// An operation that the conventions do not define.
    Custom(Cow<'static, str>),
}

/// The names of the conventions and of llm-trace.
const KNOWN: &[(&str, Operation)] = &[
    ("chat", Operation::Chat),
    ("generate_content", Operation::GenerateContent),
    ("text_completion", Operation::TextCompletion),
    ("embeddings", Operation::Embeddings),
    ("retrieval", Operation::Retrieval),
    ("create_agent", Operation::CreateAgent),
    ("invoke_agent", Operation::InvokeAgent),
    ("execute_tool", Operation::ExecuteTool),
    ("invoke_workflow", Operation::InvokeWorkflow),
    ("fetch_response", Operation::FetchResponse),
    ("plan", Operation::Plan),
    ("create_memory_store", Operation::CreateMemoryStore),
    ("search_memory", Operation::SearchMemory),
    ("create_memory", Operation::CreateMemory),
    ("update_memory", Operation::UpdateMemory),
    ("upsert_memory", Operation::UpsertMemory),
    ("delete_memory", Operation::DeleteMemory),
    ("delete_memory_store", Operation::DeleteMemoryStore),
    ("apply_guardrail", Operation::ApplyGuardrail),
    ("mcp.client", Operation::McpClient),
    ("mcp.server", Operation::McpServer),
];

impl Operation {
    /// The value of `gen_ai.operation.name`; for messages of the Model Context Protocol, a name defined by llm-trace.
    pub fn as_str(&self) -> &str {
        match self {
            Operation::Custom(name) => name,
            known => known.known_name(),
        }
    }

    fn known_name(&self) -> &'static str {
        match self {
            // The most frequent operation first.
            Operation::Chat => "chat",
            known => KNOWN.iter().find(|(_, operation)| operation == known).map_or("", |(name, _)| name),
        }
    }

    /// Whether a model generates a response: an inference in terms of the conventions.
    pub(crate) fn is_inference(&self) -> bool {
        matches!(self, Operation::Chat | Operation::GenerateContent | Operation::TextCompletion)
    }

    /// Whether it makes other calls for the same task.
    pub(crate) fn is_agent(&self) -> bool {
        matches!(self, Operation::InvokeAgent | Operation::InvokeWorkflow)
    }

    /// Whether it calls a model, so that a nested call with the same operation may be the same call.
    pub(crate) fn is_model_call(&self) -> bool {
        self.is_inference() || *self == Operation::Embeddings
    }

    /// The value of `otel.kind`: internal if it runs in this process. `remote` is the user's setting; otherwise
    /// `client` states whether the call has a provider or a server.
    pub(crate) fn kind(&self, remote: Option<bool>, client: bool) -> &'static str {
        match self {
            Operation::McpClient => return "client",
            Operation::McpServer => return "server",
            _ => {}
        }
        let remote = remote.unwrap_or(match self {
            Operation::ExecuteTool | Operation::InvokeWorkflow | Operation::Plan => false,
            Operation::InvokeAgent | Operation::ApplyGuardrail => client,
            _ => true,
        });
        if remote { "client" } else { "internal" }
    }

    /// The attribute that completes its span's name.
    pub(crate) fn name_target(&self) -> NameTarget {
        match self {
            Operation::Retrieval => NameTarget::Fact(Fact::DataSourceId),
            Operation::CreateAgent | Operation::InvokeAgent | Operation::Plan => NameTarget::Fact(Fact::AgentName),
            Operation::ExecuteTool => NameTarget::Fact(Fact::ToolName),
            Operation::InvokeWorkflow => NameTarget::Fact(Fact::WorkflowName),
            Operation::ApplyGuardrail => NameTarget::Fact(Fact::GuardrailName),
            Operation::McpClient | Operation::McpServer => NameTarget::Method,
            Operation::FetchResponse => NameTarget::Nothing,
            other if other.is_memory() => NameTarget::Nothing,
            _ => NameTarget::Model,
        }
    }

    /// The attribute for the function's return value, unless it is a model's response.
    pub(crate) fn answer_field(&self) -> Option<ContentField> {
        match self {
            Operation::ExecuteTool => Some(ContentField::ToolResult),
            Operation::Retrieval => Some(ContentField::Documents),
            Operation::SearchMemory => Some(ContentField::MemoryRecords),
            Operation::ApplyGuardrail => Some(ContentField::Decided),
            _ => None,
        }
    }

    /// Whether only errors are read from the function's return value.
    pub(crate) fn is_silent(&self) -> bool {
        matches!(self, Operation::CreateAgent | Operation::Plan) || self.is_mcp() || self.is_memory()
    }

    /// Whether it is a message of the Model Context Protocol.
    pub(crate) fn is_mcp(&self) -> bool {
        matches!(self, Operation::McpClient | Operation::McpServer)
    }

    /// The value of `gen_ai.operation.name`, if any.
    pub(crate) fn name(&self, facts: Option<&Facts>) -> Option<&str> {
        if !self.is_mcp() {
            return Some(self.as_str());
        }
        (facts?.text(Fact::McpMethod) == Some(TOOL_CALL)).then_some("execute_tool")
    }

    /// The first word of its span's name.
    pub(crate) fn verb<'o>(&'o self, facts: Option<&'o Facts>) -> &'o str {
        let method = || facts.and_then(|facts| facts.text(Fact::McpMethod));
        if self.is_mcp() { method().unwrap_or(self.as_str()) } else { self.as_str() }
    }

    fn is_memory(&self) -> bool {
        matches!(
            self,
            Operation::CreateMemoryStore
                | Operation::SearchMemory
                | Operation::CreateMemory
                | Operation::UpdateMemory
                | Operation::UpsertMemory
                | Operation::DeleteMemory
                | Operation::DeleteMemoryStore
        )
    }
}

impl From<&'static str> for Operation {
    fn from(name: &'static str) -> Self {
        Self::from(Cow::Borrowed(name))
    }
}

impl From<String> for Operation {
    fn from(name: String) -> Self {
        Self::from(Cow::Owned(name))
    }
}

impl From<Cow<'static, str>> for Operation {
    fn from(name: Cow<'static, str>) -> Self {
        match KNOWN.iter().find(|(known, _)| *known == name) {
            Some((_, operation)) => operation.clone(),
            None => Operation::Custom(name),
        }
    }
}
