//! What the readers make of one exchange, for this project's own tests, benches and fuzzing.
//!
//! No stability: nothing outside this repository may use it.

use serde_json::{Map, Value, json};

use crate::facts::{Fact, RequestFacts, ResponseFacts, Usage};
use crate::json::{Doc, Mode};
use crate::message::{InputContent, Messages};
use crate::provider::collect::Collector;
use crate::provider::detect::path_facts;
use crate::provider::framing::Framing;
use crate::provider::stream::StreamOutput;
use crate::provider::{Format, read_request, read_response};
use crate::redact::Filter;

/// The shape of a recorded answer.
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
    /// A stream of a kind that its first bytes tell.
    Stream,
}

/// How much content is asked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Content {
    /// None.
    Off,
    /// All of it.
    Full,
    /// A placeholder for each text.
    Masked,
}

/// One request and its answer.
#[derive(Clone, Copy, Debug)]
pub struct Exchange<'a> {
    /// The provider's name, if known.
    pub provider: Option<&'a str>,
    /// The path of the request's URL, if known.
    pub path: Option<&'a str>,
    /// The request's body, if recorded.
    pub request: Option<&'a [u8]>,
    /// The answer's body.
    pub response: &'a [u8],
    /// The answer's shape.
    pub body: Body,
    /// The HTTP status, if known.
    pub status: Option<u16>,
    /// How much content is read.
    pub content: Content,
    /// The sizes of the fragments in which a stream comes, over and over; whole if empty.
    pub fragments: &'a [usize],
}

/// What the readers make of an exchange.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    /// Attributes as a span carries them.
    pub attributes: Map<String, Value>,
    /// `complete`, `error` or `truncated`; of streams only.
    pub outcome: Option<&'static str>,
    /// The provider's error message, if content was asked for.
    pub error_message: Option<String>,
}

/// Reads one exchange.
pub fn read(exchange: &Exchange<'_>) -> Reading {
    let mut attributes = Map::new();
    let request = exchange.request.map(|bytes| Doc::from_slice(bytes, Mode::Facts));
    let (asked, request_facts) = match &request {
        Some(doc) => read_request(exchange.provider, exchange.path, doc.root()),
        None => {
            let mut facts = RequestFacts::default();
            exchange.path.inspect(|path| path_facts(path, &mut facts));
            // An answer that streams was asked to.
            facts.stream = (exchange.body != Body::Whole).then_some(true);
            (None, facts)
        }
    };
    let (mode, filter) = match exchange.content {
        Content::Off => (Mode::Facts, None),
        Content::Full => (Mode::Full, Some(Filter::plain())),
        Content::Masked => (Mode::Structure, Some(Filter::placeholder())),
    };
    if let (Some(format), Some(bytes), Some(filter)) = (asked, exchange.request, &filter) {
        let doc = Doc::from_slice(bytes, mode);
        let mut input = InputContent::new(filter.clone());
        format.reader().input(doc.root(), &mut input);
        let input = input.finish();
        put(&mut attributes, "gen_ai.input.messages", input.messages);
        put(&mut attributes, "gen_ai.system_instructions", input.instructions);
        put(&mut attributes, "gen_ai.tool.definitions", input.tools);
    }
    let mut output = filter.map(Messages::output);
    let mut outcome = None;
    let (format, facts) = match exchange.body {
        Body::Whole => {
            let doc = Doc::from_slice(exchange.response, mode);
            let (format, facts) = read_response(exchange.provider, asked, doc.root());
            if let (Some(format), Some(output)) = (format, &mut output) {
                format.reader().output(doc.root(), output);
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
            let collected = output.as_ref().map(|_| StreamOutput::default());
            let mut collector = Collector::new(exchange.provider, asked, framing, mode, collected);
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
    let operation = format.map(Format::operation);
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
    put_request(&mut attributes, request_facts);
    put_response(&mut attributes, facts);
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

fn put_request(attributes: &mut Map<String, Value>, facts: RequestFacts) {
    put(attributes, "gen_ai.request.model", facts.model);
    put(attributes, "gen_ai.request.temperature", facts.temperature);
    put(attributes, "gen_ai.request.top_p", facts.top_p);
    put(attributes, "gen_ai.request.top_k", facts.top_k);
    put(attributes, "gen_ai.request.max_tokens", facts.max_tokens);
    put(attributes, "gen_ai.request.frequency_penalty", facts.frequency_penalty);
    put(attributes, "gen_ai.request.presence_penalty", facts.presence_penalty);
    put(attributes, "gen_ai.request.seed", facts.seed);
    put(attributes, "gen_ai.request.stop_sequences", facts.stop_sequences.filter(|list| !list.is_empty()));
    put(attributes, "gen_ai.request.choice.count", facts.choice_count.filter(|count| *count != 1));
    put(attributes, "gen_ai.request.stream", facts.stream.filter(|stream| *stream));
    put(attributes, "gen_ai.output.type", facts.output_type);
    put(attributes, "gen_ai.request.encoding_formats", facts.encoding_formats);
    put(attributes, "gen_ai.embeddings.dimension.count", facts.dimensions);
    put(attributes, "gen_ai.conversation.id", facts.conversation_id);
    put(attributes, "gen_ai.request.previous_response.id", facts.previous_response_id);
    put_extra(attributes, facts.extra);
}

fn put_response(attributes: &mut Map<String, Value>, facts: ResponseFacts) {
    put(attributes, "gen_ai.response.id", facts.id);
    put(attributes, "gen_ai.response.model", facts.model);
    if facts.finish_reasons.iter().any(Option::is_some) {
        // A place for each choice: what a choice did not say is the conventions' word for that.
        let reasons = facts.finish_reasons.into_iter().map(|reason| reason.unwrap_or_else(|| "error".to_owned()));
        put(attributes, "gen_ai.response.finish_reasons", Some(reasons.collect::<Vec<_>>()));
    }
    let Usage { input, output, cache_read, cache_creation, reasoning, .. } = facts.usage;
    put(attributes, "gen_ai.usage.input_tokens", input);
    put(attributes, "gen_ai.usage.output_tokens", output);
    put(attributes, "gen_ai.usage.cache_read.input_tokens", cache_read);
    put(attributes, "gen_ai.usage.cache_creation.input_tokens", cache_creation);
    put(attributes, "gen_ai.usage.reasoning.output_tokens", reasoning);
    put(attributes, "gen_ai.output.type", facts.output_type);
    put(attributes, "gen_ai.conversation.id", facts.conversation_id);
    put(attributes, "gen_ai.embeddings.dimension.count", facts.dimensions);
    put_extra(attributes, facts.extra);
}

fn put_extra(attributes: &mut Map<String, Value>, extra: Vec<(&'static str, Fact)>) {
    for (key, fact) in extra {
        let value = match fact {
            Fact::Str(s) => Value::from(s),
            Fact::Int(n) => Value::from(n),
            Fact::Float(f) => Value::from(f),
            Fact::Bool(b) => Value::from(b),
            Fact::Strs(list) => json!(list),
        };
        attributes.insert(key.to_owned(), value);
    }
}
