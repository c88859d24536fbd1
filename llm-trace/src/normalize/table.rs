//! The table of old and crate-specific names, and of attribute types.
//!
//! It is based on the sources of `rig` 0.30 and 0.44 (rig-core) and `genai` 0.7, and on earlier releases of the
//! conventions.

use crate::semconv::{ContentField, Fact, Profile, ValueType};

/// The type of a value by the conventions.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    /// Unchanged.
    Any,
    Int,
    Double,
    /// True or absent.
    Flag,
    Texts,
    Operation,
    Provider,
    InputMessages,
    OutputMessages,
    Instructions,
    Tools,
    /// Structured: JSON text on spans.
    Json,
}

const RENAMED: &[(&str, &str)] = &[
    ("gen_ai.completion", ContentField::OutputMessages.key()),
    ("gen_ai.prompt", ContentField::InputMessages.key()),
    ("gen_ai.request.encoding_format", Fact::RequestEncodingFormats.key()),
    ("gen_ai.response.finish_reason", Fact::FinishReasons.key()),
    // rig's reader of non-streaming responses.
    ("gen_ai.response.model_name", Fact::ResponseModel.key()),
    ("gen_ai.system", Fact::ProviderName.key()),
    ("gen_ai.tool.description.text", "gen_ai.tool.description"),
    ("gen_ai.usage.cached_input_tokens", Fact::UsageCacheRead.key()),
    ("gen_ai.usage.completion_tokens", Fact::UsageOutput.key()),
    ("gen_ai.usage.prompt_tokens", Fact::UsageInput.key()),
    // rig since 0.40.
    ("gen_ai.usage.reasoning_tokens", Fact::UsageReasoning.key()),
];

/// The current name of an attribute, if it differs.
pub(super) fn renamed(key: &str, profile: Profile) -> Option<&'static str> {
    if matches!(key, "gen_ai.usage.cache_creation.input_tokens" | "gen_ai.usage.cache_write.input_tokens") {
        return Fact::UsageCacheWrite.name(profile).filter(|name| *name != key);
    }
    RENAMED.iter().find(|(old, _)| *old == key).map(|(_, new)| *new)
}

/// The type of an attribute with a current name.
pub(super) fn kind(key: &str, profile: Profile) -> Kind {
    if let Some(fact) = Fact::from_name(key) {
        return match (fact, fact.row().value) {
            (Fact::OperationName, _) => Kind::Operation,
            (Fact::ProviderName, _) => Kind::Provider,
            (_, ValueType::FloatThenInt) if profile == Profile::Core => Kind::Double,
            (_, ValueType::Int | ValueType::FloatThenInt) => Kind::Int,
            (_, ValueType::Float) => Kind::Double,
            (_, ValueType::Bool) => Kind::Flag,
            (_, ValueType::Texts) => Kind::Texts,
            (_, ValueType::Text | ValueType::Any) => Kind::Any,
        };
    }
    match ContentField::ALL.iter().find(|field| field.key() == key) {
        Some(ContentField::InputMessages) => Kind::InputMessages,
        Some(ContentField::OutputMessages) => Kind::OutputMessages,
        Some(ContentField::SystemInstructions) => Kind::Instructions,
        Some(ContentField::ToolDefinitions) => Kind::Tools,
        Some(ContentField::ToolArguments | ContentField::ToolResult) => Kind::Json,
        _ if key.starts_with("gen_ai.usage.") && key.ends_with("tokens") => Kind::Int,
        _ => Kind::Any,
    }
}

/// The conventions' name of an operation.
pub(super) fn operation(word: &str) -> &str {
    match word {
        "chat_streaming" | "completion" | "chat_completion" => "chat",
        "completion_streaming" => "chat",
        "generate_content_streaming" => "generate_content",
        "text_completion_streaming" => "text_completion",
        "embedding" => "embeddings",
        "tool" | "execute_tool_streaming" => "execute_tool",
        "invoke_agent_streaming" => "invoke_agent",
        word => word,
    }
}

/// The conventions' name of a provider.
pub(super) fn provider(word: &str) -> &str {
    match word {
        "azure.openai" | "az.ai.openai" | "azure_openai" => "azure.ai.openai",
        "az.ai.inference" => "azure.ai.inference",
        "bedrock" | "aws_bedrock" => "aws.bedrock",
        "gemini" => "gcp.gemini",
        "vertex_ai" | "vertexai" => "gcp.vertex_ai",
        "mistral" => "mistral_ai",
        "moonshot" => "moonshot_ai",
        "together" => "together_ai",
        "watsonx" | "watsonx.ai" => "ibm.watsonx.ai",
        "xai" => "x_ai",
        word => word,
    }
}
