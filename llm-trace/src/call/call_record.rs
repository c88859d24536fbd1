//! What a call knows so far.

use std::borrow::Cow;
use std::time::{Duration, Instant};

use super::call_arguments::CallArguments;
use super::captured_value::CapturedValue;
use super::corrections::Replaced;
use super::nesting::InnerCalls;
use super::operation_content::Subject;
use super::trace_update::TraceSides;
use crate::ambient::ScopeFacts;
use crate::guarded;
use crate::guarded::UserCode;
use crate::json::{Found, JsonView, Mode, Node, Text};
use crate::message::RequestRecord;
use crate::message::{FinishedInput, InputContent, Messages, Part};
use crate::model::facts::{RequestFacts, ResponseFacts};
use crate::model::hosts;
use crate::model::server::Server;
use crate::model::{Nested, Operation, Provider};
use crate::policy::{Filter, Permit};
use crate::semconv::AttributeValue;
use crate::semconv::identifier::is_word;
use crate::semconv::{ContentField, Fact, Facts};
use crate::sink::metrics::Gaps;
use crate::wire::collect::Collector;
use crate::wire::paths::PATHS;
use crate::wire::{Format, detect, messages};

/// What a call knows so far. Content in it has passed the policy. What is large and rare is in a box: allocators
/// are quick with up to a kilobyte.
#[derive(Default)]
pub(crate) struct CallRecord {
    pub(crate) operation: Operation,
    pub(crate) provider: Option<Provider>,
    pub(crate) name: Option<Cow<'static, str>>,
    /// Its end cannot be seen.
    pub(crate) unobserved: bool,
    pub(crate) server: Option<Server>,
    pub(crate) conversation: Option<String>,
    pub(crate) format: Option<Format>,
    pub(crate) request: RequestFacts,
    pub(crate) input: Option<Box<Content<FinishedInput>>>,
    pub(crate) response: Box<ResponseFacts>,
    pub(crate) output: Option<Content<String>>,
    /// What the output's filter has to report.
    pub(crate) output_filter: Option<Filter>,
    /// An answer was recorded by hand: the return value adds nothing.
    pub(crate) answered: bool,
    /// Something of an answer was seen, whatever of it may be kept.
    pub(crate) seen: bool,
    /// The status of a response whose body nobody here reads.
    pub(crate) unread_status: Option<u16>,
    /// The status that the function told.
    pub(crate) http_status: Option<u16>,
    /// What the function replaced of what its span was started with.
    pub(crate) replaced: Replaced,
    /// Its function has returned a value.
    pub(crate) returned: bool,
    /// A poll of its future or its stream has panicked.
    pub(crate) panicked: bool,
    /// A request was read, and not told by hand alone.
    pub(crate) request_read: bool,
    pub(crate) attributes: Vec<(Cow<'static, str>, AttributeValue)>,
    pub(crate) error: ErrorState,
    pub(crate) stream: Option<Box<Stream>>,
    pub(crate) attempts: u32,
    /// What was said of this call by a scope of its own.
    pub(crate) facts: Option<Box<ScopeFacts>>,
    /// Of what other operations than a model's act on.
    pub(crate) subject: Option<Box<Subject>>,
    /// Whether it runs elsewhere, where that was said.
    pub(crate) remote: Option<bool>,
    pub(crate) nested: Option<Nested>,
    /// What calls inside of it have told.
    pub(crate) inside: Option<Box<InnerCalls>>,
    /// What calls below said of the trace.
    pub(crate) trace: TraceSides,
    /// How many facts were left out because they are no identifiers.
    pub(crate) refused: u64,
    pub(crate) finished: bool,
}

/// Content that was read under one permit.
pub(crate) struct Content<T> {
    pub(crate) value: T,
    /// It holds plain texts: a mask that is set later must still be applied.
    pub(crate) open: bool,
}

/// What is known of a failure.
#[derive(Debug, Default)]
pub(crate) struct ErrorState {
    /// What the user says it is.
    pub(crate) by_user: Option<Cow<'static, str>>,
    pub(crate) type_name: Option<String>,
    pub(crate) code: Option<String>,
    pub(crate) status: Option<u16>,
    /// How the transport failed.
    pub(crate) transport: Option<&'static str>,
    pub(crate) not_sent: bool,
    /// Content: there only if the policy let error text through.
    pub(crate) message: Option<String>,
}

/// A stream that is being read.
pub(crate) struct Stream {
    /// A wrapper around the stream ends the call, not the function that returns it.
    pub(crate) owned: bool,
    /// Taken when the stream ends.
    pub(crate) collector: Option<Collector>,
    pub(crate) first_chunk: Option<Duration>,
    /// When the newest chunk with content came.
    pub(crate) last_chunk: Option<Instant>,
    /// The times between them, where anyone measures.
    pub(crate) gaps: Option<Box<Gaps>>,
    /// `String` items that are deltas rather than events.
    pub(crate) plain: Option<bool>,
    /// Some item was an event.
    pub(crate) read: bool,
    /// Some item was an error.
    pub(crate) failed: bool,
}

impl CallRecord {
    /// What is told apart from the request.
    // It is large: it is made where it stays, and moved by its box.
    pub(crate) fn of(setup: &mut CallArguments<'_>) -> Box<CallRecord> {
        let mut state = Box::<CallRecord>::default();
        state.operation = setup.operation.clone().unwrap_or_default();
        state.name = setup.name.take();
        state.server = setup.server.as_deref().and_then(Server::read);
        state.provider = setup.provider.take();
        if state.provider.is_none() && state.operation.is_model_call() {
            let host = state.server.as_ref().map(|server| server.address.as_str());
            state.provider = host.and_then(hosts::name).map(Provider::from);
        }
        state.conversation = setup.conversation.take().map(Cow::into_owned);
        state.attributes = std::mem::take(&mut setup.attributes);
        state.request.model = setup.model.take().map(Cow::into_owned);
        state.remote = setup.remote;
        state.nested = setup.nested;
        state
    }

