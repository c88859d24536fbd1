//! The data of a call.

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
use crate::json::{Found, JsonView, Mode, Node, Text, is_document};
use crate::message::RequestRecord;
use crate::message::{FinishedInput, InputContent, Messages, Part};
use crate::model::facts::{RequestFacts, ResponseFacts};
use crate::model::hosts;
use crate::model::server::Server;
use crate::model::{Nested, Operation, Provider};
use crate::policy::{Filter, Permit};
use crate::semconv::AttributeValue;
use crate::semconv::identifier::is_word;
use crate::semconv::{ContentField, Fact, Facts, Profile};
use crate::sink::metrics::Gaps;
use crate::wire::collect::Collector;
use crate::wire::paths::PATHS;
use crate::wire::{Format, detect, messages};

/// The data of a call. Its content has passed the policy. Large and rare fields are boxed, because allocators are fast
/// up to a kilobyte.
#[derive(Default)]
pub(crate) struct CallRecord {
    pub(crate) operation: Operation,
    pub(crate) provider: Option<Provider>,
    pub(crate) name: Option<Cow<'static, str>>,
    /// The end of the call cannot be observed.
    pub(crate) unobserved: bool,
    pub(crate) server: Option<Server>,
    pub(crate) conversation: Option<String>,
    pub(crate) format: Option<Format>,
    pub(crate) request: RequestFacts,
    pub(crate) input: Option<Box<Content<FinishedInput>>>,
    pub(crate) response: Box<ResponseFacts>,
    pub(crate) output: Option<Content<String>>,
    /// The filter of the output, with its report.
    pub(crate) output_filter: Option<Filter>,
    /// A response was recorded by hand, so the return value is not read.
    pub(crate) answered: bool,
    /// Some part of a response was observed, even if it may not be recorded.
    pub(crate) seen: bool,
    /// The status of a response whose body is not read here.
    pub(crate) unread_status: Option<u16>,
    /// The status that the function set.
    pub(crate) http_status: Option<u16>,
    /// Values set at the start that the function replaced.
    pub(crate) replaced: Replaced,
    /// The function returned a value.
    pub(crate) returned: bool,
    /// A poll of the future or the stream panicked.
    pub(crate) panicked: bool,
    /// A request was read, rather than set field by field.
    pub(crate) request_read: bool,
    pub(crate) attributes: Vec<(Cow<'static, str>, AttributeValue)>,
    pub(crate) error: ErrorState,
    pub(crate) stream: Option<Box<Stream>>,
    pub(crate) attempts: u32,
    /// Facts that were set on this call itself.
    pub(crate) facts: Option<Box<ScopeFacts>>,
    /// Facts and content of operations other than model calls.
    pub(crate) subject: Option<Box<Subject>>,
    /// Whether it runs in another process, if set.
    pub(crate) remote: Option<bool>,
    pub(crate) nested: Option<Nested>,
    /// The results of nested calls.
    pub(crate) inside: Option<Box<InnerCalls>>,
    /// The trace's input and output from nested calls.
    pub(crate) trace: TraceSides,
    /// The number of facts that were omitted because they are not identifiers.
    pub(crate) refused: u64,
    pub(crate) finished: bool,
}

/// Content that was read under one permit.
pub(crate) struct Content<T> {
    pub(crate) value: T,
    /// It holds unmasked texts: a mask that is set later must be applied to them.
    pub(crate) open: bool,
}

/// The known facts of a failure.
#[derive(Debug, Default)]
pub(crate) struct ErrorState {
    /// The error type that the user set.
    pub(crate) by_user: Option<Cow<'static, str>>,
    pub(crate) type_name: Option<String>,
    pub(crate) code: Option<String>,
    pub(crate) status: Option<u16>,
    /// The kind of transport failure.
    pub(crate) transport: Option<&'static str>,
    pub(crate) not_sent: bool,
    /// Content: set only if the policy permits error texts.
    pub(crate) message: Option<String>,
}

/// A stream that is being read.
pub(crate) struct Stream {
    /// A wrapper around the stream ends the call, rather than the function that returns it.
    pub(crate) owned: bool,
    /// Taken when the stream ends.
    pub(crate) collector: Option<Collector>,
    pub(crate) first_chunk: Option<Duration>,
    /// The time of the last chunk with content.
    pub(crate) last_chunk: Option<Instant>,
    /// The times between chunks, if metrics record them.
    pub(crate) gaps: Option<Box<Gaps>>,
    /// The `String` items are deltas rather than events.
    pub(crate) plain: Option<bool>,
    /// Some item was an event.
    pub(crate) read: bool,
    /// Some item was an error.
    pub(crate) failed: bool,
}

impl CallRecord {
    /// Creates the record from the arguments. It reads no content.
    // Boxed from the start, because it is large.
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

    /// Assumes the owner of the wire format as the provider, if neither the user nor a host determined it.
    pub(super) fn assume_provider(&mut self) {
        if self.provider.is_none() && self.operation.is_model_call() {
            self.provider = self.format.and_then(Format::provider).map(Provider::from);
        }
    }

    /// The record left behind by a finished call.
    pub(crate) fn finished() -> Box<CallRecord> {
        let mut state = Box::<CallRecord>::default();
        state.finished = true;
        state
    }

    /// Reads the facts that must be known before the span starts, without content.
    pub(crate) fn read_arguments(&mut self, setup: &CallArguments<'_>, request: Option<&Found<'_>>) {
        let model = self.request.model.take();
        let recorded = recorded(&setup.request, &self.request);
        self.request_facts(recorded, request);
        if let (None, Some(format)) = (&setup.operation, self.format) {
            self.operation = format.operation();
        }
        if model.is_some() {
            self.request.model = model;
        }
        self.take_given(setup);
        self.retain_identifiers();
    }

