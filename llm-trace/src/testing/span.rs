//! A captured span, with accessors for tests.

use std::fmt;
use std::time::Duration;

use opentelemetry::trace::{SpanKind, Status};
use opentelemetry_sdk::trace::SpanData;
use serde_json::Value;

use super::stable::json;
use crate::semconv::{ContentField, Fact};

/// An ended span, as it would be exported.
///
/// ```
/// use llm_trace::{LlmCall, Operation, testing};
///
/// let captured = testing::capture();
/// LlmCall::builder(Operation::Chat).provider("openai").model("gpt-4o").attribute("app.tier", "gold").run(|_| {});
///
/// let call = captured.one_call();
/// assert_eq!(call.kind(), "client");
/// assert_eq!(call.outcome().as_deref(), Some("completed"));
/// call.assert_attribute("app.tier", "gold");
/// call.assert_absent("gen_ai.usage.input_tokens");
/// ```
///
/// Its content, as far as the policy permits it:
///
/// ```
/// use llm_trace::{Capture, LlmCall, Operation, Policy, testing};
/// use serde_json::json;
///
/// let captured = testing::builder().policy(Policy::new().capture(Capture::Span).mask_output(true)).capture();
/// let request = json!({"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}]});
/// let answer = json!({"id": "chatcmpl-1", "model": "gpt-4o-2024-08-06", "usage": {"prompt_tokens": 9},
///     "choices": [{"finish_reason": "stop", "message": {"role": "assistant", "content": "Hi"}}]});
/// let builder = LlmCall::builder(Operation::Chat).provider("openai").server("http://localhost:4000");
/// builder.request(&request).run(|call| {
///     call.response(&answer);
/// });
///
/// let call = captured.one_call();
/// assert!(!call.is_error() && call.status_message().is_empty());
/// assert_eq!(call.server_address().as_deref(), Some("localhost"));
/// assert_eq!((call.input_tokens(), call.int("gen_ai.usage.input_tokens")), (Some(9), Some(9)));
/// assert_eq!(call.finish_reasons(), call.texts("gen_ai.response.finish_reasons"));
/// assert_eq!(call.input_messages().unwrap()[0]["role"], "user");
/// assert_eq!(call.input_texts(), ["Hello"]);
/// assert_eq!(call.output_messages().unwrap()[0]["role"], "assistant");
/// assert_eq!(call.output_texts(), ["[REDACTED]"]);
/// assert!(!call.redaction().is_empty());
/// assert_eq!(call.data().name, call.name());
/// println!("{:?}", call.duration());
/// ```
#[derive(Clone)]
pub struct CapturedSpan(SpanData);

/// One line: the name and a summary of the call.
impl fmt::Display for CapturedSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        let tokens = match (self.input_tokens(), self.output_tokens()) {
            (None, None) => None,
            (input, output) => {
                let word = |count: Option<i64>| count.map_or_else(|| "?".to_owned(), |count| count.to_string());
                Some(format!("{} → {} tokens", word(input), word(output)))
            }
        };
        let reasons = Some(self.finish_reasons().join(", ")).filter(|reasons| !reasons.is_empty());
        let error = match (self.error_type(), self.is_error()) {
            (Some(kind), _) => Some(format!("error {kind}")),
            (None, true) => Some("error".to_owned()),
            (None, false) => None,
        };
        let parts = [self.provider(), self.response_model(), tokens, reasons, self.outcome(), error];
        parts.into_iter().flatten().try_for_each(|part| write!(f, " · {part}"))
    }
}

impl fmt::Debug for CapturedSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("CapturedSpan");
        out.field("name", &self.0.name).field("kind", &self.0.span_kind).field("status", &self.0.status);
        self.0.attributes.iter().for_each(|kv| {
            out.field(kv.key.as_str(), &format_args!("{}", json(&kv.value)));
        });
        out.finish()
    }
}

impl CapturedSpan {
    pub(super) fn new(data: SpanData) -> Self {
        Self(data)
    }

