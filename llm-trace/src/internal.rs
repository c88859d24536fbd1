//! The result of reading one exchange, for the tests, benches and fuzz targets of this repository.
//!
//! Not part of the public API.

pub mod tables;

use opentelemetry::Array;
use serde_json::{Map, Value};

use crate::arguments::call_arguments::CallArguments;
use crate::arguments::captured_value::CapturedValue;
use crate::credentials;
use crate::json::JsonView;
use crate::message::Messages;
use crate::model::facts::ResponseFacts;
use crate::model::{Outcome, Provider};
use crate::policy::{Capture, Filter, Masks, Permit, Place, Policy, PolicyHandle, Side, TextKind, authors};
use crate::record::{self, CallRecord, EndedStream, Stream, response_content};
use crate::semconv::{Fact, Profile};
use crate::sink::attributes::Attributes;
use crate::wire::error;
use crate::wire::paths;

pub use crate::json::work::{Work, counted as count_work};

/// Every key that a reader knows.
pub fn keys() -> Vec<&'static str> {
    paths::PATHS.names().chain(crate::json::known_keys()).collect()
}

/// Paths of requests, so that every reader is tried. The first one stands for no path.
pub const PATHS: &[&str] = &[
    "",
    "/v1/chat/completions",
    "/v1/responses",
    "/v1/completions",
    "/v1/embeddings",
    "/v1/messages",
    "/v1/complete",
    "/v1beta/models/m:generateContent",
    "/v1beta/models/m:streamGenerateContent",
    "/v1beta/models/m:embedContent",
    "/v1beta/models/m:batchEmbedContents",
    "/model/m/converse",
    "/model/m%3A0/converse-stream",
    "/model/m/invoke",
    "/model/m/invoke-with-response-stream",
    "/v2/chat",
    "/v1/chat",
    "/v1/generate",
    "/v2/embed",
    "/v2/rerank",
    "/api/chat",
    "/api/generate",
    "/api/embed",
    "/generate_stream",
    "/ml/v1/text/generation",
    "/%%%/model/%f/%",
];

/// Names of providers whose formats differ.
pub const PROVIDERS: &[Option<&str>] = &[
    None,
    Some("openai"),
    Some("anthropic"),
    Some("gcp.gemini"),
    Some("aws.bedrock"),
    Some("cohere"),
    Some("ollama"),
    Some("ibm.watsonx.ai"),
];

/// The format of a recorded response.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Body {
    /// One JSON document.
    Whole,
    /// One JSON document in a `serde_json::Value`. The request is one too.
    Value,
    /// Server-sent events.
    Sse,
    /// JSON values on lines, or one array of them.
    Json,
    /// AWS's binary event stream.
    AwsEventStream,
    /// A stream whose kind is detected from its first bytes.
    Stream,
}

/// The content to read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Content {
    /// None.
    Off,
    /// All of it.
    Full,
    /// A placeholder for each text.
    Masked,
}

/// One request and its response.
#[derive(Clone, Copy, Debug)]
pub struct Exchange<'a> {
    /// The provider's name, if known.
    pub provider: Option<&'a str>,
    /// The path of the request's URL, if known.
    pub path: Option<&'a str>,
    /// The request's body, if recorded.
    pub request: Option<&'a [u8]>,
    /// The body of the response.
    pub response: &'a [u8],
    /// The format of the response.
    pub body: Body,
    /// The HTTP status, if known.
    pub status: Option<u16>,
    /// How much content is read.
    pub content: Content,
    /// The sizes of the fragments in which a stream arrives, repeated; empty for one fragment.
    pub fragments: &'a [usize],
}

/// The result of reading an exchange.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    /// Attributes as a span carries them.
    pub attributes: Map<String, Value>,
    /// The outcome of a stream: `completed`, `error` or `truncated`.
    pub outcome: Option<&'static str>,
    /// The provider's error message, if content is read.
    pub error_message: Option<String>,
}