    /// Where nobody said who was called and no host told, it is by best knowledge whose format was spoken.
    pub(super) fn assume_provider(&mut self) {
        if self.provider.is_none() && self.operation.is_model_call() {
            self.provider = self.format.and_then(Format::provider).map(Provider::from);
        }
    }

    /// What is left of a call that is over.
    pub(crate) fn finished() -> Box<CallRecord> {
        let mut state = Box::<CallRecord>::default();
        state.finished = true;
        state
    }

    /// Reads what must be known before the span starts: facts, no content.
    pub(crate) fn read_arguments(&mut self, setup: &CallArguments<'_>, request: Option<&Found<'_>>) {
        let model = self.request.model.take();
        let recorded = recorded(&setup.request, &self.request);
        self.request_facts(recorded, request);
        if let (None, Some(format)) = (&setup.operation, self.format) {
            self.operation = match Operation::from(format.operation()) {
                // One word for all that answers a chat, whatever its API calls it.
                Operation::GenerateContent => Operation::Chat,
                operation => operation,
            };
        }
        if model.is_some() {
            self.request.model = model;
        }
        self.take_given(setup);
        self.retain_identifiers();
    }

    /// Forgets what is no identifier and no number that can be, whatever said it.
    pub(crate) fn retain_identifiers(&mut self) {
        self.refused += self.request.retain_identifiers() + self.response.retain_identifiers();
        if self.error.code.as_deref().is_some_and(|code| !is_word(code)) {
            self.error.code = None;
            self.refused += 1;
        }
    }

    /// Takes on what was given by hand, apart from the request.
    pub(crate) fn take_given(&mut self, setup: &CallArguments<'_>) {
        let given = setup.given.as_ref().map(|given| &given.facts);
        self.adopt(given);
        self.response.id = given.and_then(|facts| facts.text(Fact::ResponseId)).map(str::to_owned);
    }

    /// The span's name: the user's, or the conventions'.
    pub(crate) fn span_name(&self) -> Cow<'_, str> {
        self.name.as_deref().map_or_else(|| self.conventional_name(), Cow::Borrowed)
    }

