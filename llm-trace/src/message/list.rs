//! A JSON array of messages.

use super::part::Part;
use crate::json::{Text, write_str};
use crate::policy::{ContentShape, Filter, Place};
use crate::semconv::Profile;
use crate::semconv::identifier::is_word;

/// A JSON array of messages.
#[derive(Debug)]
pub(crate) struct Messages {
    /// Empty, or an array that is not closed.
    pub(super) json: String,
    /// The range of each message in `json`, and whether it is a system message.
    spans: Vec<(std::ops::Range<usize>, bool)>,
    pub(super) open: Option<Open>,
    role: String,
    /// Messages have a finish reason: those of an output.
    output: bool,
    /// An unknown finish reason is written as an empty text.
    has_empty_reason: bool,
    pub(super) filter: Filter,
}

/// An open message.
#[derive(Debug)]
pub(super) struct Open {
    at: usize,
    pub(super) parts: usize,
}

impl Messages {
    pub(crate) fn input(filter: Filter) -> Self {
        let (json, spans, open, role) = (String::new(), Vec::new(), None, String::new());
        Self { json, spans, open, role, output: false, has_empty_reason: false, filter }
    }

    pub(crate) fn output(filter: Filter, profile: Profile) -> Self {
        Self { output: true, has_empty_reason: profile == Profile::Core, ..Self::input(filter) }
    }

    /// Adds a message with one text part.
    pub(crate) fn text(&mut self, role: &str, text: Text<'_>, finish_reason: Option<&str>) {
        self.begin(role, None);
        self.part(Part::Text(text));
        self.end(finish_reason);
    }

    /// Starts a message. Roles are those of the provider; the README of the corpus lists the exceptions.
    pub(crate) fn begin(&mut self, role: &str, name: Option<&str>) {
        if self.open.is_some() {
            self.end(None);
        }
        role.clone_into(&mut self.role);
        // Large enough for most messages that are short.
        self.json.reserve(if self.json.is_empty() { 256 } else { 0 });
        self.json.push(if self.spans.is_empty() { '[' } else { ',' });
        let at = self.json.len();
        self.json.push_str("{\"role\":");
        match is_word(role) {
            true => write_str(&mut self.json, role),
            false => self.filter.text(&mut self.json, Text::Plain(role), Place::text(role)),
        }
        if let Some(name) = name {
            self.json.push_str(",\"name\":");
            self.filter.text(&mut self.json, Text::Plain(name), Place::text(&self.role));
        }
        self.json.push_str(",\"parts\":[");
        self.open = Some(Open { at, parts: 0 });
    }

    /// Adds a part to the open message, unless the part is empty.
    pub(crate) fn part(&mut self, part: Part<'_>) {
        if let Some(open) = self.open.as_mut().filter(|_| !part.is_empty()) {
            if self.filter.omits(part.place(&self.role)) {
                return;
            }
            if open.parts > 0 {
                self.json.push(',');
            }
            open.parts += 1;
            part.write(&mut self.json, &mut self.filter, &self.role);
        }
    }

    /// Ends the open message. `finish_reason` is a name of the schema: see [`finish_reason`](super::finish_reason).
    pub(crate) fn end(&mut self, finish_reason: Option<&str>) {
        let Some(open) = self.open.take() else { return };
        self.json.push(']');
        // The schema of the core conventions requires a finish reason. It is empty if the provider gave none.
        let reason = finish_reason.unwrap_or_default();
        if self.output && (self.has_empty_reason || !reason.is_empty()) {
            self.json.push_str(",\"finish_reason\":");
            match is_word(reason) {
                true => write_str(&mut self.json, reason),
                false => self.filter.text(&mut self.json, Text::Plain(reason), Place::text(&self.role)),
            }
        }
        self.json.push('}');
        self.spans.push((open.at..self.json.len(), self.role == "system" || self.role == "developer"));
    }

    /// The JSON array, or `None` without messages, and the filter with its report.
    pub(crate) fn finish(mut self) -> (Option<String>, Filter) {
        if self.open.is_some() {
            self.end(None);
        }
        if self.spans.is_empty() {
            return (None, self.filter);
        }
        let out = self.filter.array(self.json, &self.spans, ContentShape::Messages);
        (out, self.filter)
    }
}
