//! Records the request, the response and the error of a running call.

use super::active_call::ActiveCall;
use super::unread_answers::missing_feature;
use crate::arguments::captured_value::{CapturedError, CapturedValue};
use crate::json::{JsonView, Text, Tree, is_document};
use crate::message::{Messages, RecordResponse, ResponseRecord, finish_reason};
use crate::model::Outcome;
use crate::model::facts::{ErrorFacts, ResponseFacts};
use crate::model::server::Server;
use crate::policy::{Permit, Side};
use crate::record::{
    document, found, found_in, is_messages, outcome_content, recorded, request_content, response_content,
};
use crate::semconv::Fact;
use crate::user_code::{self, UserCode};
use crate::wire::paths::keys;
use crate::wire::{error, messages};

impl ActiveCall {
    /// Records the request from inside the function.
    pub(crate) fn request(&self, request: &CapturedValue<'_>) {
        if !self.has_consumers() {
            return;
        }
        let permit = self.permit(Side::Input);
        // Serializing, recording and scrubbing run user code, so they run outside of the lock.
        let document = permit.mode().and_then(|mode| document(request, mode));
        let found = found_in(request, document.as_ref());
        let recorded = recorded(request);
        let mut record = self.lock();
        let before = record.request.take(Fact::RequestModel);
        record.request_facts(recorded, found.as_ref());
        // The model set at the start is kept.
        record.request.update(Fact::RequestModel, before);
        let format = record.format;
        drop(record);
        if let Some(input) = request_content(format, request, document.as_ref(), permit) {
            self.lock().input = Some(input);
        }
    }

    /// Records the request that a client sends. The URL's path may hold the model if the body does not.
    pub(crate) fn http_request(&self, url: &str, body: &[u8]) {
        if let Some(server) = crate::model::server::Server::parse(url) {
            let mut record = self.lock();
            match &mut record.server {
                Some(known) => known.path = server.path,
                unknown => *unknown = Some(server),
            }
        }
        self.request(&CapturedValue::Bytes(body));
    }

    /// Records the response that a client receives.
    pub(crate) fn http_response(&self, status: u16, body: &[u8]) {
        self.response(&CapturedValue::Http { status, url: None, body: Box::new(CapturedValue::Bytes(body)) });
    }

    /// Records token counts set by hand.
    pub(crate) fn usage(&self, usage: crate::Usage) {
        self.lock().response.usage.update(usage);
    }

    /// Records the response from inside the function.
    pub(crate) fn response(&self, response: &CapturedValue<'_>) {
        self.read_answer(response);
        self.lock().answered = true;
    }

    /// Records the output of an operation that no model API answers, from inside the function.
    pub(crate) fn answer(&self, answer: &CapturedValue<'_>) {
        let permit = self.permit_output();
        // Serialization runs user code, so it runs outside of the lock.
        let Some(mode) = permit.mode() else { return self.set_answered() };
        let Some(doc) = document(answer, mode) else { return };
        if is_messages(doc.root()) {
            self.output(answer);
        } else {
            let open = permit.is_open();
            if let Some(messages) = outcome_content(doc.root(), permit, self.profile()) {
                self.lock().set_output(messages, open);
            }
        }
        self.set_answered();
    }

    /// Excludes the function's return value.
    pub(crate) fn set_answered(&self) {
        self.lock().answered = true;
    }

    /// Records the text of the response.
    pub(crate) fn output(&self, output: &CapturedValue<'_>) {
        self.lock().seen |= !matches!(output, CapturedValue::Nothing);
        let permit = self.permit_output();
        match output {
            CapturedValue::Text(text) => self.answer_text(text, permit),
            output => {
                let (Some(mode), open) = (permit.mode(), permit.is_open()) else { return };
                let (Some(filter), Some(doc)) = (permit.filter(), document(output, mode)) else { return };
                let mut out = Messages::output(filter, self.profile());
                messages::read_output(doc.root(), &mut out);
                self.lock().set_output(out, open);
            }
        }
    }

