//! A finished call with the data that the policy permits.
//!
//! This module does not depend on OpenTelemetry: ids are text, and values are [`AttributeValue`]s.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::model::{Outcome, Usage};
use crate::semconv::{AttributeValue, ContentField, Fact, Profile};

/// A finished call, passed to the closure of [`LlmLayer::with_call_hook`](crate::LlmLayer::with_call_hook).
///
/// Masks, scrubbers, hashed identities and limits of the policy apply as on a span. Sampling does not: calls with an
/// unsampled span are passed too. Unknown values are `None`.
///
/// ```
/// use std::collections::HashMap;
///
/// use llm_trace::FinishedCall;
/// use tracing_subscriber::prelude::*;
///
/// let mut spent: HashMap<String, f64> = HashMap::new(); // US dollars by team
/// let layer = llm_trace::layer().with_call_hook(move |call: &FinishedCall| {
///     let team = call.caller_team_id().unwrap_or("none");
///     let total = spent.entry(team.to_owned()).or_default();
///     *total += call.cost().unwrap_or(0.0);
///     if *total > 100.0 {
///         eprintln!("team {team} has spent {total:.2} USD, last on {:?}", call.model());
///     }
/// });
/// tracing_subscriber::registry().with(layer).init();
/// ```
///
/// Every fact has a typed getter or an attribute name. Times are those of the local clock:
///
/// ```
/// use llm_trace::{AttributeValue, FinishedCall, Outcome};
/// use tracing_subscriber::prelude::*;
///
/// fn row(call: &FinishedCall) -> String {
///     let failed = call.outcome() != Outcome::Completed;
///     let error = call.error_type().or(call.error_code()).filter(|_| failed);
///     let tokens = [call.input_tokens(), call.cache_read_tokens(), call.output_tokens(), call.reasoning_tokens()];
///     let milliseconds = call.duration().map(|duration| duration.as_millis());
///     let temperature = call.attribute("gen_ai.request.temperature").and_then(AttributeValue::as_f64);
///     let tenant = call.metadata("tenant").and_then(AttributeValue::as_str);
///     format!("{} {error:?} {tokens:?} {milliseconds:?} {temperature:?} {tenant:?}", call.operation())
/// }
/// let layer = llm_trace::layer().with_call_hook(|call: &FinishedCall| println!("{}", row(call)));
/// tracing_subscriber::registry().with(layer).init();
/// ```
///
/// All attributes, metadata and content by name, with the ids of the span:
///
/// ```
/// use llm_trace::FinishedCall;
///
/// fn print(call: &FinishedCall) {
///     let ids = call.trace_id().zip(call.span_id()).filter(|_| call.is_sampled());
///     println!("{:?} {ids:?} {:?} {:?}", call.start_time(), call.time_to_first_chunk(), call.error_message());
///     for (name, value) in call.attributes().chain(call.all_metadata()) {
///         println!("{name}: {value:?}");
///     }
///     println!("{:?} {:?} {:?}", call.http_status(), call.finish_reasons(), call.tags());
///     println!("{:?}", call.content("gen_ai.system_instructions"));
///     println!("{:?} {:?}", call.input_messages(), call.output_messages());
/// }
/// ```
///
/// A call is `Serialize`: one flat object of the span's attributes, with the additional fields
/// `start_time_unix_nano`, `duration_seconds`, `trace_id`, `span_id`, `sampled`, `name` and `error_message`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FinishedCall {
    pub(crate) name: String,
    pub(crate) operation: String,
    /// The profile that names the attributes.
    pub(crate) profile: Profile,
    pub(crate) outcome: Outcome,
    pub(crate) start_time: SystemTime,
    pub(crate) duration: Option<Duration>,
    pub(crate) first_chunk: Option<Duration>,
    pub(crate) usage: Usage,
    pub(crate) error_message: Option<String>,
    /// Trace id and span id, in lower-case hex.
    pub(crate) ids: Option<(String, String)>,
    pub(crate) sampled: bool,
    /// Facts, metadata and attributes of the user, under their names on a span. Keys are unique.
    pub(crate) attributes: Vec<(Cow<'static, str>, AttributeValue)>,
    /// Content as JSON, under its names on a span.
    pub(crate) content: Arc<[(&'static str, String)]>,
}

impl FinishedCall {
    /// The name of the call's span, for example `chat gpt-4o`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The operation: the value of `gen_ai.operation.name`, for example `chat`, or a name defined by llm-trace or the
    /// user.
    pub fn operation(&self) -> &str {
        &self.operation
    }

    /// The model of the response, or the requested model if that is unknown.
    pub fn model(&self) -> Option<&str> {
        self.response_model().or(self.request_model())
    }

    /// The outcome of the call.
    pub fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// The text of the error, which may repeat a prompt. It is set only if the policy permits it.
    pub fn error_message(&self) -> Option<&str> {
        self.error_message.as_deref()
    }

    /// The HTTP status of a failed response, or of any that [`http_status`](crate::LlmCall::http_status) sets.
    pub fn http_status(&self) -> Option<u16> {
        self.int(Fact::HttpStatusCode).and_then(|status| u16::try_from(status).ok())
    }

    /// The finish reason of each choice, as the provider names it; empty if unknown.
    pub fn finish_reasons(&self) -> &[String] {
        self.texts(Fact::FinishReasons)
    }

    /// The start of the call.
    pub fn start_time(&self) -> SystemTime {
        self.start_time
    }

    /// The time from the start of the call to its end, or to the end of its stream. `None` if the end could not be
    /// observed: [`Outcome::Unobserved`].
    pub fn duration(&self) -> Option<Duration> {
        self.duration
    }

    /// The time from the start of the call to the first chunk with content.
    pub fn time_to_first_chunk(&self) -> Option<Duration> {
        self.first_chunk
    }

    /// The cost in US dollars, reported by the provider or computed by the layer's [`with_prices`](crate::LlmLayer::with_prices).
    /// An agent or a workflow has no cost if the calls inside have one, so that a sum over all calls counts each dollar
    /// once.
    pub fn cost(&self) -> Option<f64> {
        self.get(Fact::CostTotal)?.as_f64()
    }

    /// Tags set by the user; empty if there are none.
    pub fn tags(&self) -> &[String] {
        self.texts(Fact::Tags)
    }

    /// The value of one metadata key, set by a scope or the call itself.
    pub fn metadata(&self, key: &str) -> Option<&AttributeValue> {
        self.all_metadata().find_map(|(known, value)| (known == key).then_some(value))
    }

    /// All metadata, by key.
    pub fn all_metadata(&self) -> impl Iterator<Item = (&str, &AttributeValue)> {
        let prefix = Fact::Metadata.key().trim_end_matches("<key>");
        self.attributes().filter_map(move |(name, value)| Some((name.strip_prefix(prefix)?, value)))
    }

    /// The value of an attribute by its name on the span: of the conventions (`gen_ai.request.temperature`), of
    /// llm-trace (`llm_trace.cost.input`), or of your own.
    pub fn attribute(&self, name: &str) -> Option<&AttributeValue> {
        self.attributes().find_map(|(known, value)| (known == name).then_some(value))
    }

    /// All attributes without content, by their names on the span.
    pub fn attributes(&self) -> impl Iterator<Item = (&str, &AttributeValue)> {
        self.attributes.iter().map(|(name, value)| (&**name, value))
    }

    /// The input messages, as the JSON of `gen_ai.input.messages`. Like all content, they are set only if the policy
    /// captures content, and they are masked, scrubbed and cut.
    pub fn input_messages(&self) -> Option<&str> {
        self.content(ContentField::InputMessages.key())
    }

    /// The output messages, as the JSON of `gen_ai.output.messages`.
    pub fn output_messages(&self) -> Option<&str> {
        self.content(ContentField::OutputMessages.key())
    }

    /// Content by its name on the span, for example `gen_ai.system_instructions` or `gen_ai.tool.call.result`.
    pub fn content(&self, name: &str) -> Option<&str> {
        self.content.iter().find_map(|(known, text)| (*known == name).then_some(text.as_str()))
    }

    /// The id of the call's trace, as 32 hexadecimal digits. `None` without an OpenTelemetry layer in the subscriber.
    pub fn trace_id(&self) -> Option<&str> {
        self.ids.as_ref().map(|(trace, _)| trace.as_str())
    }

    /// The id of the call's span, as 16 hexadecimal digits. `None` without an OpenTelemetry layer in the subscriber.
    pub fn span_id(&self) -> Option<&str> {
        self.ids.as_ref().map(|(_, span)| span.as_str())
    }

    /// Whether the call's span is recorded and sampled, so that a backend receives it. `false` without an OpenTelemetry
    /// layer, because it is not known then.
    pub fn is_sampled(&self) -> bool {
        self.sampled
    }

    /// The approximate size in a queue, in bytes.
    pub(super) fn size(&self) -> usize {
        const FRAME: usize = 512;
        const PAIR: usize = size_of::<(Cow<'static, str>, AttributeValue)>();
        let value = |value: &AttributeValue| match value {
            AttributeValue::Str(text) => text.len(),
            AttributeValue::Strs(all) => all.iter().map(|text| size_of::<String>() + text.len()).sum(),
            _ => 0,
        };
        let attributes = self.attributes.iter().map(|(name, known)| PAIR + name.len() + value(known));
        let texts = self.name.len() + self.error_message.as_ref().map_or(0, String::len);
        FRAME + texts + attributes.sum::<usize>() + self.content_size()
    }

    pub(super) fn content_size(&self) -> usize {
        self.content.iter().map(|(_, text)| text.len()).sum()
    }

    fn get(&self, fact: Fact) -> Option<&AttributeValue> {
        self.attribute(fact.name(self.profile)?)
    }

    fn text(&self, fact: Fact) -> Option<&str> {
        self.get(fact)?.as_str()
    }

    fn int(&self, fact: Fact) -> Option<i64> {
        self.get(fact)?.as_i64()
    }

    fn texts(&self, fact: Fact) -> &[String] {
        match self.get(fact) {
            Some(AttributeValue::Strs(texts)) => texts,
            _ => &[],
        }
    }
}

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident: $fact:ident;)*) => {
        /// Text facts.
        ///
        /// ```
        /// fn account(call: &llm_trace::FinishedCall) -> [Option<&str>; 14] {
        ///     [
        ///         call.provider(), call.request_model(), call.response_model(), call.response_id(),
        ///         call.user_id(), call.session_id(), call.conversation_id(), call.end_user_id(),
        ///         call.caller_key_hash(), call.caller_key_alias(), call.caller_team_id(), call.caller_team_alias(),
        ///         call.caller_org_id(), call.caller_route(),
        ///     ]
        /// }
        /// fn names(call: &llm_trace::FinishedCall) -> [Option<&str>; 4] {
        ///     [call.agent_name(), call.tool_name(), call.cost_source(), call.user_email()]
        /// }
        /// ```
        impl FinishedCall {$(
            $(#[$doc])*
            pub fn $name(&self) -> Option<&str> {
                self.text(Fact::$fact)
            }
        )*}
    };
}

texts! {
    /// The provider, for example `openai`.
    provider: ProviderName;
    /// The requested model.
    request_model: RequestModel;
    /// The model that generated the response.
    response_model: ResponseModel;
    /// The id of the response.
    response_id: ResponseId;
    /// A low-cardinality name of the error. `None` on success.
    error_type: ErrorType;
    /// The provider's error code, if [`error_type`](Self::error_type) has another value.
    error_code: ErrorCode;
    /// The source of the cost: `provider`, `table` or `function`.
    cost_source: CostSource;
    /// The agent's name.
    agent_name: AgentName;
    /// The tool's name.
    tool_name: ToolName;
    /// The user who makes the call. This and the following identifiers are hashed if the policy hashes identities.
    user_id: UserId;
    /// The session of the call.
    session_id: SessionId;
    /// The conversation of the call.
    conversation_id: ConversationId;
    /// The SHA-256 of the caller's key, in hex.
    caller_key_hash: CallerKeyHash;
    /// The name of the caller's key.
    caller_key_alias: CallerKeyAlias;
    /// The team that owns the caller's key.
    caller_team_id: CallerTeamId;
    /// The name of the team that owns the caller's key.
    caller_team_alias: CallerTeamAlias;
    /// The caller's organization.
    caller_org_id: CallerOrgId;
    /// The gateway's route.
    caller_route: CallerRoute;
    /// The end user on whose behalf the call is made.
    end_user_id: EndUserId;
    /// The user's e-mail address.
    user_email: UserEmail;
}

macro_rules! tokens {
    ($($(#[$doc:meta])* $name:ident: $field:ident;)*) => {
        /// Token counts.
        ///
        /// ```
        /// fn media(call: &llm_trace::FinishedCall) -> [Option<i64>; 6] {
        ///     [
        ///         call.input_image_tokens(), call.input_audio_tokens(), call.input_video_tokens(),
        ///         call.output_image_tokens(), call.output_audio_tokens(), call.output_video_tokens(),
        ///     ]
        /// }
        /// fn cached(call: &llm_trace::FinishedCall) -> [Option<i64>; 4] {
        ///     [call.cache_read_tokens(), call.cache_creation_tokens(), call.cache_creation_1h_tokens(), call.searches()]
        /// }
        /// ```
        impl FinishedCall {$(
            $(#[$doc])*
            pub fn $name(&self) -> Option<i64> {
                self.usage.$field
            }
        )*}
    };
}

tokens! {
    /// All input tokens, including cached ones.
    input_tokens: input;
    /// All output tokens, including reasoning.
    output_tokens: output;
    /// Input tokens read from the provider's cache.
    cache_read_tokens: cache_read;
    /// Input tokens written to the provider's cache.
    cache_creation_tokens: cache_creation;
    /// The part of the cache writes that the provider keeps for an hour.
    cache_creation_1h_tokens: cache_creation_1h;
    /// Output tokens used for reasoning.
    reasoning_tokens: reasoning;
    /// Image input tokens.
    input_image_tokens: input_image;
    /// Audio input tokens.
    input_audio_tokens: input_audio;
    /// Video input tokens.
    input_video_tokens: input_video;
    /// Image output tokens.
    output_image_tokens: output_image;
    /// Audio output tokens.
    output_audio_tokens: output_audio;
    /// Video output tokens.
    output_video_tokens: output_video;
    /// Searches that the provider made and bills individually.
    searches: searches;
}
