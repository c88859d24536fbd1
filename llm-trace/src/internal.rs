//! The result of reading one exchange, for the tests, benches and fuzz targets of this repository.
//!
//! Not part of the public API.

pub mod tables;

use opentelemetry::Array;
use serde_json::{Map, Value};

use crate::credentials;
use crate::json::{Found, JsonView, Mode};
use crate::message::{InputContent, Messages};
use crate::model::Provider;
use crate::model::facts::ResponseFacts;
use crate::policy::{Capture, Filter, Masks, Permit, Place, Policy, PolicyHandle, Side, TextKind, authors};
use crate::semconv::{Fact, Facts, Profile};
use crate::sink::attributes::Attributes;
use crate::wire::collect::Collector;
use crate::wire::detect::path_facts;
use crate::wire::framing::Framing;
use crate::wire::paths;
use crate::wire::stream::StreamOutput;
use crate::wire::{error, read_request, read_response};

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

/// The format of a recorded response.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Body {
    /// One JSON document.
    Whole,
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
    /// `complete`, `error` or `truncated`; streams only.
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

/// Reads one exchange.
pub fn read(exchange: &Exchange<'_>) -> Reading {
    let mut attributes = Map::new();
    let request = exchange.request.map(|bytes| Found::from_json(&paths::PATHS, bytes));
    let (asked, mut request_facts) = match &request {
        Some(found) => read_request(exchange.provider, exchange.path, found.root()),
        None => {
            let mut facts = Facts::default();
            exchange.path.inspect(|path| path_facts(path, &mut facts));
            // A response that streams was requested as a stream.
            facts.update(Fact::RequestStream, (exchange.body != Body::Whole).then_some(true));
            (None, facts)
        }
    };
    let permitted = match exchange.content {
        Content::Off => None,
        Content::Full => Some((Mode::Full, Filter::plain())),
        Content::Masked => Some((Mode::Structure, Filter::placeholder())),
    };
    if let (Some(format), Some(bytes), Some((mode, filter))) = (asked, exchange.request, &permitted) {
        let doc = JsonView::from_slice(bytes, *mode);
        let mut input = InputContent::new(filter.clone());
        format.reader().input(doc.root(), &mut input);
        let input = input.finish();
        put(&mut attributes, "gen_ai.input.messages", input.messages);
        put(&mut attributes, "gen_ai.system_instructions", input.instructions);
        put(&mut attributes, "gen_ai.tool.definitions", input.tools);
    }
    let (mode, mut output) = permitted.map(|(mode, filter)| (mode, Messages::output(filter, Profile::Core))).unzip();
    let mut outcome = None;
    let (format, mut facts) = match exchange.body {
        Body::Whole => {
            let found = Found::from_json(&paths::PATHS, exchange.response);
            let (format, mut facts) = read_response(exchange.provider, asked, found.root());
            if let (Some(mode), Some(output)) = (mode, &mut output) {
                let doc = JsonView::from_slice(exchange.response, mode);
                format.inspect(|format| format.reader().output(doc.root(), output));
                if let Some(error) = &mut facts.error {
                    error.message = error::read(doc.root()).and_then(|error| error.message);
                }
            }
            (format, facts)
        }
        body => {
            let framing = match body {
                Body::Sse => Some(Framing::Sse),
                Body::Json => Some(Framing::Json),
                Body::AwsEventStream => Some(Framing::AwsEventStream),
                Body::Whole | Body::Stream => None,
            };
            let collected = mode.map(|mode| (mode, StreamOutput::default()));
            let mut collector = Collector::new(exchange.provider, asked, framing, collected);
            for fragment in fragments(exchange.response, exchange.fragments) {
                collector.push(fragment);
            }
            let collected = collector.finish();
            if let (Some(output), Some(parts)) = (&mut output, &collected.output) {
                parts.write(output);
            }
            outcome = Some(collected.end.as_str());
            (collected.format, collected.facts)
        }
    };
    let operation = format.map(|format| format.operation().as_str().to_owned());
    put(&mut attributes, "gen_ai.operation.name", operation);
    put(&mut attributes, "gen_ai.provider.name", exchange.provider);
    put(&mut attributes, "gen_ai.output.messages", output.and_then(|output| output.finish().0));
    let failed = exchange.status.filter(|status| *status >= 400);
    if facts.error.is_some() || failed.is_some() {
        let name = facts.error.as_ref().and_then(|error| error.name().map(str::to_owned));
        let status = failed.map(|status| status.to_string());
        put(&mut attributes, "error.type", name.or(status).or_else(|| Some("_OTHER".to_owned())));
    }
    let error_message = facts.error.as_ref().and_then(|error| error.message.clone());
    put_facts(&mut attributes, exchange.provider, &mut request_facts, &mut facts);
    Reading { attributes, outcome, error_message }
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
fn put_facts(to: &mut Map<String, Value>, provider: Option<&str>, request: &mut Facts, response: &mut ResponseFacts) {
    let provider = provider.map(|name| Provider::from(name.to_owned()));
    let mut named = Attributes::new(Profile::default(), 0, false);
    named.add(Fact::RequestModel.key(), request.get(Fact::RequestModel).cloned());
    response.move_shared(request);
    named.request(request, provider.as_ref());
    named.response(response, provider.as_ref());
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
