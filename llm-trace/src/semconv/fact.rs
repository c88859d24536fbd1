//! The table of facts: everything but content that can be recorded of a call, one row each.

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
            /// All facts, in the order in which a span has them: the most important first.
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

// `label`: metrics may have it as a label. What differs from call to call, or is measured, they may not.
facts! {
    /// The operation, such as `chat`.
    OperationName: Text Identifier, both("gen_ai.operation.name"), label;
    /// Who serves the model.
    ProviderName: Text Identifier, both("gen_ai.provider.name"), label;
    /// The model that was asked for.
    RequestModel: Text Identifier, both("gen_ai.request.model"), label;
    /// The host that the call goes to.
    ServerAddress: Text Identifier, both("server.address"), label;
    /// The port that the call goes to.
    ServerPort: Int Number, both("server.port"), label;

    /// Why the call failed, in one word of few. Absent on success.
    ErrorType: Text Identifier, both("error.type"), label;
    /// The HTTP status of a failed answer.
    HttpStatusCode: Int Number, both("http.response.status_code"), label;
    /// The provider's own error code, where `error.type` holds another word.
    ErrorCode: Text Identifier, both("llm_trace.error.code"), label;
    /// How the call ended.
    Outcome: Text Identifier, both("llm_trace.outcome"), label;

    /// The id of the answer.
    ResponseId: Text Identifier, both("gen_ai.response.id");
    /// The model that answered.
    ResponseModel: Text Identifier, both("gen_ai.response.model"), label;
    /// Why the model stopped, per choice, in the provider's words.
    FinishReasons: Texts Identifier, both("gen_ai.response.finish_reasons"), label;
    /// Input tokens, cached ones included.
    UsageInput: Int Number, both("gen_ai.usage.input_tokens");
    /// Output tokens, reasoning included.
    UsageOutput: Int Number, both("gen_ai.usage.output_tokens");
    /// Input tokens that the provider's cache served.
    UsageCacheRead: Int Number, both("gen_ai.usage.cache_read.input_tokens");
    /// Input tokens written to the provider's cache.
    UsageCacheWrite: Int Number,
        core_latest("gen_ai.usage.cache_creation.input_tokens", "gen_ai.usage.cache_write.input_tokens");
    /// Output tokens spent on reasoning.
    UsageReasoning: Int Number, both("gen_ai.usage.reasoning.output_tokens");
    /// Input tokens of text.
    UsageTextInput: Int Number, latest("gen_ai.usage.text.input_tokens");
    /// Input tokens of images.
    UsageImageInput: Int Number, latest("gen_ai.usage.image.input_tokens");
    /// Input tokens of audio.
    UsageAudioInput: Int Number, latest("gen_ai.usage.audio.input_tokens");
    /// Output tokens of text.
    UsageTextOutput: Int Number, latest("gen_ai.usage.text.output_tokens");
    /// Output tokens of images.
    UsageImageOutput: Int Number, latest("gen_ai.usage.image.output_tokens");
    /// Output tokens of audio.
    UsageAudioOutput: Int Number, latest("gen_ai.usage.audio.output_tokens");
    /// Input tokens of text that the provider's cache served.
    UsageTextCacheRead: Int Number, latest("gen_ai.usage.text.cache_read.input_tokens");
    /// Input tokens of images that the provider's cache served.
    UsageImageCacheRead: Int Number, latest("gen_ai.usage.image.cache_read.input_tokens");
    /// Input tokens of audio that the provider's cache served.
    UsageAudioCacheRead: Int Number, latest("gen_ai.usage.audio.cache_read.input_tokens");
    /// The state of an answer that is made in the background.
    ResponseStatus: Text Identifier, latest("gen_ai.response.status"), label;
    /// The service tier that the provider used.
    ResponseServiceTier: Text Identifier, both("openai.response.service_tier"), label;
    /// The provider's name for the state of its servers.
    ResponseSystemFingerprint: Text Identifier, both("openai.response.system_fingerprint"), label;
    /// Seconds from the call's start to the first chunk of its stream that has content.
    TimeToFirstChunk: Float Number, both("gen_ai.response.time_to_first_chunk");
    /// Events of a stream that were too large to read.
    EventsSkipped: Int Number, both("llm_trace.stream.events_skipped");

    /// The cost of the call in US dollars.
    CostTotal: Float Number, both("llm_trace.cost.total");
    /// The same, under the name that some backends read.
    Cost: Float Number, both("gen_ai.usage.cost");
    /// Whether some part of the cost is not known.
    CostPartial: Bool Number, both("llm_trace.cost.partial"), label;
    /// The cost of input that was neither read from a cache nor written to one, in US dollars.
    CostInput: Float Number, both("llm_trace.cost.input");
    /// The cost of output that was not reasoning, in US dollars.
    CostOutput: Float Number, both("llm_trace.cost.output");
    /// The cost of input from the provider's cache, in US dollars.
    CostCacheRead: Float Number, both("llm_trace.cost.cache_read");
    /// The cost of input written to the provider's cache, in US dollars.
    CostCacheWrite: Float Number, both("llm_trace.cost.cache_write");
    /// The cost of reasoning, in US dollars.
    CostReasoning: Float Number, both("llm_trace.cost.reasoning");
    /// The cost of what is priced by the request or the search, in US dollars.
    CostRequests: Float Number, both("llm_trace.cost.requests");
    /// Where the cost comes from: `provider`, `table` or `function`.
    CostSource: Text Identifier, both("llm_trace.cost.source"), label;

    /// The agent's name.
    AgentName: Text Identifier, both("gen_ai.agent.name"), label;
    /// The id that a host of agents gave the agent.
    AgentId: Text Identifier, both("gen_ai.agent.id"), label;
    /// The agent's version.
    AgentVersion: Text Identifier, both("gen_ai.agent.version"), label;
    /// The tool's name.
    ToolName: Text Identifier, both("gen_ai.tool.name"), label;
    /// The tool's type: `function`, `extension` or `datastore`.
    ToolType: Text Identifier, both("gen_ai.tool.type"), label;
    /// The id that the model gave this call of the tool.
    ToolCallId: Text Identifier, both("gen_ai.tool.call.id");
    /// The workflow's name.
    WorkflowName: Text Identifier, both("gen_ai.workflow.name"), label;
    /// The data source that is searched.
    DataSourceId: Text Identifier, both("gen_ai.data_source.id"), label;
    /// How many documents are asked for.
    RetrievalTopK: FloatThenInt Number, core_latest("gen_ai.request.top_k", "gen_ai.retrieval.top_k"), label;
    /// From where in its stream an answer is fetched.
    StreamCursor: Text Identifier, core_latest("llm_trace.request.stream_cursor", "gen_ai.request.stream_cursor");
    /// The memory store.
    MemoryStoreId: Text Identifier, core_latest("llm_trace.memory.store.id", "gen_ai.memory.store.id"), label;
    /// The one memory that is read or written.
    MemoryRecordId: Text Identifier, core_latest("llm_trace.memory.record.id", "gen_ai.memory.record.id");
    /// How many memories were found or written.
    MemoryRecordCount: Int Number, core_latest("llm_trace.memory.record.count", "gen_ai.memory.record.count");
    /// The guardrail's name.
    GuardrailName: Text Identifier, both("llm_trace.guardrail.name"), label;
    /// The guardrail's decision, in one word of few.
    GuardrailDecision: Text Identifier, both("llm_trace.guardrail.decision"), label;

    /// The method of a message of the Model Context Protocol.
    McpMethod: Text Identifier, both("mcp.method.name"), label;
    /// The session of the Model Context Protocol.
    McpSession: Text Identifier, both("mcp.session.id");
    /// The version of the Model Context Protocol.
    McpProtocolVersion: Text Identifier, both("mcp.protocol.version"), label;
    /// The resource that is read.
    McpResource: Text Free, both("mcp.resource.uri"), label;
    /// The id of a JSON-RPC request.
    RpcRequestId: Text Identifier, both("jsonrpc.request.id");
    /// The error code of a JSON-RPC answer.
    RpcStatus: Text Identifier, both("rpc.response.status_code"), label;
    /// How a message is carried, such as `pipe` or `tcp`.
    NetworkTransport: Text Identifier, both("network.transport"), label;
    /// The protocol that carries a message, such as `http`.
    NetworkProtocol: Text Identifier, both("network.protocol.name"), label;
    /// The version of that protocol.
    NetworkProtocolVersion: Text Identifier, both("network.protocol.version"), label;
    /// Where a received message comes from.
    ClientAddress: Text Identifier, both("client.address"), label;
    /// The port that a received message comes from.
    ClientPort: Int Number, both("client.port"), label;

    /// Whether the answer was asked to be a stream. Written only if so.
    RequestStream: Bool Number, both("gen_ai.request.stream"), label;
    /// The temperature that was asked for.
    RequestTemperature: Float Number, both("gen_ai.request.temperature"), label;
    /// The most output tokens that were asked for.
    RequestMaxTokens: Int Number, both("gen_ai.request.max_tokens"), label;
    /// The `top_p` that was asked for.
    RequestTopP: Float Number, both("gen_ai.request.top_p"), label;
    /// The `top_k` that was asked for.
    RequestTopK: FloatThenInt Number, both("gen_ai.request.top_k"), label;
    /// The frequency penalty that was asked for.
    RequestFrequencyPenalty: Float Number, both("gen_ai.request.frequency_penalty"), label;
    /// The presence penalty that was asked for.
    RequestPresencePenalty: Float Number, both("gen_ai.request.presence_penalty"), label;
    /// The seed that was asked for.
    RequestSeed: Int Number, both("gen_ai.request.seed"), label;
    /// The texts at which the model is to stop.
    RequestStopSequences: Texts Identifier, both("gen_ai.request.stop_sequences"), label;
    /// How many choices were asked for. Written unless it is one.
    RequestChoiceCount: Int Number, both("gen_ai.request.choice.count"), label;
    /// The encodings of embeddings that were asked for.
    RequestEncodingFormats: Texts Identifier, both("gen_ai.request.encoding_formats"), label;
    /// How much reasoning was asked for.
    RequestReasoningLevel: Text Identifier, latest("gen_ai.request.reasoning.level"), label;
    /// The id of the answer that this request goes on from.
    RequestPreviousResponseId: Text Identifier, latest("gen_ai.request.previous_response.id");
    /// The stored prompt that the request names.
    RequestPromptName: Text Identifier, latest("gen_ai.prompt.name"), label;
    /// The version of the stored prompt that the request names.
    RequestPromptVersion: Text Identifier, latest("gen_ai.prompt.version"), label;
    /// The service tier that was asked for. Written unless it is `auto`.
    RequestServiceTier: Text Identifier, both("openai.request.service_tier"), label;
    /// The API of OpenAI's that is called.
    OpenAiApiType: Text Identifier, both("openai.api.type"), label;
    /// The guardrail of Amazon Bedrock's.
    AwsGuardrailId: Text Identifier, both("aws.bedrock.guardrail.id"), label;
    /// The knowledge base of Amazon Bedrock's.
    AwsKnowledgeBaseId: Text Identifier, both("aws.bedrock.knowledge_base.id"), label;
    /// What was asked for: `text`, `json`, `image` or `speech`.
    OutputType: Text Identifier, both("gen_ai.output.type"), label;
    /// The length of an embedding.
    Dimensions: Int Number, both("gen_ai.embeddings.dimension.count"), label;

    /// The conversation that the call belongs to.
    ConversationId: Text Identity, both("gen_ai.conversation.id"), label;
    /// The user who makes the call.
    UserId: Text Identity, both("user.id"), label;
    /// The session that the call belongs to.
    SessionId: Text Identity, both("session.id"), label;
    /// The SHA-256 of the caller's key, in hex.
    CallerKeyHash: Text Identity, both("llm_trace.caller.key_hash"), label;
    /// The name of the caller's key.
    CallerKeyAlias: Text Identity, both("llm_trace.caller.key_alias"), label;
    /// The user who owns the caller's key, where a scope names another user.
    CallerUserId: Text Identity, both("llm_trace.caller.user_id"), label;
    /// The team that owns the caller's key.
    CallerTeamId: Text Identity, both("llm_trace.caller.team_id"), label;
    /// The name of the team that owns the caller's key.
    CallerTeamAlias: Text Identity, both("llm_trace.caller.team_alias"), label;
    /// The caller's organization.
    CallerOrgId: Text Identity, both("llm_trace.caller.org_id"), label;
    /// The user on whose behalf the owner of the key calls.
    EndUserId: Text Identity, both("enduser.id"), label;
    /// The user's e-mail address.
    UserEmail: Text Identity, both("user.email"), label;
    /// The gateway's route.
    CallerRoute: Text Identifier, both("llm_trace.caller.route"), label;
    /// The prompt of a prompt registry.
    PromptName: Text Identifier, both("gen_ai.prompt.name"), label;
    /// The version of that prompt.
    PromptVersion: Text Identifier, core_latest("llm_trace.prompt.version", "gen_ai.prompt.version"), label;
    /// The user's tags.
    Tags: Texts Free, both("llm_trace.tags"), label;
    /// The user's metadata, by key.
    Metadata: Any Free, both("llm_trace.metadata.<key>"), label;
    /// What was masked, scrubbed, cut or left out: `<what was done>:<to what>=<how often>`.
    Redaction: Texts Identifier, both("llm_trace.redaction");

    /// The number of an attempt; on the span event of that name.
    Attempt: Int Number, both("llm_trace.attempt");
    /// The type of the error; on the event of a failure.
    ExceptionType: Text Identifier, both("exception.type");
    /// The name of an evaluation.
    EvaluationName: Text Identifier, both("gen_ai.evaluation.name");
    /// The score that an evaluation gave.
    EvaluationScore: Float Number, both("gen_ai.evaluation.score.value");
    /// The score in a word.
    EvaluationLabel: Text Identifier, both("gen_ai.evaluation.score.label");
    /// Which tokens a metric counts: `input` or `output`.
    TokenType: Text Identifier, core("gen_ai.token.type"), label;
    /// Of which kind the tokens are that a metric counts.
    TokenModality: Text Identifier, latest("gen_ai.token.modality"), label;
}

impl Fact {
    /// The fact's row.
    pub(crate) const fn row(self) -> &'static Row {
        &ROWS[self as usize]
    }

    /// The attribute's name in a profile; `None` where the profile does not have it.
    pub(crate) const fn name(self, profile: Profile) -> Option<&'static str> {
        self.row().names.of(profile)
    }

    /// The attribute's name, for a fact that has the same one in each profile that has it.
    pub(crate) const fn key(self) -> &'static str {
        self.row().names.any()
    }

    /// The value as a profile has it; `None` where it cannot have it.
    pub(crate) fn value(self, value: AttributeValue, profile: Profile) -> Option<AttributeValue> {
        Some(match (self.row().value, profile, value) {
            (ValueType::FloatThenInt, Profile::Core, AttributeValue::Int(number)) => {
                AttributeValue::Float(number as f64)
            }
            (ValueType::FloatThenInt, Profile::Latest, AttributeValue::Float(number)) => {
                // Beyond this a double has no whole numbers of its own.
                let is_whole = number.fract() == 0.0 && number.abs() < 9_007_199_254_740_992.0;
                return is_whole.then_some(AttributeValue::Int(number as i64));
            }
            (_, _, value) => value,
        })
    }

    /// The fact under an attribute's name in either profile.
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
