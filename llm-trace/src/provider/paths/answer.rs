//! Where answers and the events of streams keep their facts.

pub(super) const ANSWER_WORDS: &[&str] = &[
    "type",
    "object",
    "event_type",
    "response_type",
    "response_id",
    "generation_id",
    "finish_reason",
    "stop_reason",
    "done_reason",
    "delta.type",
    "delta.stop_reason",
    "content_block.type",
    "item.type",
    "item.content[].type",
    "choices[].finish_reason",
    "choices[].stop_reason",
    "choices[].finishReason",
    "content_block.to.model",
];

pub(super) const ANSWER_SHAPE: &[&str] = &[
    "choices",
    "choices[].index",
    "choices[].text",
    "data[0].embedding",
    "data[0].relevance_score",
    "results[].relevance_score",
    "embedding[0].values",
    "embedding.values",
    "embeddings[0].values",
    "embeddings[0].embedding",
    "embeddings.float[0]",
    "embeddings.int8[0]",
    "embeddings.uint8[0]",
    "predictions[].embeddings.values",
    "predictions[].textEmbedding.values",
    "predictions[].imageEmbedding.values",
    "predictions[].embeddings.statistics.token_count",
    "predictions[].embeddings.statistics.tokenCount",
    "generations",
    "completions",
    "outputs",
    "urls",
    "meta",
    "usage",
    "is_finished",
    // Ollama.
    "done",
    "prompt_eval_count",
    "eval_count",
    "response",
    "thinking",
    "tool_calls",
    "message.thinking",
    "message.content",
    "message.tool_calls",
    // Output in events, of which nothing but its being there is a fact.
    "delta",
    "delta.text",
    "delta.thinking",
    "delta.partial_json",
    "delta.message.tool_plan",
    "delta.message.content.text",
    "delta.message.content.thinking",
    "content_block",
    "content_block.text",
    "content_block.thinking",
    "item",
    "item.role",
    "item.content",
    "item.content[].text",
    "item.content[].refusal",
    "item.summary[].text",
    "output.message",
    "start",
];

/// Of OpenAI's responses, whole or in an event.
pub(super) const RESPONSE_WORDS: &[&str] = &[
    "id",
    "model",
    "model_id",
    "status",
    "service_tier",
    "system_fingerprint",
    "conversation",
    "conversation.id",
    "incomplete_details.reason",
    "type",
    "object",
];

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

/// Whether a chat's message or delta carries output.
pub(super) const CHAT_MESSAGE: &[&str] = &[
    "content",
    "refusal",
    "reasoning",
    "reasoning_content",
    "reasoning_text",
    "thinking",
    "content[].text",
    "content[].refusal",
    "content[].thinking",
    "content[].thinking[].text",
    "content[].input_audio",
    "reasoning_details[].text",
    "reasoning_details[].summary",
    "reasoning_details[].thinking",
    "thinking_blocks[].text",
    "thinking_blocks[].summary",
    "thinking_blocks[].thinking",
    "audio.transcript",
    "images[].type",
    "function_call.id",
    "function_call.name",
    "function_call.arguments",
    "function_call.input",
    "function_call.function.name",
    "function_call.function.arguments",
    "function_call.function.input",
    "function_call.custom.name",
    "function_call.custom.arguments",
    "function_call.custom.input",
    "tool_calls[].id",
    "tool_calls[].name",
    "tool_calls[].arguments",
    "tool_calls[].input",
    "tool_calls[].function.name",
    "tool_calls[].function.arguments",
    "tool_calls[].function.input",
    "tool_calls[].custom.name",
    "tool_calls[].custom.arguments",
    "tool_calls[].custom.input",
];

/// Of all attempts together, and of each.
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

pub(super) const GEMINI_WORDS: &[&str] = &[
    "responseId",
    "response_id",
    "modelVersion",
    "model_version",
    "candidates[].finishReason",
    "candidates[].finish_reason",
    "promptFeedback.blockReason",
    "promptFeedback.block_reason",
    "prompt_feedback.blockReason",
    "prompt_feedback.block_reason",
];

