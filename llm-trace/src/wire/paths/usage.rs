//! Paths of token counts in responses.

pub(super) const OPENAI_USAGES: &[&str] = &["usage.", "x_groq.usage.", "choices[].usage.", "response.usage."];

pub(super) const OPENAI_USAGE: &[&str] = &[
    "prompt_tokens",
    "input_tokens",
    "completion_tokens",
    "output_tokens",
    "total_tokens",
    "prompt_cache_hit_tokens",
    "cached_tokens",
    "cache_read_input_tokens",
    "cache_creation_input_tokens",
    "reasoning_tokens",
    "cost",
    "cost.total_cost",
    "cost_in_usd_ticks",
    "num_cached_tokens",
    "num_search_queries",
    "citation_tokens",
    "server_tool_use.web_search_requests",
    "cache_creation.ephemeral_1h_input_tokens",
    "cache_creation_token_details.ephemeral_1h_input_tokens",
];

pub(super) const OPENAI_INPUT_DETAILS: &[&str] = &[
    "usage.prompt_tokens_details.",
    "usage.prompt_token_details.",
    "usage.input_tokens_details.",
    "x_groq.usage.prompt_tokens_details.",
    "x_groq.usage.prompt_token_details.",
    "x_groq.usage.input_tokens_details.",
    "response.usage.prompt_tokens_details.",
    "response.usage.prompt_token_details.",
    "response.usage.input_tokens_details.",
];

pub(super) const OPENAI_INPUT: &[&str] = &[
    "cached_tokens",
    "cached_tokens_details.audio_tokens",
    "cache_write_tokens",
    "cache_creation_tokens",
    "cache_creation_input_tokens",
    "cache_creation.ephemeral_1h_input_tokens",
    "cache_creation_token_details.ephemeral_1h_input_tokens",
    "text_tokens",
    "image_tokens",
    "audio_tokens",
    "video_tokens",
];

pub(super) const OPENAI_OUTPUT_DETAILS: &[&str] = &[
    "usage.completion_tokens_details.",
    "usage.completion_token_details.",
    "usage.output_tokens_details.",
    "x_groq.usage.completion_tokens_details.",
    "x_groq.usage.completion_token_details.",
    "x_groq.usage.output_tokens_details.",
    "response.usage.completion_tokens_details.",
    "response.usage.completion_token_details.",
    "response.usage.output_tokens_details.",
];

pub(super) const OPENAI_OUTPUT: &[&str] =
    &["reasoning_tokens", "text_tokens", "image_tokens", "audio_tokens", "video_tokens"];

/// The total and each attempt.
pub(super) const ANTHROPIC_USAGES: &[&str] =
    &["usage.", "message.usage.", "usage.iterations[].", "message.usage.iterations[]."];

pub(super) const ANTHROPIC_USAGE: &[&str] = &[
    "cache_creation.ephemeral_1h_input_tokens",
    "server_tool_use.web_search_requests",
    "input_tokens",
    "output_tokens",
    "cache_read_input_tokens",
    "cache_creation_input_tokens",
    "output_tokens_details.thinking_tokens",
    "cost",
];

pub(super) const GEMINI_USAGES: &[&str] =
    &["usageMetadata.", "usage_metadata.", "[].usageMetadata.", "[].usage_metadata."];

pub(super) const GEMINI_USAGE: &[&str] = &[
    "promptTokenCount",
    "prompt_token_count",
    "toolUsePromptTokenCount",
    "tool_use_prompt_token_count",
    "cachedContentTokenCount",
    "cached_content_token_count",
    "candidatesTokenCount",
    "candidates_token_count",
    "thoughtsTokenCount",
    "thoughts_token_count",
];

pub(super) const GEMINI_DETAILS: &[&str] = &[
    "usageMetadata.promptTokensDetails[].",
    "usageMetadata.prompt_tokens_details[].",
    "usageMetadata.toolUsePromptTokensDetails[].",
    "usageMetadata.tool_use_prompt_tokens_details[].",
    "usageMetadata.candidatesTokensDetails[].",
    "usageMetadata.candidates_tokens_details[].",
    "usageMetadata.cacheTokensDetails[].",
    "usageMetadata.cache_tokens_details[].",
    "usage_metadata.promptTokensDetails[].",
    "usage_metadata.prompt_tokens_details[].",
    "usage_metadata.toolUsePromptTokensDetails[].",
    "usage_metadata.tool_use_prompt_tokens_details[].",
    "usage_metadata.candidatesTokensDetails[].",
    "usage_metadata.candidates_tokens_details[].",
    "usage_metadata.cacheTokensDetails[].",
    "usage_metadata.cache_tokens_details[].",
    "[].usageMetadata.promptTokensDetails[].",
    "[].usageMetadata.prompt_tokens_details[].",
    "[].usageMetadata.toolUsePromptTokensDetails[].",
    "[].usageMetadata.tool_use_prompt_tokens_details[].",
    "[].usageMetadata.candidatesTokensDetails[].",
    "[].usageMetadata.candidates_tokens_details[].",
    "[].usageMetadata.cacheTokensDetails[].",
    "[].usageMetadata.cache_tokens_details[].",
    "[].usage_metadata.promptTokensDetails[].",
    "[].usage_metadata.prompt_tokens_details[].",
    "[].usage_metadata.toolUsePromptTokensDetails[].",
    "[].usage_metadata.tool_use_prompt_tokens_details[].",
    "[].usage_metadata.candidatesTokensDetails[].",
    "[].usage_metadata.candidates_tokens_details[].",
    "[].usage_metadata.cacheTokensDetails[].",
    "[].usage_metadata.cache_tokens_details[].",
];

pub(super) const CONVERSE_USAGE: &[&str] = &[
    "inputTokens",
    "outputTokens",
    "cacheReadInputTokens",
    "cacheReadInputTokenCount",
    "cacheWriteInputTokens",
    "cacheWriteInputTokenCount",
    "cacheDetails[].inputTokens",
];

pub(super) const INVOKE_USAGE: &[&str] =
    &["inputTokenCount", "outputTokenCount", "cacheReadInputTokenCount", "cacheWriteInputTokenCount"];

pub(super) const COHERE_USAGE: &[&str] = &[
    "billed_units.input_tokens",
    "billed_units.output_tokens",
    "billed_units.search_units",
    "tokens.input_tokens",
    "tokens.output_tokens",
    "tokens.reasoning_tokens",
    "cached_tokens",
];
