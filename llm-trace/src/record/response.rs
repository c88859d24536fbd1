//! Reads a whole response into the record of its call.

use super::{CallRecord, Content};
use crate::json::{Found, Node, Text, Tree as _};
use crate::message::Messages;
use crate::model::Provider;
use crate::policy::Permit;
use crate::semconv::{Fact, Profile};
use crate::wire::{Format, detect};

impl CallRecord {
    /// Reads the facts of a whole response. Returns its format, if known.
    pub(crate) fn response_facts(&mut self, found: &Found<'_>) -> Option<Format> {
        let root = found.root();
        // `()`, a flag or a number is no response, whatever the request was.
        if !root.is_object() && !root.is_array() {
            return None;
        }
        let provider = self.provider.as_ref().map(Provider::as_str);
        let format = detect::of_response(provider, self.format, None, found.root())?;
        format.reader().response(found.root(), &mut self.response);
        // Ollama streams by default; the other formats that its server answers in do not.
        if self.format == Some(Format::OllamaChat) && format != Format::OllamaChat {
            self.request.take(Fact::RequestStream);
        }
        self.format = Some(format);
        Some(format)
    }

    pub(crate) fn set_output(&mut self, messages: Messages, open: bool) {
        let (json, filter) = messages.finish();
        self.output = json.map(|value| Content { value, open });
        self.output_filter = Some(Box::new(filter));
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
    messages.text("assistant", text, None);
    Some(messages)
}

/// Whether a document looks like messages.
pub(crate) fn is_messages(root: Node<'_>) -> bool {
    let first = root.first().filter(|_| root.is_array()).unwrap_or(root);
    first.get("role").is_some() && first.any(&["content", "parts", "tool_calls"]).is_some()
}