    /// Removes texts that are not identifiers and impossible numbers, whatever their source.
    pub(crate) fn retain_identifiers(&mut self) {
        self.refused += self.request.retain_identifiers() + self.response.retain_identifiers();
        if self.error.code.as_deref().is_some_and(|code| !is_word(code)) {
            self.error.code = None;
            self.refused += 1;
        }
    }

    /// Applies the arguments that were set apart from the request.
    pub(crate) fn take_given(&mut self, setup: &CallArguments<'_>) {
        let given = setup.given.as_ref().map(|given| &given.facts);
        self.adopt(given);
        self.response.id = given.and_then(|facts| facts.text(Fact::ResponseId)).map(str::to_owned);
    }

    /// The name of the span: the user's, or that of the conventions.
    pub(crate) fn span_name(&self) -> Cow<'_, str> {
        self.name.as_deref().map_or_else(|| self.conventional_name(), Cow::Borrowed)
    }

    /// The name of the span by the conventions.
    pub(crate) fn conventional_name(&self) -> Cow<'_, str> {
        let facts = self.subject_facts();
        self.operation.named_after().name(self.operation.verb(facts), self.request.model.as_deref(), facts)
    }

    /// The value that completes the span's name, if known.
    pub(crate) fn target(&self) -> Option<&str> {
        self.operation.named_after().target(self.request.model.as_deref(), self.subject_facts())
    }

    pub(crate) fn subject_facts(&self) -> Option<&Facts> {
        self.subject.as_ref().map(|subject| &subject.facts)
    }

    /// The value of `gen_ai.operation.name`, if any.
    pub(crate) fn operation_name(&self) -> Option<&str> {
        self.operation.name(self.subject_facts())
    }

    /// The attribute for the function's return value, unless it is a model's response.
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

    /// Whether the conventions require the name of the surrounding agent, and it is not set yet.
    pub(crate) fn belongs_to_agent(&self) -> bool {
        matches!(self.operation, Operation::ExecuteTool | Operation::Plan) && self.fact(Fact::AgentName).is_none()
    }

    /// Applies the facts that the user's implementation recorded, or those found in the request document.
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

    /// Reads the content of the arguments as far as permitted. `request` is the request's document, read in the
    /// permit's mode.
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

    /// Reads the facts of a whole response. Returns its format, if known.
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

// Content passes the user's scrubbers, so the following functions run without the call's lock.

/// The facts that the user's implementation records of a request, added to the known ones.
pub(crate) fn recorded(request: &CapturedValue<'_>, known: &RequestFacts) -> Option<RequestFacts> {
    let CapturedValue::Request(request) = request else { return None };
    let mut facts = known.clone();
    guarded::run(UserCode::Record, || {
        request.record_request(&mut RequestRecord { facts: &mut facts, content: None });
    });
    Some(facts)
}

/// Reads the content of a request as far as permitted.
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
        CapturedValue::Text(text) if !is_document(text) => user_text(text, content),
        _ => {
            if let (Some(format), Some(doc)) = (format, document) {
                format.reader().input(doc.root(), content);
            }
        }
    }
}

/// The content of a whole response in this format.
pub(crate) fn response_content(format: Format, root: Node<'_>, permit: Permit, profile: Profile) -> Option<Messages> {
    let mut messages = Messages::output(permit.filter()?, profile);
    format.reader().output(root, &mut messages);
    Some(messages)
}

/// The result of an agent or workflow, of any type, as one output message.
pub(crate) fn outcome_content(root: Node<'_>, permit: Permit, profile: Profile) -> Option<Messages> {
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
    let mut messages = Messages::output(filter, profile);
    messages.begin("assistant", None);
    messages.part(Part::Text(text));
    messages.end(None);
    Some(messages)
}

/// A text as one user message.
fn user_text(text: &str, content: &mut InputContent) {
    content.messages.begin("user", None);
    content.messages.part(Part::Text(Text::Plain(text)));
    content.messages.end(None);
}

/// Whether a document looks like messages.
pub(crate) fn is_messages(root: Node<'_>) -> bool {
    let first = root.first().filter(|_| root.is_array()).unwrap_or(root);
    first.get("role").is_some() && first.any(&["content", "parts", "tool_calls"]).is_some()
}

/// The task of an agent, of any type, as one user message.
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

/// The facts in the document of a value, if it holds one.
pub(crate) fn found<'w>(what: &'w CapturedValue<'_>) -> Option<Found<'w>> {
    match what {
        CapturedValue::Bytes(bytes) => Some(Found::from_json(&PATHS, bytes)),
        CapturedValue::Text(text) if is_document(text) => Some(Found::from_json(&PATHS, text.as_bytes())),
        CapturedValue::Document(document) => Some(document.found(&PATHS, false)),
        CapturedValue::Owned(document) => Some(document.found(&PATHS, false)),
        CapturedValue::Http { body, .. } => found(body),
        _ => None,
    }
}

/// The content of the document of a value, if it holds one.
pub(crate) fn document<'w>(what: &'w CapturedValue<'_>, mode: Mode) -> Option<JsonView<'w>> {
    match what {
        CapturedValue::Bytes(bytes) => Some(JsonView::from_slice(bytes, mode)),
        CapturedValue::Text(text) if is_document(text) => Some(JsonView::from_slice(text.as_bytes(), mode)),
        CapturedValue::Document(document) => Some(document.doc(mode)),
        CapturedValue::Owned(document) => Some(document.doc(mode)),
        CapturedValue::Http { body, .. } => document(body, mode),
        _ => None,
    }
}
