//! The table of facts: one row for each attribute of a call that is not content.

use super::Profile;
use super::names::{both, core, core_latest, latest};
use super::row::{FactKind, Row, ValueType};
use super::value::AttributeValue;

macro_rules! facts {
    ($($(#[doc = $doc:literal])+ $fact:ident: $value:ident $kind:ident, $names:expr $(, $label:ident)?;)*) => {
        /// A fact: an identifier, a number, a flag, or a list of identifiers. Never content.
        #[doc(hidden)]
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub enum Fact {
            $($(#[doc = $doc])+ $fact,)*
        }

        impl Fact {
            /// All facts in attribute order, the most important first.
            pub(crate) const ALL: &'static [Fact] = &[$(Fact::$fact),*];
        }

        const ROWS: &[Row] = &[$(Row {
            names: $names,
            value: ValueType::$value,
            kind: FactKind::$kind,
            label: facts!(@label $($label)?),
            doc: concat!($($doc),+),
        }),*];
    };
    (@label) => { false };
    (@label label) => { true };
}

// `label`: metrics may use it as an attribute. Values that differ per call or are measured are excluded.
facts! {
    /// The operation, for example `chat`.
    OperationName: Text Identifier, both("gen_ai.operation.name"), label;
    /// The provider of the model.
    ProviderName: Text Identifier, both("gen_ai.provider.name"), label;
    /// The requested model.
    RequestModel: Text Identifier, both("gen_ai.request.model"), label;
    /// The host of the server.
    ServerAddress: Text Identifier, both("server.address"), label;
    /// The port of the server.
    ServerPort: Int Number, both("server.port"), label;

    /// A low-cardinality name of the error. Absent on success.
    ErrorType: Text Identifier, both("error.type"), label;
    /// The HTTP status of a failed response, or of any that `http_status` sets.
    HttpStatusCode: Int Number, both("http.response.status_code"), label;
    /// The provider's error code, if `error.type` has another value.
    ErrorCode: Text Identifier, both("llm_trace.error.code"), label;
    /// The outcome of the call.
    Outcome: Text Identifier, both("llm_trace.outcome"), label;

    /// The id of the response.
    ResponseId: Text Identifier, both("gen_ai.response.id");
    /// The model that generated the response.
    ResponseModel: Text Identifier, both("gen_ai.response.model"), label;
    /// The finish reason of each choice, as the provider names it.
    FinishReasons: Texts Identifier, both("gen_ai.response.finish_reasons"), label;
    /// Input tokens, including cached tokens.
    UsageInput: Int Number, both("gen_ai.usage.input_tokens");
    /// Output tokens, including reasoning.
    UsageOutput: Int Number, both("gen_ai.usage.output_tokens");
    /// Input tokens read from the provider's cache.
    UsageCacheRead: Int Number, both("gen_ai.usage.cache_read.input_tokens");
    /// Input tokens written to the provider's cache.
    UsageCacheWrite: Int Number,
        core_latest("gen_ai.usage.cache_creation.input_tokens", "gen_ai.usage.cache_write.input_tokens");
    /// Output tokens used for reasoning.
    UsageReasoning: Int Number, both("gen_ai.usage.reasoning.output_tokens");
    /// Text input tokens.
    UsageTextInput: Int Number, latest("gen_ai.usage.text.input_tokens");
    /// Image input tokens.
    UsageImageInput: Int Number, latest("gen_ai.usage.image.input_tokens");
    /// Audio input tokens.
    UsageAudioInput: Int Number, latest("gen_ai.usage.audio.input_tokens");
    /// Text output tokens.
    UsageTextOutput: Int Number, latest("gen_ai.usage.text.output_tokens");
    /// Image output tokens.
    UsageImageOutput: Int Number, latest("gen_ai.usage.image.output_tokens");
    /// Audio output tokens.
    UsageAudioOutput: Int Number, latest("gen_ai.usage.audio.output_tokens");
    /// Text input tokens read from the provider's cache.
    UsageTextCacheRead: Int Number, latest("gen_ai.usage.text.cache_read.input_tokens");
    /// Image input tokens read from the provider's cache.
    UsageImageCacheRead: Int Number, latest("gen_ai.usage.image.cache_read.input_tokens");
    /// Audio input tokens read from the provider's cache.
    UsageAudioCacheRead: Int Number, latest("gen_ai.usage.audio.cache_read.input_tokens");
    /// The status of a background response.
    ResponseStatus: Text Identifier, latest("gen_ai.response.status"), label;
    /// The service tier that the provider used.
    ResponseServiceTier: Text Identifier, both("openai.response.service_tier"), label;
    /// The fingerprint of the provider's system configuration.
    ResponseSystemFingerprint: Text Identifier, both("openai.response.system_fingerprint"), label;
    /// Seconds from the start of the call to the first chunk with content.
    TimeToFirstChunk: Float Number, both("gen_ai.response.time_to_first_chunk");
    /// The number of stream events that were too large to read.
    EventsSkipped: Int Number, both("llm_trace.stream.events_skipped");

    /// The cost of the call in US dollars.
    CostTotal: Float Number, both("llm_trace.cost.total");
    /// The same cost, under the name that some backends read.
    Cost: Float Number, both("gen_ai.usage.cost");
    /// Whether some part of the cost is unknown.
    CostPartial: Bool Number, both("llm_trace.cost.partial"), label;
    /// The cost of uncached input, in US dollars.
    CostInput: Float Number, both("llm_trace.cost.input");
    /// The cost of output without reasoning, in US dollars.
    CostOutput: Float Number, both("llm_trace.cost.output");
    /// The cost of input read from the provider's cache, in US dollars.
    CostCacheRead: Float Number, both("llm_trace.cost.cache_read");
    /// The cost of input written to the provider's cache, in US dollars.
    CostCacheWrite: Float Number, both("llm_trace.cost.cache_write");
    /// The cost of reasoning, in US dollars.
    CostReasoning: Float Number, both("llm_trace.cost.reasoning");
    /// The cost of items priced per request or search, in US dollars.
    CostRequests: Float Number, both("llm_trace.cost.requests");
    /// The source of the cost: `provider`, `table` or `function`.
    CostSource: Text Identifier, both("llm_trace.cost.source"), label;

    /// The agent's name.
    AgentName: Text Identifier, both("gen_ai.agent.name"), label;
    /// The id that a hosting service gave the agent.
    AgentId: Text Identifier, both("gen_ai.agent.id"), label;
    /// The agent's version.
    AgentVersion: Text Identifier, both("gen_ai.agent.version"), label;
    /// The tool's name.
    ToolName: Text Identifier, both("gen_ai.tool.name"), label;
    /// The tool's type: `function`, `extension` or `datastore`.
    ToolType: Text Identifier, both("gen_ai.tool.type"), label;
    /// The id that the model gave the tool call.
    ToolCallId: Text Identifier, both("gen_ai.tool.call.id");
    /// The workflow's name.
    WorkflowName: Text Identifier, both("gen_ai.workflow.name"), label;
    /// The searched data source.
    DataSourceId: Text Identifier, both("gen_ai.data_source.id"), label;
    /// The number of requested documents.
    RetrievalTopK: FloatThenInt Number, core_latest("gen_ai.request.top_k", "gen_ai.retrieval.top_k"), label;
    /// The start position in the fetched stream.
    StreamCursor: Text Identifier, core_latest("llm_trace.request.stream_cursor", "gen_ai.request.stream_cursor");
    /// The memory store.
    MemoryStoreId: Text Identifier, core_latest("llm_trace.memory.store.id", "gen_ai.memory.store.id"), label;
    /// The memory that is read or written.
    MemoryRecordId: Text Identifier, core_latest("llm_trace.memory.record.id", "gen_ai.memory.record.id");
    /// The number of memories that were read or written.
    MemoryRecordCount: Int Number, core_latest("llm_trace.memory.record.count", "gen_ai.memory.record.count");
    /// The guardrail's name.
    GuardrailName: Text Identifier, both("llm_trace.guardrail.name"), label;
    /// A low-cardinality name of the guardrail's decision.
    GuardrailDecision: Text Identifier, both("llm_trace.guardrail.decision"), label;

    /// The method of a message of the Model Context Protocol.
    McpMethod: Text Identifier, both("mcp.method.name"), label;
    /// The session of the Model Context Protocol.
    McpSession: Text Identifier, both("mcp.session.id");
    /// The version of the Model Context Protocol.
    McpProtocolVersion: Text Identifier, both("mcp.protocol.version"), label;
    /// The URI of the resource.
    McpResource: Text Free, both("mcp.resource.uri"), label;
    /// The id of a JSON-RPC request.
    RpcRequestId: Text Identifier, both("jsonrpc.request.id");
    /// The error code of a JSON-RPC response.
    RpcStatus: Text Identifier, both("rpc.response.status_code"), label;
    /// The transport of a message, for example `pipe` or `tcp`.
    NetworkTransport: Text Identifier, both("network.transport"), label;
    /// The protocol of a message, for example `http`.
    NetworkProtocol: Text Identifier, both("network.protocol.name"), label;
    /// The version of that protocol.
    NetworkProtocolVersion: Text Identifier, both("network.protocol.version"), label;
    /// The sender of a received message.
    ClientAddress: Text Identifier, both("client.address"), label;
    /// The sender's port of a received message.
    ClientPort: Int Number, both("client.port"), label;

    /// Whether a stream was requested. Recorded only if true.
    RequestStream: Bool Number, both("gen_ai.request.stream"), label;
    /// The requested temperature.
    RequestTemperature: Float Number, both("gen_ai.request.temperature"), label;
    /// The requested maximum of output tokens.
    RequestMaxTokens: Int Number, both("gen_ai.request.max_tokens"), label;
    /// The requested `top_p`.
    RequestTopP: Float Number, both("gen_ai.request.top_p"), label;
    /// The requested `top_k`.
    RequestTopK: FloatThenInt Number, both("gen_ai.request.top_k"), label;
    /// The requested frequency penalty.
    RequestFrequencyPenalty: Float Number, both("gen_ai.request.frequency_penalty"), label;
    /// The requested presence penalty.
    RequestPresencePenalty: Float Number, both("gen_ai.request.presence_penalty"), label;
    /// The requested seed.
    RequestSeed: Int Number, both("gen_ai.request.seed"), label;
    /// The requested stop sequences.
    RequestStopSequences: Texts Identifier, both("gen_ai.request.stop_sequences"), label;
    /// The requested number of choices. Recorded unless it is 1.
    RequestChoiceCount: Int Number, both("gen_ai.request.choice.count"), label;
    /// The requested encodings of embeddings.
    RequestEncodingFormats: Texts Identifier, both("gen_ai.request.encoding_formats"), label;
    /// The requested reasoning level.
    RequestReasoningLevel: Text Identifier, latest("gen_ai.request.reasoning.level"), label;
    /// The id of the response that this request continues.
    RequestPreviousResponseId: Text Identifier, latest("gen_ai.request.previous_response.id");
    /// The name of the stored prompt.
    RequestPromptName: Text Identifier, latest("gen_ai.prompt.name"), label;
    /// The version of the stored prompt.
    RequestPromptVersion: Text Identifier, latest("gen_ai.prompt.version"), label;
    /// The requested service tier. Recorded unless it is `auto`.
    RequestServiceTier: Text Identifier, both("openai.request.service_tier"), label;
    /// The OpenAI API that is called.
    OpenAiApiType: Text Identifier, both("openai.api.type"), label;
    /// The Amazon Bedrock guardrail.
    AwsGuardrailId: Text Identifier, both("aws.bedrock.guardrail.id"), label;
    /// The Amazon Bedrock knowledge base.
    AwsKnowledgeBaseId: Text Identifier, both("aws.bedrock.knowledge_base.id"), label;
    /// The requested output type: `text`, `json`, `image` or `speech`.
    OutputType: Text Identifier, both("gen_ai.output.type"), label;
    /// The number of dimensions of an embedding.
    Dimensions: Int Number, both("gen_ai.embeddings.dimension.count"), label;

    /// The conversation of the call.
    ConversationId: Text Identity, both("gen_ai.conversation.id"), label;
    /// The user who makes the call.
    UserId: Text Identity, both("user.id"), label;
    /// The session of the call.
    SessionId: Text Identity, both("session.id"), label;
    /// The SHA-256 of the caller's key, in hex.
    CallerKeyHash: Text Identity, both("llm_trace.caller.key_hash"), label;
    /// The name of the caller's key.
    CallerKeyAlias: Text Identity, both("llm_trace.caller.key_alias"), label;
    /// The user who owns the caller's key, if a scope names another user.
    CallerUserId: Text Identity, both("llm_trace.caller.user_id"), label;
    /// The team that owns the caller's key.
    CallerTeamId: Text Identity, both("llm_trace.caller.team_id"), label;
    /// The name of the team that owns the caller's key.
    CallerTeamAlias: Text Identity, both("llm_trace.caller.team_alias"), label;
    /// The caller's organization.
    CallerOrgId: Text Identity, both("llm_trace.caller.org_id"), label;
    /// The end user on whose behalf the call is made.
    EndUserId: Text Identity, both("enduser.id"), label;
    /// The user's e-mail address.
    UserEmail: Text Identity, both("user.email"), label;
    /// The gateway's route.
    CallerRoute: Text Identifier, both("llm_trace.caller.route"), label;
    /// The name of the prompt in a prompt registry.
    PromptName: Text Identifier, both("gen_ai.prompt.name"), label;
    /// The version of that prompt.
    PromptVersion: Text Identifier, core_latest("llm_trace.prompt.version", "gen_ai.prompt.version"), label;
    /// Tags set by the user.
    Tags: Texts Free, both("llm_trace.tags"), label;
    /// Metadata set by the user, by key.
    Metadata: Any Free, both("llm_trace.metadata.<key>"), label;
    /// The user's attributes and metadata as one JSON object, where facts are fields of a `tracing` span.
    Attributes: Text Free, both("llm_trace.attributes");
    /// The changes to content: `<change>:<kind>=<count>`.
    Redaction: Texts Identifier, both("llm_trace.redaction");

    /// The number of an attempt; on its span event.
    Attempt: Int Number, both("llm_trace.attempt");
    /// The type of the error; on its event.
    ExceptionType: Text Identifier, both("exception.type");
    /// The name of an evaluation.
    EvaluationName: Text Identifier, both("gen_ai.evaluation.name");
    /// The score of an evaluation.
    EvaluationScore: Float Number, both("gen_ai.evaluation.score.value");
    /// The score of an evaluation as a label.
    EvaluationLabel: Text Identifier, both("gen_ai.evaluation.score.label");
    /// The tokens that a metric counts: `input` or `output`.
    TokenType: Text Identifier, core("gen_ai.token.type"), label;
    /// The modality of the tokens that a metric counts.
    TokenModality: Text Identifier, latest("gen_ai.token.modality"), label;
}

impl Fact {
    /// The row of the fact.
    pub(crate) const fn row(self) -> &'static Row {
        &ROWS[self as usize]
    }

    /// The attribute's name in a profile, or `None` if the profile does not define it.
    pub(crate) const fn name(self, profile: Profile) -> Option<&'static str> {
        self.row().names.of(profile)
    }

    /// The attribute's name, for a fact with a single name in all profiles.
    pub(crate) const fn key(self) -> &'static str {
        self.row().names.any()
    }

    /// The value in the type of a profile, or `None` if it cannot be converted.
    #[inline]
    pub(crate) fn value(self, value: AttributeValue, profile: Profile) -> Option<AttributeValue> {
        match (self.row().value, profile, &value) {
            (ValueType::FloatThenInt, Profile::Core, AttributeValue::Int(number)) => {
                Some(AttributeValue::Float(*number as f64))
            }
            (ValueType::FloatThenInt, Profile::Latest, AttributeValue::Float(number)) => {
                // Above this limit a double cannot represent every integer.
                let is_whole = number.fract() == 0.0 && number.abs() < 9_007_199_254_740_992.0;
                is_whole.then_some(AttributeValue::Int(*number as i64))
            }
            _ => Some(value),
        }
    }

    /// The fact with this attribute name in any profile.
    pub(crate) fn from_name(name: &str) -> Option<Fact> {
        Fact::ALL.iter().copied().find(|fact| fact.row().names.has(name))
    }
}

const _: () = assert!(Fact::ALL.len() == ROWS.len());

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_is_that_of_one_fact_but_for_those_that_two_sources_fill() {
        for profile in [Profile::Core, Profile::Latest] {
            let mut names: Vec<&str> = Fact::ALL.iter().filter_map(|fact| fact.name(profile)).collect();
            names.sort_unstable();
            let twice: Vec<&str> = names.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect();
            let known: &[&str] = match profile {
                Profile::Core => &["gen_ai.request.top_k"],
                Profile::Latest => &["gen_ai.prompt.name", "gen_ai.prompt.version"],
            };
            assert_eq!(twice, known, "{profile:?}");
        }
    }

    #[test]
    fn numbers_are_numbers_and_texts_have_a_kind_of_text() {
        for fact in Fact::ALL {
            let Row { value, kind, doc, .. } = fact.row();
            let is_text = matches!(value, ValueType::Text | ValueType::Texts | ValueType::Any);
            assert_eq!(is_text, *kind != FactKind::Number, "{fact:?}");
            assert!(doc.ends_with(['.', '`']), "{fact:?}: {doc}");
        }
    }
}