    /// The SDK's span, for data without an accessor here.
    pub fn data(&self) -> &SpanData {
        &self.0
    }

    /// The span's name.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// `client`, `internal`, `server`, `producer` or `consumer`.
    pub fn kind(&self) -> &'static str {
        match self.0.span_kind {
            SpanKind::Client => "client",
            SpanKind::Server => "server",
            SpanKind::Producer => "producer",
            SpanKind::Consumer => "consumer",
            SpanKind::Internal => "internal",
        }
    }

    /// The duration of the span.
    pub fn duration(&self) -> Duration {
        self.0.end_time.duration_since(self.0.start_time).unwrap_or_default()
    }

    /// Whether this span is a direct child of `other`.
    pub fn is_child_of(&self, other: &CapturedSpan) -> bool {
        self.0.parent_span_id == other.0.span_context.span_id()
            && self.0.span_context.trace_id() == other.0.span_context.trace_id()
    }

    /// Whether its status is Error.
    pub fn is_error(&self) -> bool {
        matches!(self.0.status, Status::Error { .. })
    }

    /// The text of its status, or the empty string.
    pub fn status_message(&self) -> &str {
        match &self.0.status {
            Status::Error { description } => description,
            _ => "",
        }
    }

    /// An attribute's value, with its own type: `42` is an integer, `0.5` a double.
    pub fn attribute(&self, key: &str) -> Option<Value> {
        self.0.attributes.iter().find(|kv| kv.key.as_str() == key).map(|kv| json(&kv.value))
    }

    /// An attribute that is a string.
    pub fn text(&self, key: &str) -> Option<String> {
        self.attribute(key)?.as_str().map(str::to_owned)
    }

    /// An attribute that is an integer.
    pub fn int(&self, key: &str) -> Option<i64> {
        self.attribute(key)?.as_i64()
    }

    /// An attribute that is a list of strings; empty if there is none.
    pub fn texts(&self, key: &str) -> Vec<String> {
        let words =
            |value: Value| Some(value.as_array()?.iter().filter_map(Value::as_str).map(str::to_owned).collect());
        self.attribute(key).and_then(words).unwrap_or_default()
    }

    /// `gen_ai.operation.name`: `chat`, `embeddings`, `execute_tool`, …
    pub fn operation(&self) -> Option<String> {
        self.text(Fact::OperationName.key())
    }

    /// `gen_ai.provider.name`
    pub fn provider(&self) -> Option<String> {
        self.text(Fact::ProviderName.key())
    }

    /// `gen_ai.request.model`
    pub fn request_model(&self) -> Option<String> {
        self.text(Fact::RequestModel.key())
    }

    /// `gen_ai.response.model`
    pub fn response_model(&self) -> Option<String> {
        self.text(Fact::ResponseModel.key())
    }

    /// `gen_ai.response.finish_reasons`
    pub fn finish_reasons(&self) -> Vec<String> {
        self.texts(Fact::FinishReasons.key())
    }

    /// `gen_ai.usage.input_tokens`
    pub fn input_tokens(&self) -> Option<i64> {
        self.int(Fact::UsageInput.key())
    }

    /// `gen_ai.usage.output_tokens`
    pub fn output_tokens(&self) -> Option<i64> {
        self.int(Fact::UsageOutput.key())
    }

    /// `server.address`
    pub fn server_address(&self) -> Option<String> {
        self.text(Fact::ServerAddress.key())
    }

    /// `llm_trace.outcome`: see [`Outcome`](crate::Outcome).
    pub fn outcome(&self) -> Option<String> {
        self.text(Fact::Outcome.key())
    }

    /// `error.type`
    pub fn error_type(&self) -> Option<String> {
        self.text(Fact::ErrorType.key())
    }

    /// `llm_trace.redaction`: kinds and counts of masked, scrubbed and cut content.
    pub fn redaction(&self) -> Vec<String> {
        self.texts(Fact::Redaction.key())
    }

    /// `gen_ai.input.messages` as parsed JSON.
    pub fn input_messages(&self) -> Option<Value> {
        serde_json::from_str(&self.text(ContentField::InputMessages.key())?).ok()
    }

    /// `gen_ai.output.messages` as parsed JSON.
    pub fn output_messages(&self) -> Option<Value> {
        serde_json::from_str(&self.text(ContentField::OutputMessages.key())?).ok()
    }

    /// The texts of the input messages, in order.
    pub fn input_texts(&self) -> Vec<String> {
        self.input_messages().map(|messages| message_texts(&messages)).unwrap_or_default()
    }

    /// The texts of the output messages, in order.
    pub fn output_texts(&self) -> Vec<String> {
        self.output_messages().map(|messages| message_texts(&messages)).unwrap_or_default()
    }

    /// Asserts an attribute's value.
    ///
    /// # Panics
    /// If it differs, or is absent.
    #[track_caller]
    pub fn assert_attribute(&self, key: &str, expected: impl Into<Value>) -> &Self {
        let (found, expected) = (self.attribute(key), expected.into());
        if found.as_ref() != Some(&expected) {
            let found = found.map_or_else(|| "absent".to_owned(), |value| value.to_string());
            panic!("{key} is {found}, expected {expected}; the span: {self:#?}");
        }
        self
    }

    /// Asserts that an attribute is absent.
    ///
    /// # Panics
    /// If it is present.
    #[track_caller]
    pub fn assert_absent(&self, key: &str) -> &Self {
        if let Some(found) = self.attribute(key) {
            panic!("{key} is {found}, expected none; the span: {self:#?}");
        }
        self
    }
}