    /// The span's name by the conventions.
    pub(crate) fn conventional_name(&self) -> Cow<'_, str> {
        let facts = self.subject_facts();
        self.operation.named_after().name(self.operation.verb(facts), self.request.model.as_deref(), facts)
    }

    /// What the conventions name the span after, if that is known.
    pub(crate) fn target(&self) -> Option<&str> {
        self.operation.named_after().target(self.request.model.as_deref(), self.subject_facts())
    }

    pub(crate) fn subject_facts(&self) -> Option<&Facts> {
        self.subject.as_ref().map(|subject| &subject.facts)
    }

    /// The value of `gen_ai.operation.name`, if it has one.
    pub(crate) fn operation_name(&self) -> Option<&str> {
        self.operation.name(self.subject_facts())
    }

    /// Where what its function returns goes, unless that is a model's answer.
    pub(crate) fn answer_slot(&self) -> Option<ContentField> {
        let calls_tool = self.operation.is_mcp() && self.operation_name().is_some();
        if calls_tool { Some(ContentField::ToolResult) } else { self.operation.answer_slot() }
    }

    /// The value of `otel.kind`.
    pub(crate) fn kind(&self) -> &'static str {
        self.operation.kind(self.remote, self.provider.is_some() || self.server.is_some())
    }

    /// Whether it is an agent that runs in this process.
    pub(crate) fn is_internal_agent(&self) -> bool {
        self.operation == Operation::InvokeAgent && self.kind() == "internal"
    }

    /// Whether the conventions name the agent around it, and nobody has yet.
    pub(crate) fn belongs_to_agent(&self) -> bool {
        matches!(self.operation, Operation::ExecuteTool | Operation::Plan) && self.fact(Fact::AgentName).is_none()
    }

    /// Takes on what the user's implementation recorded of a request, or what was found in the document it holds.
    pub(crate) fn request_facts(&mut self, recorded: Option<RequestFacts>, found: Option<&Found<'_>>) {
        let path = self.server.as_ref().and_then(|server| server.path.as_deref());
        let provider = self.provider.as_ref().map(Provider::as_str);
        if let Some(found) = found
            && let Some(format) = detect::of_request(provider, path, found.root())
        {
            self.format = Some(format);
            self.request_read = true;
            format.reader().request(found.root(), &mut self.request);
        }
        if let Some(recorded) = recorded {
            self.request = recorded;
        }
        if let Some(path) = path {
            detect::path_facts(path, &mut self.request);
        }
    }

    /// Reads the content of the arguments, as far as the permit goes.
    /// `request` is the document that the request holds, read in the permit's mode.
    pub(crate) fn read_input(&mut self, setup: &CallArguments<'_>, request: Option<&JsonView<'_>>, permit: Permit) {
        let (Some(mode), open) = (permit.mode(), permit.is_open()) else { return };
        let Some(filter) = permit.filter() else { return };
        let mut content = InputContent::new(filter);
        input_of(self.format, &setup.request, request, &mut content);
        match &setup.input {
            CapturedValue::Text(text) => user_text(text, &mut content),
            input => {
                if let Some(doc) = document(input, mode) {
                    match self.operation.is_agent() && !is_messages(doc.root()) {
                        true => task(doc.root(), &mut content),
                        false => messages::read_input(doc.root(), &mut content.messages),
                    }
                }
            }
        }
        match &setup.system {
            CapturedValue::Text(text) => content.system(Part::Text(Text::Plain(text))),
            system => {
                if let Some(doc) = document(system, mode) {
                    messages::read_system(doc.root(), &mut content);
                }
            }
        }
        if let Some(doc) = document(&setup.tools, mode) {
            messages::read_tools(doc.root(), &mut content);
        }
        self.input = Some(Box::new(Content { value: content.finish(), open }));
    }

    /// Reads the facts of a whole answer. Its format, if that is known.
    pub(crate) fn response_facts(&mut self, found: &Found<'_>) -> Option<Format> {
        let provider = self.provider.as_ref().map(Provider::as_str);
        let format = detect::of_response(provider, self.format, None, found.root())?;
        format.reader().response(found.root(), &mut self.response);
        self.format = Some(format);
        Some(format)
    }

    pub(crate) fn set_output(&mut self, messages: Messages, open: bool) {
        let (json, filter) = messages.finish();
        self.output = json.map(|value| Content { value, open });
        self.output_filter = Some(filter);
    }
}

// Content passes the user's scrubbers: what follows is called without the call's lock.

/// What the user's implementation records of a request, on top of what is known.
pub(crate) fn recorded(request: &CapturedValue<'_>, known: &RequestFacts) -> Option<RequestFacts> {
    let CapturedValue::Request(request) = request else { return None };
    let mut facts = known.clone();
    guarded::run(UserCode::Record, || {
        request.record_request(&mut RequestRecord { facts: &mut facts, content: None });
    });
    Some(facts)
}

