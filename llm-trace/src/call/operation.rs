//! What a call does.

use std::borrow::Cow;

/// What a call does: `gen_ai.operation.name`.
///
/// ```
/// use llm_trace::Operation;
///
/// assert_eq!(Operation::Chat.as_str(), "chat");
/// assert_eq!(Operation::from("rerank").as_str(), "rerank");
/// ```
///
/// Source: [GenAI spans](https://github.com/open-telemetry/semantic-conventions/blob/v1.41.1/docs/gen-ai/gen-ai-spans.md).
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Operation {
    /// Chat completions, whatever the API calls them (OpenAI Responses, Anthropic messages, …).
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
    /// An operation the conventions have no word for.
    Custom(Cow<'static, str>),
}

impl Operation {
    /// The value of `gen_ai.operation.name`.
    pub fn as_str(&self) -> &str {
        match self {
            Operation::Chat => "chat",
            Operation::GenerateContent => "generate_content",
            Operation::TextCompletion => "text_completion",
            Operation::Embeddings => "embeddings",
            Operation::Retrieval => "retrieval",
            Operation::CreateAgent => "create_agent",
            Operation::InvokeAgent => "invoke_agent",
            Operation::ExecuteTool => "execute_tool",
            Operation::InvokeWorkflow => "invoke_workflow",
            Operation::Custom(name) => name,
        }
    }

    /// Whether a model answers: what the conventions call an inference.
    #[cfg(feature = "otel")]
    pub(crate) fn is_inference(&self) -> bool {
        matches!(self, Operation::Chat | Operation::GenerateContent | Operation::TextCompletion)
    }

    /// Whether other calls are made below it on behalf of the same task.
    #[cfg(feature = "otel")]
    pub(crate) fn is_agent(&self) -> bool {
        matches!(self, Operation::InvokeAgent | Operation::InvokeWorkflow)
    }

    /// The value of `otel.kind`: what runs in this process is internal.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Operation::ExecuteTool | Operation::InvokeWorkflow => "internal",
            _ => "client",
        }
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
        match &*name {
            "chat" => Operation::Chat,
            "generate_content" => Operation::GenerateContent,
            "text_completion" => Operation::TextCompletion,
            "embeddings" => Operation::Embeddings,
            "retrieval" => Operation::Retrieval,
            "create_agent" => Operation::CreateAgent,
            "invoke_agent" => Operation::InvokeAgent,
            "execute_tool" => Operation::ExecuteTool,
            "invoke_workflow" => Operation::InvokeWorkflow,
            _ => Operation::Custom(name),
        }
    }
}