/// Passes a text through the readers of other crates' texts: credentials, authors of a conversation, scrubbing rules.
pub fn redact_text(text: &str) -> [String; 3] {
    let policy = Policy::new().capture(Capture::Span).mask_output(true);
    #[cfg(feature = "scrub-rules")]
    let policy = policy.rules(crate::policy::ScrubRules::all());
    let policy = PolicyHandle::new(policy);
    let Permit::Open(mut filter) = policy.state().permit(Side::Input, Masks::default()) else {
        return Default::default();
    };
    let credentials = credentials::clean(text).0.into_owned();
    let authors = authors::rewrite(text, &mut filter);
    [credentials, authors, filter.clean(text, Place::of(TextKind::Text)).into_owned()]
}

/// Reads variables. Returns the texts that are printed: the destinations and the warnings.
///
/// # Errors
/// If a variable is invalid.
#[cfg(feature = "init")]
pub fn configure(get: &dyn Fn(&str) -> Option<String>) -> Result<Vec<String>, crate::export::ConfigError> {
    let crate::export::Config { exporter, metrics, logs, warnings, .. } = crate::export::Config::from_lookup(get)?;
    Ok([exporter, metrics, logs].iter().map(ToString::to_string).chain(warnings).collect())
}

/// Reads one exchange into the record of a call.
pub fn read(exchange: &Exchange<'_>) -> Reading {
    let permit = match exchange.content {
        Content::Off => Permit::Off,
        Content::Full => Permit::Open(Filter::plain()),
        Content::Masked => Permit::Masked(Filter::placeholder()),
    };
    let is_value = exchange.body == Body::Value;
    let values = [exchange.request.filter(|_| is_value), is_value.then_some(exchange.response)]
        .map(|bytes| serde_json::from_slice::<Value>(bytes?).ok());
    let [request, response] = values.each_ref().map(|value| value.as_ref().map(|value| CapturedValue::Document(value)));
    let mut setup = CallArguments::new(None, |_| tracing::Span::none());
    setup.provider = exchange.provider.map(|name| Provider::from(name.to_owned()));
    setup.server = exchange.path.map(|path| format!("https://localhost{path}").into());
    setup.request = request.or(exchange.request.map(CapturedValue::Bytes)).unwrap_or_default();
    let mut record = CallRecord::of(&mut setup);
    record.read_arguments(&setup, record::found(&setup.request).as_ref());
    let document = permit.mode().and_then(|mode| record::document(&setup.request, mode));
    record.read_input(&setup, document.as_ref(), permit.clone());
    if let Some(status) = exchange.status {
        record.set_error_status(status);
    }
    let outcome = match exchange.body {
        Body::Whole | Body::Value => {
            read_whole(&mut record, &response.unwrap_or(CapturedValue::Bytes(exchange.response)), permit);
            None
        }
        _ => read_stream(&mut record, exchange, permit),
    };
    record.retain_identifiers();
    record.correct_operation();
    let mut attributes = Map::new();
    put(&mut attributes, "gen_ai.operation.name", record.format.and(record.operation_name()));
    put(&mut attributes, "gen_ai.provider.name", exchange.provider);
    if let Some(input) = record.input.take() {
        put(&mut attributes, "gen_ai.input.messages", input.value.messages);
        put(&mut attributes, "gen_ai.system_instructions", input.value.instructions);
        put(&mut attributes, "gen_ai.tool.definitions", input.value.tools);
    }
    put(&mut attributes, "gen_ai.output.messages", record.output.take().map(|output| output.value));
    if record.response.error.is_some() || record.is_http_error() {
        put(&mut attributes, "error.type", Some(record.error_type(Outcome::Error).into_owned()));
    }
    let error_message = record.error.message.take();
    put_facts(&mut attributes, &mut record);
    Reading { attributes, outcome, error_message }
}