/// Reads the content of a request, as far as the permit goes.
pub(crate) fn request_content(
    format: Option<Format>,
    request: &CapturedValue<'_>,
    document: Option<&JsonView<'_>>,
    permit: Permit,
) -> Option<Box<Content<FinishedInput>>> {
    let open = permit.is_open();
    let mut content = InputContent::new(permit.filter()?);
    input_of(format, request, document, &mut content);
    Some(Box::new(Content { value: content.finish(), open }))
}

fn input_of(
    format: Option<Format>,
    request: &CapturedValue<'_>,
    document: Option<&JsonView<'_>>,
    content: &mut InputContent,
) {
    match request {
        CapturedValue::Request(request) => {
            let mut again = RequestFacts::default();
            guarded::run(UserCode::Record, || {
                request.record_request(&mut RequestRecord { facts: &mut again, content: Some(content) });
            });
        }
        CapturedValue::Text(text) if !is_json(text) => user_text(text, content),
        _ => {
            if let (Some(format), Some(doc)) = (format, document) {
                format.reader().input(doc.root(), content);
            }
        }
    }
}

/// The content of a whole answer of this format.
pub(crate) fn response_content(format: Format, root: Node<'_>, permit: Permit) -> Option<Messages> {
    let mut messages = Messages::output(permit.filter()?);
    format.reader().output(root, &mut messages);
    Some(messages)
}

/// What an agent or a workflow came to, of whatever type, as its one message.
pub(crate) fn outcome_content(root: Node<'_>, permit: Permit) -> Option<Messages> {
    let filter = permit.filter()?;
    let json;
    let text = match root.text() {
        Some(text) => text,
        None if filter.reads() => {
            json = root.to_json();
            Text::Plain(&json)
        }
        None => Text::Elided(root.len()),
    };
    let mut messages = Messages::output(filter);
    messages.begin("assistant", None);
    messages.part(Part::Text(text));
    messages.end(None);
    Some(messages)
}

/// A plain text as the user's one message.
fn user_text(text: &str, content: &mut InputContent) {
    content.messages.begin("user", None);
    content.messages.part(Part::Text(Text::Plain(text)));
    content.messages.end(None);
}

/// Whether a document holds messages, as far as their shape tells.
pub(crate) fn is_messages(root: Node<'_>) -> bool {
    let first = root.first().filter(|_| root.is_array()).unwrap_or(root);
    first.get("role").is_some() && first.any(&["content", "parts", "tool_calls"]).is_some()
}

/// What an agent was asked, of whatever type, as the user's one message.
fn task(root: Node<'_>, content: &mut InputContent) {
    if root.is_null() {
        return;
    }
    let json;
    let text = match root.text() {
        Some(text) => text,
        None => {
            json = root.to_json();
            Text::Plain(&json)
        }
    };
    content.messages.begin("user", None);
    content.messages.part(Part::Text(text));
    content.messages.end(None);
}

/// Whether a string is a JSON document and no prose.
pub(crate) fn is_json(text: &str) -> bool {
    let text = text.trim_start();
    let may_be = text.starts_with(['{', '[']);
    crate::json::work::bytes(if may_be { text.len() } else { 0 });
    may_be && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

/// What is found in the document a value holds, if it holds one.
pub(crate) fn found<'w>(what: &'w CapturedValue<'_>) -> Option<Found<'w>> {
    match what {
        CapturedValue::Bytes(bytes) => Some(Found::from_json(&PATHS, bytes)),
        CapturedValue::Text(text) if is_json(text) => Some(Found::from_json(&PATHS, text.as_bytes())),
        CapturedValue::Document(document) => Some(document.found(&PATHS)),
        CapturedValue::Owned(document) => Some(document.found(&PATHS)),
        CapturedValue::Http { body, .. } => found(body),
        _ => None,
    }
}

/// The content of the document a value holds, if it holds one.
pub(crate) fn document<'w>(what: &'w CapturedValue<'_>, mode: Mode) -> Option<JsonView<'w>> {
    match what {
        CapturedValue::Bytes(bytes) => Some(JsonView::from_slice(bytes, mode)),
        CapturedValue::Text(text) if is_json(text) => Some(JsonView::from_slice(text.as_bytes(), mode)),
        CapturedValue::Document(document) => Some(document.doc(mode)),
        CapturedValue::Owned(document) => Some(document.doc(mode)),
        CapturedValue::Http { body, .. } => document(body, mode),
        _ => None,
    }
}
