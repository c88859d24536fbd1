//! Reads the arguments of a call into its record.

use std::borrow::Cow;

use super::captured_document::document;
use super::{CallRecord, Content, is_messages};
use crate::arguments::call_arguments::CallArguments;
use crate::arguments::captured_value::CapturedValue;
use crate::json::{Found, JsonView, Node, Text, is_document};
use crate::message::{FinishedInput, InputContent, Part, RequestRecord};
use crate::model::server::Server;
use crate::model::{Operation, Provider, hosts};
use crate::policy::Permit;
use crate::semconv::{Fact, Facts};
use crate::user_code::{self, UserCode};
use crate::wire::{Format, detect, messages};

impl CallRecord {
    /// Creates the record from the arguments. It reads no content.
    // Boxed from the start, because it is large.
    pub(crate) fn of(setup: &mut CallArguments<'_>) -> Box<CallRecord> {
        let mut record = Box::<CallRecord>::default();
        record.operation = setup.operation.clone().unwrap_or_default();
        record.name = setup.name.take();
        record.server = setup.server.as_deref().and_then(Server::read);
        record.provider = setup.provider.take();
        if record.provider.is_none() && record.operation.is_model_call() {
            let host = record.server.as_ref().map(|server| server.address.as_str());
            record.provider = host.and_then(hosts::name).map(Provider::from);
        }
        record.conversation = setup.conversation.take().map(Cow::into_owned);
        record.attributes = std::mem::take(&mut setup.attributes);
        record.request.update(Fact::RequestModel, setup.model.take().map(Cow::into_owned));
        record.remote = setup.remote;
        record.nested = setup.nested;
        record
    }

    /// Reads the facts that must be known before the span starts, without content.
    pub(crate) fn read_arguments(&mut self, setup: &CallArguments<'_>, request: Option<&Found<'_>>) {
        let model = self.request.take(Fact::RequestModel);
        self.request_facts(recorded(&setup.request), request);
        if let (None, Some(format)) = (&setup.operation, self.format) {
            self.operation = format.operation();
            self.operation_assumed = true;
        }
        self.request.update(Fact::RequestModel, model);
        self.take_given(setup);
    }

    /// Applies the arguments that were set apart from the request.
    pub(crate) fn take_given(&mut self, setup: &CallArguments<'_>) {
        let given = setup.given.as_ref().map(|given| &given.facts);
        self.adopt(given);
        self.response.update_text(Fact::ResponseId, given.and_then(|facts| facts.text(Fact::ResponseId)));
    }

    /// Applies the facts that the user's implementation recorded, or those found in the request document.
    pub(crate) fn request_facts(&mut self, recorded: Option<Facts>, found: Option<&Found<'_>>) {
        let path = self.server.as_ref().and_then(|server| server.path.as_deref());
        let provider = self.provider.as_ref().map(Provider::as_str);
        if let Some(found) = found
            && let Some(format) = detect::of_request(provider, path, found.root())
        {
            let format = match format {
                // Both have a model and an input.
                Format::OpenAiResponses if self.operation == Operation::Embeddings => Format::OpenAiEmbeddings,
                format => format,
            };
            self.format = Some(format);
            self.request_read = true;
            format.reader().request(found.root(), &mut self.request);
        }
        if let Some(recorded) = recorded {
            self.request.merge(recorded);
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
}

// Content passes the user's scrubbers, so the following functions run without the call's lock.

/// The facts that the user's implementation records of a request.
pub(crate) fn recorded(request: &CapturedValue<'_>) -> Option<Facts> {
    let CapturedValue::Request(request) = request else { return None };
    let mut facts = Facts::default();
    user_code::run(UserCode::Record, || {
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
            let mut again = Facts::default();
            user_code::run(UserCode::Record, || {
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

/// A text as one user message.
fn user_text(text: &str, content: &mut InputContent) {
    content.messages.text("user", Text::Plain(text), None);
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
    content.messages.text("user", text, None);
}