fn read_whole(record: &mut CallRecord, response: &CapturedValue<'_>, permit: Permit) {
    let Some(found) = record::found(response) else { return };
    let document = permit.mode().and_then(|mode| record::document(response, mode));
    record.response.error = error::read(found.root());
    let format = record.response_facts(&found);
    let Some(root) = document.as_ref().map(JsonView::root) else { return };
    record.error.message = error::read(root).and_then(|error| error.message);
    let open = permit.is_open();
    if let Some(messages) = format.and_then(|format| response_content(format, root, permit, Profile::Core)) {
        record.set_output(messages, open);
    }
}

/// Returns the end of the stream.
fn read_stream(record: &mut CallRecord, exchange: &Exchange<'_>, permit: Permit) -> Option<&'static str> {
    let open = permit.is_open();
    let mut stream = Stream::new(record, &permit, open);
    for fragment in fragments(exchange.response, exchange.fragments) {
        stream.bytes(fragment);
    }
    record.stream = Some(Box::new(stream));
    let EndedStream { outcome, output, error_message } = record.end_stream(None)?;
    if let (Some(output), Some(filter)) = (output, permit.filter()) {
        let mut messages = Messages::output(filter, Profile::Core);
        output.write(&mut messages);
        record.set_output(messages, open);
    }
    record.error.message = error_message;
    Some(outcome.as_str())
}

fn fragments<'a>(mut bytes: &'a [u8], sizes: &'a [usize]) -> impl Iterator<Item = &'a [u8]> {
    let mut sizes = sizes.iter().copied().filter(|size| *size > 0).collect::<Vec<_>>().into_iter().cycle();
    std::iter::from_fn(move || {
        if bytes.is_empty() {
            return None;
        }
        let size = sizes.next().unwrap_or(bytes.len()).min(bytes.len());
        let (fragment, rest) = bytes.split_at(size);
        bytes = rest;
        Some(fragment)
    })
}

fn put<V: Into<Value>>(attributes: &mut Map<String, Value>, key: &str, value: Option<V>) {
    if let Some(value) = value {
        attributes.insert(key.to_owned(), value.into());
    }
}

/// Adds the facts under their attribute names.
fn put_facts(to: &mut Map<String, Value>, record: &mut CallRecord) {
    let mut named = Attributes::new(Profile::default(), 0, false);
    named.add(Fact::RequestModel.key(), record.request.get(Fact::RequestModel).cloned());
    record.response.move_shared(&mut record.request);
    named.request(&mut record.request, None, record.provider.as_ref());
    named.response(&mut record.response, record.provider.as_ref());
    for attribute in named.into_vec() {
        let value = match attribute.value {
            opentelemetry::Value::Bool(b) => Value::from(b),
            opentelemetry::Value::I64(n) => Value::from(n),
            opentelemetry::Value::F64(f) => Value::from(f),
            opentelemetry::Value::Array(Array::String(list)) => {
                list.iter().map(|word| Value::from(word.as_str())).collect()
            }
            other => Value::from(other.to_string()),
        };
        to.insert(attribute.key.to_string(), value);
    }
}

/// Records chat calls of these durations, as a layer with this meter provider does.
pub fn measure(provider: &impl opentelemetry::metrics::MeterProvider, seconds: &[f64]) {
    use crate::model::{Operation, Provider};
    use crate::sink::measured::Measured;
    use crate::sink::otel::metrics::Metrics;

    let mut metrics = Metrics::default();
    metrics.set_provider(provider);
    let Some(instruments) = metrics.instruments(crate::Profile::Core) else { return };
    for seconds in seconds {
        instruments.record(&Measured {
            operation: &Operation::Chat,
            provider: Some(&Provider::OpenAi),
            request_model: Some("gpt-4o"),
            response: &ResponseFacts::default(),
            server: None,
            error_type: None,
            outcome: crate::Outcome::Completed,
            duration: Some(std::time::Duration::from_secs_f64(*seconds)),
            first_chunk: None,
            gaps: None,
            cost: None,
            calls: None,
            facts: None,
            attributes: &[],
        });
    }
}
