//! The one table: names of old and of single crates, and what type each attribute has.
//!
//! From the sources of `rig` 0.30 and 0.44 (rig-core), `genai` 0.7, and from earlier releases of the conventions.

use crate::semconv::{Profile, attr};

/// What a value is by the conventions.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    /// As it is.
    Any,
    Int,
    Double,
    /// True or not there.
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
    ("gen_ai.completion", attr::OUTPUT_MESSAGES),
    ("gen_ai.prompt", attr::INPUT_MESSAGES),
    ("gen_ai.request.encoding_format", attr::REQUEST_ENCODING_FORMATS),
    ("gen_ai.response.finish_reason", attr::RESPONSE_FINISH_REASONS),
    // rig's reader of whole answers.
    ("gen_ai.response.model_name", attr::RESPONSE_MODEL),
    ("gen_ai.system", attr::PROVIDER_NAME),
    ("gen_ai.tool.description.text", "gen_ai.tool.description"),
    ("gen_ai.usage.cached_input_tokens", attr::USAGE_CACHE_READ),
    ("gen_ai.usage.completion_tokens", attr::USAGE_OUTPUT_TOKENS),
    ("gen_ai.usage.prompt_tokens", attr::USAGE_INPUT_TOKENS),
    // rig since 0.40.
    ("gen_ai.usage.reasoning_tokens", attr::USAGE_REASONING),
];

/// Today's name of an attribute, if it is another.
pub(super) fn renamed(key: &str, profile: Profile) -> Option<&'static str> {
    if matches!(key, "gen_ai.usage.cache_creation.input_tokens" | "gen_ai.usage.cache_write.input_tokens") {
        return Some(profile.cache_write_tokens()).filter(|name| *name != key);
    }
    RENAMED.iter().find(|(old, _)| *old == key).map(|(_, new)| *new)
}

/// What stands under a key of today.
pub(super) fn kind(key: &str, profile: Profile) -> Kind {
    match key {
        attr::OPERATION_NAME => Kind::Operation,
        attr::PROVIDER_NAME => Kind::Provider,
        attr::REQUEST_STREAM => Kind::Flag,
        attr::REQUEST_MAX_TOKENS
        | attr::REQUEST_SEED
        | attr::REQUEST_CHOICE_COUNT
        | attr::EMBEDDINGS_DIMENSION_COUNT
        | attr::SERVER_PORT => Kind::Int,
        attr::REQUEST_TOP_K if profile.top_k_is_int() => Kind::Int,
        attr::REQUEST_TEMPERATURE
        | attr::REQUEST_TOP_P
        | attr::REQUEST_TOP_K
        | attr::REQUEST_FREQUENCY_PENALTY
        | attr::REQUEST_PRESENCE_PENALTY
        | attr::RESPONSE_TIME_TO_FIRST_CHUNK
        | attr::USAGE_COST => Kind::Double,
        attr::REQUEST_STOP_SEQUENCES | attr::REQUEST_ENCODING_FORMATS | attr::RESPONSE_FINISH_REASONS => Kind::Texts,
        attr::INPUT_MESSAGES => Kind::InputMessages,
        attr::OUTPUT_MESSAGES => Kind::OutputMessages,
        attr::SYSTEM_INSTRUCTIONS => Kind::Instructions,
        attr::TOOL_DEFINITIONS => Kind::Tools,
        "gen_ai.tool.call.arguments" | "gen_ai.tool.call.result" => Kind::Json,
        key if key.starts_with("gen_ai.usage.") && key.ends_with("tokens") => Kind::Int,
        _ => Kind::Any,
    }
}

/// The conventions' word for an operation.
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

/// The conventions' word for a provider.
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
