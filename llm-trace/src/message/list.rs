//! A JSON array of messages.

use super::part::Part;
use crate::json::{Text, write_str};
use crate::policy::{ContentShape, Filter, Place};
use crate::semconv::identifier::is_word;

/// A JSON array of messages.
#[derive(Debug)]
pub(crate) struct Messages {
    pub(super) json: String,
    /// Where each message stands in `json`, and whether it is a system message.
    spans: Vec<(std::ops::Range<usize>, bool)>,
    pub(super) open: Option<Open>,
    role: String,
    /// Whether an output message needs a finish reason (the schema says so).
    output: bool,
    pub(super) filter: Filter,
}

/// A message that has begun.
#[derive(Debug)]
pub(super) struct Open {
    at: usize,
    pub(super) parts: usize,
}

impl Messages {
    pub(crate) fn input(filter: Filter) -> Self {
        Self { json: String::new(), spans: Vec::new(), open: None, role: String::new(), output: false, filter }
    }

    pub(crate) fn output(filter: Filter) -> Self {
        Self { output: true, ..Self::input(filter) }
    }

    /// Begins a message. Roles are the provider's words; see the corpus' README for the exceptions.
    pub(crate) fn begin(&mut self, role: &str, name: Option<&str>) {
        if self.open.is_some() {
            self.end(None);
        }
        role.clone_into(&mut self.role);
        if !self.spans.is_empty() {
            self.json.push(',');
        }
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

    /// Adds a part to the message begun last, unless there is nothing in it.
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

    /// Ends the message begun last. `finish_reason` is the schema's word: see [`finish_reason`](super::finish_reason).
    pub(crate) fn end(&mut self, finish_reason: Option<&str>) {
        let Some(open) = self.open.take() else { return };
        self.json.push(']');
        if self.output {
            // The schema requires one. Where the provider gave none nothing is invented: empty.
            self.json.push_str(",\"finish_reason\":");
            let reason = finish_reason.unwrap_or("");
            match is_word(reason) {
                true => write_str(&mut self.json, reason),
                false => self.filter.text(&mut self.json, Text::Plain(reason), Place::text(&self.role)),
            }
        }
        self.json.push('}');
        self.spans.push((open.at..self.json.len(), self.role == "system" || self.role == "developer"));
    }

    /// The JSON array, and what the filter has to report; `None` where there was no message.
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
