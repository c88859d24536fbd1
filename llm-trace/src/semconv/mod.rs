//! The tables of what a span, a metric or an event can have, with its names in each profile.

#[cfg_attr(not(feature = "logs"), allow(dead_code))]
pub(crate) mod event;
#[allow(dead_code, reason = "readers and sinks move to it one by one")]
mod fact;
#[allow(dead_code, reason = "readers and sinks move to it one by one")]
mod facts;
mod identifier;
#[cfg_attr(not(feature = "metrics"), allow(dead_code))]
pub(crate) mod metric;
#[allow(dead_code, reason = "readers and sinks move to it one by one")]
mod names;
mod profile;
#[allow(dead_code, reason = "readers and sinks move to it one by one")]
mod row;
mod subject;

pub use fact::Fact;
pub(crate) use facts::Facts;
pub use profile::Profile;
use row::TextKind;

/// Attribute names that both profiles share.
#[cfg_attr(not(feature = "metrics"), allow(dead_code))]
#[rustfmt::skip]
pub(crate) mod attr {
    pub(crate) const OPERATION_NAME: &str = "gen_ai.operation.name";
    pub(crate) const PROVIDER_NAME: &str = "gen_ai.provider.name";
    pub(crate) const CONVERSATION_ID: &str = "gen_ai.conversation.id";
    pub(crate) const USER_ID: &str = "user.id";
    pub(crate) const USER_EMAIL: &str = "user.email";
    pub(crate) const ENDUSER_ID: &str = "enduser.id";
    pub(crate) const SESSION_ID: &str = "session.id";
    pub(crate) const OUTPUT_TYPE: &str = "gen_ai.output.type";
    pub(crate) const PROMPT_NAME: &str = "gen_ai.prompt.name";
    pub(crate) const REQUEST_MODEL: &str = "gen_ai.request.model";
    pub(crate) const REQUEST_TEMPERATURE: &str = "gen_ai.request.temperature";
    pub(crate) const REQUEST_TOP_P: &str = "gen_ai.request.top_p";
    pub(crate) const REQUEST_TOP_K: &str = "gen_ai.request.top_k";
    pub(crate) const REQUEST_MAX_TOKENS: &str = "gen_ai.request.max_tokens";
    pub(crate) const REQUEST_FREQUENCY_PENALTY: &str = "gen_ai.request.frequency_penalty";
    pub(crate) const REQUEST_PRESENCE_PENALTY: &str = "gen_ai.request.presence_penalty";
    pub(crate) const REQUEST_SEED: &str = "gen_ai.request.seed";
    pub(crate) const REQUEST_STOP_SEQUENCES: &str = "gen_ai.request.stop_sequences";
    pub(crate) const REQUEST_CHOICE_COUNT: &str = "gen_ai.request.choice.count";
    pub(crate) const REQUEST_STREAM: &str = "gen_ai.request.stream";
    pub(crate) const REQUEST_ENCODING_FORMATS: &str = "gen_ai.request.encoding_formats";
    pub(crate) const RESPONSE_ID: &str = "gen_ai.response.id";
    pub(crate) const RESPONSE_MODEL: &str = "gen_ai.response.model";
    pub(crate) const RESPONSE_FINISH_REASONS: &str = "gen_ai.response.finish_reasons";
    pub(crate) const RESPONSE_TIME_TO_FIRST_CHUNK: &str = "gen_ai.response.time_to_first_chunk";
    pub(crate) const USAGE_INPUT_TOKENS: &str = "gen_ai.usage.input_tokens";
    pub(crate) const USAGE_OUTPUT_TOKENS: &str = "gen_ai.usage.output_tokens";
    pub(crate) const USAGE_CACHE_READ: &str = "gen_ai.usage.cache_read.input_tokens";
    pub(crate) const USAGE_REASONING: &str = "gen_ai.usage.reasoning.output_tokens";
    pub(crate) const EMBEDDINGS_DIMENSION_COUNT: &str = "gen_ai.embeddings.dimension.count";
    pub(crate) const INPUT_MESSAGES: &str = "gen_ai.input.messages";
    pub(crate) const OUTPUT_MESSAGES: &str = "gen_ai.output.messages";
    pub(crate) const SYSTEM_INSTRUCTIONS: &str = "gen_ai.system_instructions";
    pub(crate) const TOOL_DEFINITIONS: &str = "gen_ai.tool.definitions";
    pub(crate) const OPENAI_REQUEST_SERVICE_TIER: &str = "openai.request.service_tier";
    pub(crate) const OPENAI_RESPONSE_SERVICE_TIER: &str = "openai.response.service_tier";
    pub(crate) const OPENAI_RESPONSE_SYSTEM_FINGERPRINT: &str = "openai.response.system_fingerprint";
    pub(crate) const OPENAI_NAMESPACE: &str = "openai.";
    pub(crate) const SERVER_ADDRESS: &str = "server.address";
    pub(crate) const SERVER_PORT: &str = "server.port";
    pub(crate) const AGENT_NAME: &str = "gen_ai.agent.name";
    pub(crate) const TOOL_NAME: &str = "gen_ai.tool.name";
    pub(crate) const TOOL_TYPE: &str = "gen_ai.tool.type";
    pub(crate) const DATA_SOURCE_ID: &str = "gen_ai.data_source.id";
    pub(crate) const WORKFLOW_NAME: &str = "gen_ai.workflow.name";
    pub(crate) const TOKEN_TYPE: &str = "gen_ai.token.type";
    pub(crate) const TOKEN_MODALITY: &str = "gen_ai.token.modality";
    /// What backends read a call's cost from, in US dollars.
    pub(crate) const USAGE_COST: &str = "gen_ai.usage.cost";
    /// Ours: who says what a call cost.
    pub(crate) const COST_SOURCE: &str = "llm_trace.cost.source";
    pub(crate) const ERROR_TYPE: &str = "error.type";
    pub(crate) const HTTP_STATUS_CODE: &str = "http.response.status_code";
    /// OpenInference's: what went into a span.
    pub(crate) const INPUT_VALUE: &str = "input.value";
    /// OpenInference's: what came out of a span.
    pub(crate) const OUTPUT_VALUE: &str = "output.value";
    /// Ours: how the call ended.
    pub(crate) const OUTCOME: &str = "llm_trace.outcome";
    /// Events of a stream that were too large to read.
    pub(crate) const EVENTS_SKIPPED: &str = "llm_trace.stream.events_skipped";
    /// Ours: what was masked, scrubbed or cut.
    pub(crate) const REDACTION: &str = "llm_trace.redaction";
    /// Ours: the provider's own error code, where `error.type` holds the HTTP status.
    pub(crate) const ERROR_CODE: &str = "llm_trace.error.code";
}