/// Whether a part is there: what is in it is content.
pub(super) const GEMINI_SHAPE: &[&str] = &[
    "candidates",
    "candidates[].index",
    "candidates[].content.parts",
    "candidates[].content.parts[].text",
    "candidates[].content.parts[].thought",
    "candidates[].content.parts[].thoughtSignature",
    "candidates[].content.parts[].thought_signature",
    "candidates[].content.parts[].videoMetadata",
    "candidates[].content.parts[].video_metadata",
    "candidates[].content.parts[].mediaResolution",
    "candidates[].content.parts[].media_resolution",
    "candidates[].content.parts[].partMetadata",
    "candidates[].content.parts[].part_metadata",
    "candidates[].content.parts[].functionCall",
    "candidates[].content.parts[].function_call",
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
];

pub(super) const CONVERSE_BLOCKS: &[&str] = &[
    "",
    "contentBlockStart.",
    "contentBlockDelta.",
    "contentBlockStop.",
    "messageStart.",
    "messageStop.",
    "metadata.",
];

pub(super) const CONVERSE_BLOCK: &[&str] = &[
    "contentBlockIndex",
    "start",
    "start.type",
    "start.text",
    "start.reasoningContent.text",
    "start.citation",
    "delta",
    "delta.type",
    "delta.text",
    "delta.reasoningContent.text",
    "delta.citation",
];

pub(super) const CONVERSE_EXCEPTIONS: &[&str] = &[
    "",
    "internalServerException.",
    "modelStreamErrorException.",
    "modelTimeoutException.",
    "serviceUnavailableException.",
    "throttlingException.",
    "validationException.",
];

pub(super) const INVOKE_TRACES: &[&str] =
    &["amazon-bedrock-trace.guardrail.input.", "amazon-bedrock-trace.guardrail.inputAssessment."];

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

pub(super) const COHERE_WORDS: &[&str] = &["id", "response_id", "generation_id", "conversation_id", "finish_reason"];

/// Of formats that give back text, whole or in an event, and in a list of one.
pub(super) const TEXT_WORDS: &[&str] = &[
    "id",
    "model",
    "model_id",
    "generation_id",
    "sessionId",
    "stop_reason",
    "stop_type",
    "finish_reason",
    "finishReason",
    "completionReason",
    "details.finish_reason",
    "results[].completionReason",
    "results[].stop_reason",
    "outputs[].stop_reason",
    "completions[].finishReason.reason",
];

pub(super) const TEXT_SHAPE: &[&str] = &[
    "results[].outputText",
    "results[].generated_text",
    "results[].index",
    "results[].tokenCount",
    "results[].generated_token_count",
    "results[].input_token_count",
    "outputText",
    "generation",
    "outputs[].text",
    "outputs[].index",
    "completions[].data.text",
    "completions[].index",
    "completion",
    "token.text",
    "token.special",
    "generated_text",
    "output",
    "output.text",
    "message",
    "content",
    "text",
    "inputTextTokenCount",
    "prompt_token_count",
    "tokens_evaluated",
    "details.input_length",
    "metrics.input_token_count",
    "totalOutputTextTokenCount",
    "generation_token_count",
    "tokens_predicted",
    "details.generated_tokens",
    "metrics.output_token_count",
];

pub(super) const ERRORS: &[&str] = &["", "error.", "errors[0].", "choices[].error.", "[].error.", "response.error."];

pub(super) const ERROR_WORDS: &[&str] = &[
    "code",
    "type",
    "error_type",
    "error_code",
    "status",
    "statusCode",
    "status_code",
    "raw_status_code",
    "__type",
    "Output.__type",
];

pub(super) const ERROR_SHAPE: &[&str] =
    &["message", "Message", "msg", "detail", "error", "error_message", "originalMessage"];

/// Lists of search results.
pub(super) const DOCUMENT_LISTS: &[&str] = &[
    "documents",
    "documents.documents",
    "results",
    "results.results",
    "matches",
    "matches.matches",
    "hits",
    "hits.hits",
    "points",
    "points.points",
    "records",
    "records.records",
    "memories",
    "memories.memories",
    "data",
    "data.data",
];