    /// Reads the function's return value. A failure ends the call at once, otherwise the last handle ends it.
    pub(crate) fn finish_ok(&self, value: CapturedValue<'_>, type_name: &'static str) {
        if let CapturedValue::Error(_) = value {
            return self.finish_err(value);
        }
        let record = self.lock();
        let (finished, answered) = (record.finished, record.answered);
        drop(record);
        if finished {
            return;
        }
        if !answered {
            self.read_answer(&value);
        } else if let CapturedValue::Http { status, .. } = value {
            self.lock().set_error_status(status);
        }
        if self.is_taken_over() {
            // The stream will provide the response.
            return;
        }
        let mut record = self.lock();
        record.returned = true;
        if let CapturedValue::Http { status, body, .. } = &value
            && matches!(**body, CapturedValue::Nothing)
            && *status < 400
        {
            record.unread_response = true;
            record.http_status = Some(*status);
        }
        let failed = record.response.error.is_some() || record.error.status.is_some();
        let unseen = !record.unobserved && record.is_unobserved();
        let unread = self.has_consumers() && record.is_unread();
        let is_unknown = matches!(value, CapturedValue::Nothing) && record.lacks_response();
        let feature = if is_unknown { missing_feature(type_name) } else { None };
        record.unread_response |= feature.is_some();
        drop(record);
        if failed {
            self.finish_as(Outcome::Error);
        } else if let Some(feature) = feature.filter(|_| self.has_one_handle()) {
            self.warn_unread_client(type_name, feature);
        } else if unseen && self.has_one_handle() {
            self.warn_unseen();
        } else if unread && self.outer().is_none() && self.has_one_handle() {
            self.report_unread_type(type_name);
        }
    }

    /// Marks the end of the response as not observable here. Returns `false` if a wrapper observes it.
    pub(crate) fn leave_unobserved(&self, is_stream: bool) -> bool {
        if self.is_taken_over() {
            return false;
        }
        if is_stream {
            self.start_stream();
        }
        self.lock().unobserved = true;
        true
    }

    /// Ends the call with an error.
    pub(crate) fn finish_err(&self, error: CapturedValue<'_>) {
        let mut not_sent = false;
        if let CapturedValue::Error(error) = error {
            not_sent = error.not_sent;
            self.read_error(error);
        }
        self.finish_as(if not_sent { Outcome::NotSent } else { Outcome::Error });
    }

    pub(crate) fn read_error(&self, error: CapturedError<'_>) {
        // Formatting runs user code, so it runs outside of the lock.
        let message = match (self.permit_error_text(), error.message) {
            (Permit::Open(filter), Some(message)) => {
                user_code::run(UserCode::Error, || message.to_string()).map(|text| filter.error_text(&text))
            }
            _ => None,
        };
        self.set_unknown_server(|| error.server);
        let mut record = self.lock();
        let known = &mut record.error;
        known.type_name = error.type_name.map(str::to_owned).or(known.type_name.take());
        known.status = error.status.or(known.status);
        known.code = error.code.or(known.code.take());
        known.transport = error.transport.or(known.transport);
        known.not_sent |= error.not_sent;
        known.message = message.or(known.message.take());
    }

    /// Reads the error flag in a tool's result, as defined by the Model Context Protocol.
    pub(crate) fn read_tool_error(&self, answer: &CapturedValue<'_>) {
        if !self.lock().operation.is_mcp() {
            return;
        }
        let Some(found) = found(answer) else { return };
        if found.root().any(keys!["isError", "is_error"]).and_then(Tree::bool) == Some(true) {
            self.set_tool_error();
        }
    }

    /// Marks the tool as failed.
    pub(crate) fn set_tool_error(&self) {
        let error = ErrorFacts { kind: Some("tool_error".to_owned()), ..ErrorFacts::default() };
        self.lock().response.error = Some(error);
    }

    /// Reads the head of an HTTP response.
    fn read_head(&self, status: u16, url: Option<&str>) {
        self.lock().set_error_status(status);
        self.set_unknown_server(|| url.and_then(Server::parse));
    }