fn message_texts(messages: &Value) -> Vec<String> {
    let parts = messages.as_array().into_iter().flatten().filter_map(|message| message.get("parts")?.as_array());
    let texts = parts.flatten().filter_map(|part| part.get("content")?.as_str());
    texts.map(str::to_owned).collect()
}

/// A log record, as it would be exported.
///
/// ```
/// use llm_trace::{Capture, LlmCall, Operation, Policy, testing};
///
/// let captured = testing::builder().policy(Policy::new().capture(Capture::Event)).capture();
/// LlmCall::builder(Operation::Chat).provider("openai").model("gpt-4o").run(|_| {});
/// let event = &captured.events()[0];
/// assert_eq!(event.name(), "gen_ai.client.inference.operation.details");
/// assert!(event.has_operation(&captured.one_call()));
/// ```
#[derive(Clone, Debug)]
pub struct CapturedEvent(opentelemetry_proto::tonic::logs::v1::LogRecord);

impl CapturedEvent {
    pub(super) fn new(record: opentelemetry_proto::tonic::logs::v1::LogRecord) -> Self {
        Self(record)
    }

    /// The event's name.
    pub fn name(&self) -> &str {
        &self.0.event_name
    }

    /// Whether the call of this span emitted this event.
    pub fn has_operation(&self, span: &CapturedSpan) -> bool {
        self.0.span_id == span.0.span_context.span_id().to_bytes()
    }

    /// An attribute's value, with its nested structure.
    pub fn attribute(&self, key: &str) -> Option<Value> {
        self.0.attributes.iter().find(|kv| kv.key == key).map(|kv| any(kv.value.as_ref()))
    }
}

fn any(value: Option<&opentelemetry_proto::tonic::common::v1::AnyValue>) -> Value {
    use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;

    match value.and_then(|value| value.value.as_ref()) {
        Some(Any::StringValue(text)) => Value::from(text.as_str()),
        Some(Any::BoolValue(value)) => Value::from(*value),
        Some(Any::IntValue(value)) => Value::from(*value),
        Some(Any::DoubleValue(value)) => Value::from(*value),
        Some(Any::ArrayValue(list)) => list.values.iter().map(|value| any(Some(value))).collect(),
        Some(Any::KvlistValue(list)) => {
            Value::Object(list.values.iter().map(|kv| (kv.key.clone(), any(kv.value.as_ref()))).collect())
        }
        Some(Any::BytesValue(bytes)) => bytes.iter().copied().collect(),
        _ => Value::Null,
    }
}