    /// Sets the server of a model call, unless it is known.
    fn set_unknown_server(&self, server: impl FnOnce() -> Option<Server>) {
        let mut record = self.lock();
        if record.server.is_none() && record.operation.is_model_call() {
            record.server = server();
        }
    }

    fn read_answer(&self, answer: &CapturedValue<'_>) {
        let (field, silent) = {
            let record = self.lock();
            let field = record.answer_field();
            // Facts are read too if a model API answered.
            (field, record.format.is_none() && (field.is_some() || record.operation.is_silent()))
        };
        if !matches!(answer, CapturedValue::Http { .. }) {
            if let Some(field) = field {
                self.content(field, answer);
            }
            if silent {
                return;
            }
        }
        match answer {
            _ if !self.has_consumers() => {}
            CapturedValue::Nothing | CapturedValue::Request(_) | CapturedValue::Error(_) => {}
            CapturedValue::Text("") => {}
            CapturedValue::Http { status, url, body } => {
                self.read_head(*status, *url);
                self.read_answer(body);
            }
            CapturedValue::Response(response) => self.read_recorded(*response),
            CapturedValue::Text(text) if !is_document(text) => {
                self.lock().seen = true;
                self.answer_text(text, self.permit_output());
            }
            answer => self.read_document(answer),
        }
    }

    /// Reads a response by the user's implementation.
    fn read_recorded(&self, response: &dyn RecordResponse) {
        let permit = self.permit_output();
        let open = permit.is_open();
        let mut out = permit.filter().map(|filter| Messages::output(filter, self.profile()));
        let mut facts = ResponseFacts::default();
        self.lock().seen = true;
        // Runs user code outside of the lock.
        user_code::run(UserCode::Record, || {
            response.record_response(&mut ResponseRecord { facts: &mut facts, content: out.as_mut() });
        });
        let mut record = self.lock();
        record.response.usage.update(facts.usage);
        record.response.merge(facts);
        if let Some(out) = out {
            record.set_output(out, open);
        }
    }

    /// Reads a response in a document.
    fn read_document(&self, answer: &CapturedValue<'_>) {
        let permit = self.permit_output();
        // Serialization runs user code, so it runs outside of the lock.
        let doc = permit.mode().and_then(|mode| document(answer, mode));
        let Some(found) = found_in(answer, doc.as_ref()) else { return };
        let error_facts = error::read(found.root());
        let message = error_facts.is_some().then(|| self.error_message(answer)).flatten();
        let mut record = self.lock();
        let (format, is_agent) = (record.response_facts(&found), record.operation.is_agent());
        record.seen |= format.is_some() || is_agent;
        drop(record);
        let open = permit.is_open();
        let content = doc.as_ref().map(JsonView::root);
        let messages = match (format, content) {
            (Some(format), Some(content)) => response_content(format, content, permit, self.profile()),
            (None, Some(content)) if is_agent && !content.is_null() => outcome_content(content, permit, self.profile()),
            _ => None,
        };
        let mut record = self.lock();
        if let Some(messages) = messages {
            record.set_output(messages, open);
        }
        if let Some(error_facts) = error_facts {
            record.error.message = message;
            record.response.error = Some(error_facts);
        }
    }

    /// The text of an error in a response, if error texts are permitted.
    fn error_message(&self, answer: &CapturedValue<'_>) -> Option<String> {
        let Permit::Open(filter) = self.permit_error_text() else { return None };
        let doc = document(answer, crate::json::Mode::Full)?;
        Some(filter.error_text(&error::read(doc.root())?.message?))
    }

    fn answer_text(&self, text: &str, permit: Permit) {
        let open = permit.is_open();
        let Some(filter) = permit.filter() else { return };
        let mut out = Messages::output(filter, self.profile());
        let reason = self.lock().response.finish_reasons.first().cloned().flatten();
        // Scrubbing runs user code, so it runs outside of the lock.
        out.text("assistant", Text::Plain(text), reason.as_deref().map(finish_reason));
        self.lock().set_output(out, open);
    }
}
