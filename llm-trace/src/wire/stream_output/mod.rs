//! The output of a streamed response so far.

mod pieces;
mod tool_calls;

use std::borrow::Cow;

pub(crate) use self::pieces::Key;
use self::pieces::Piece;
pub(crate) use self::pieces::TextRun;
use self::pieces::{Choice, Citations, Joined, KeptDelta};
use self::tool_calls::Assembled;
pub(crate) use self::tool_calls::CallFragment;
use crate::json::{Node, Text};
use crate::message::{Messages, Part, Payload};

/// The output of a stream, joined per choice and part, in the order in which the parts started.
#[derive(Debug, Default)]
pub(crate) struct StreamOutput {
    choices: Vec<Choice>,
    bytes: usize,
    limit: Option<usize>,
    whole_texts: bool,
}

impl StreamOutput {
    /// Limits the text to this many bytes.
    pub(crate) fn with_limit(limit: Option<usize>) -> Self {
        Self { limit, ..Self::default() }
    }

    /// Keeps no part of a text that exceeds the limit, because a scrubber must see whole texts.
    pub(crate) fn with_whole_texts(mut self, whole_texts: bool) -> Self {
        self.whole_texts = whole_texts;
        self
    }

    pub(crate) fn role(&mut self, choice: usize, role: &str) {
        if let Some(choice) = self.choice(choice) {
            choice.role.get_or_insert_with(|| role.to_owned());
        }
    }

    /// Sets the schema's finish reason of a choice. See [`crate::message::finish_reason`].
    pub(crate) fn finish(&mut self, choice: usize, reason: &str) {
        if let Some(choice) = self.choice(choice) {
            choice.finish = Some(reason.to_owned());
        }
    }

    /// Appends to a running text.
    pub(crate) fn text(&mut self, choice: usize, run: TextRun, key: Key, delta: Text<'_>) {
        let kept = self.keep(delta);
        let Some(choice) = self.choice(choice) else { return };
        match choice.run(&key, run) {
            Some(text) => text.push(kept),
            None => choice.insert(key, Piece::TextRun(run, Joined::new(kept))),
        }
    }

    /// Adds a fragment to its tool call. Returns the key of the call.
    pub(crate) fn call_fragment(&mut self, choice: usize, fragment: CallFragment<'_>) -> Key {
        let is_some = |text: &&str| !text.is_empty();
        let (id, name) = (fragment.id.filter(is_some), fragment.name.filter(is_some));
        let fragment = CallFragment { id, name, ..fragment };
        let kept = fragment.arguments.map_or_else(KeptDelta::default, |text| self.keep(text));
        // Nothing is stored, so the key does not matter.
        let Some(choice) = self.choice(choice) else { return Key::Last };
        match choice.calls.add(&fragment, kept) {
            Assembled::Began(number) => {
                choice.insert(Key::Call(number), Piece::ToolCall(number));
                Key::Call(number)
            }
            Assembled::Added(number) => Key::Call(number),
            Assembled::Dropped => Key::Last,
        }
    }

    /// Starts or extends the tool call with this key, for formats that give each call its own key.
    pub(crate) fn tool_call(
        &mut self,
        choice: usize,
        key: Key,
        id: Option<&str>,
        name: Option<&str>,
        arguments: Option<Text<'_>>,
    ) {
        let kept = arguments.map_or_else(KeptDelta::default, |text| self.keep(text));
        let Some(choice) = self.choice(choice) else { return };
        let (id, name) = (id.filter(|id| !id.is_empty()), name.filter(|name| !name.is_empty()));
        match choice.call(&key) {
            Some(call) => {
                if let Some(id) = id {
                    call.id = Some(id.to_owned());
                }
                if let Some(name) = name {
                    name.clone_into(&mut call.name);
                }
                call.push_arguments(kept, arguments.unwrap_or(Text::Plain("")));
            }
            None => {
                let fragment = CallFragment { id, name, arguments, ..CallFragment::default() };
                if let Some(number) = choice.calls.begin(&fragment, kept) {
                    choice.insert(key, Piece::ToolCall(number));
                }
            }
        }
    }

    /// Replaces the joined arguments of a tool call by their final text.
    pub(crate) fn set_arguments(&mut self, choice: usize, key: &Key, whole: Text<'_>) {
        let kept = self.keep(whole);
        if let Some(call) = self.choice(choice).and_then(|choice| choice.call(key)) {
            call.set_arguments(kept, whole);
        }
    }

    /// Records that an earlier tool call had an empty object of arguments, unless deltas follow.
    pub(crate) fn set_empty_object(&mut self, choice: usize, key: &Key) {
        if let Some(call) = self.choice(choice).and_then(|choice| choice.call(key)) {
            call.is_empty_object = true;
        }
    }

    /// Records that the provider runs an earlier tool call.
    pub(crate) fn server_tool(&mut self, choice: usize, key: &Key, kind: &str) {
        if let Some(call) = self.choice(choice).and_then(|choice| choice.call(key)) {
            call.server = Some(kind.to_owned());
        }
    }

    /// Adds a source that the text with this key cites.
    pub(crate) fn citation(&mut self, choice: usize, key: Key, name: &'static str, source: Node<'_>) {
        let Some(json) = self.take_all(source.to_json()) else { return };
        let Some(choice) = self.choice(choice) else { return };
        choice.citations.get_or_insert_with(|| Citations::new(name)).add(key, &json);
    }

    /// Adds a complete part.
    pub(crate) fn part(&mut self, choice: usize, key: Key, part: &Part<'_>) {
        match part {
            Part::Text(text) => self.text(choice, TextRun::Text, key, *text),
            Part::Reasoning(text) => self.text(choice, TextRun::Reasoning, key, *text),
            Part::Refusal(text) => self.text(choice, TextRun::Refusal, key, *text),
            Part::ToolCall { id, name, arguments } => {
                let json;
                let arguments = match arguments {
                    Payload::None => None,
                    Payload::Text(text) | Payload::Str(text) => Some(*text),
                    Payload::Json(node) => {
                        json = node.to_json();
                        Some(Text::Plain(&json))
                    }
                };
                self.tool_call(choice, key, *id, Some(name), arguments);
            }
            other => self.whole(choice, key, other),
        }
    }

    /// Removes the parts of one item, because they are sent again as a whole.
    pub(crate) fn forget_item(&mut self, choice: usize, item: i64) {
        if let Some(choice) = self.choices.get_mut(choice) {
            choice.forget_item(item);
        }
    }

    /// Adds a complete part. It replaces a part with the same id or index.
    pub(crate) fn whole(&mut self, choice: usize, key: Key, part: &Part<'_>) {
        let mut json = String::new();
        part.write_plain(&mut json);
        let json = self.take_all(json);
        let Some(choice) = self.choice(choice) else { return };
        let Some(json) = json else { return };
        match choice.whole(&key) {
            Some(known) => *known = json,
            None => choice.insert(key, Piece::Whole(json)),
        }
    }

    /// Removes everything, because the stream sends its final state as a whole.
    pub(crate) fn clear(&mut self) {
        (self.choices, self.bytes) = (Vec::new(), 0);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.choices.iter().all(Choice::is_empty)
    }

    /// Writes one message per choice.
    pub(crate) fn write(&self, out: &mut Messages) {
        for choice in &self.choices {
            out.begin(choice.role.as_deref().unwrap_or("assistant"), None);
            for (key, piece) in choice.in_order() {
                let citations = choice.citations.as_ref().and_then(|all| Some((all.name, all.of(key)?)));
                match (piece, citations) {
                    (Piece::TextRun(TextRun::Text, text), Some((key, citations))) => {
                        out.part(Part::Cited { text: text.as_text(), key, citations });
                    }
                    (Piece::TextRun(TextRun::Text, text), None) => out.part(Part::Text(text.as_text())),
                    (Piece::TextRun(TextRun::Reasoning, text), _) => out.part(Part::Reasoning(text.as_text())),
                    (Piece::TextRun(TextRun::Refusal, text), _) => out.part(Part::Refusal(text.as_text())),
                    (Piece::ToolCall(number), _) => {
                        let Some(call) = choice.calls.get(*number) else { continue };
                        let (id, name) = (call.id.as_deref(), Cow::Borrowed(call.name.as_str()));
                        let arguments = match call.arguments.as_text() {
                            text if text.is_empty() && call.is_empty_object => Payload::Text(Text::Plain("{}")),
                            text => Payload::text(text),
                        };
                        out.part(match &call.server {
                            None => Part::ToolCall { id, name, arguments },
                            Some(kind) => Part::ServerToolCall { id, name, kind, call: arguments },
                        });
                    }
                    (Piece::Whole(json), _) => out.part(Part::Whole(json)),
                }
            }
            out.end(choice.finish.as_deref());
        }
    }

    fn choice(&mut self, index: usize) -> Option<&mut Choice> {
        // As in `ResponseFacts::set_finish_reason`: an invalid index must not allocate a huge vector.
        if index >= 1024 {
            return None;
        }
        if self.choices.len() <= index {
            self.choices.resize_with(index.saturating_add(1), Choice::default);
        }
        self.choices.get_mut(index)
    }

    fn keep<'s>(&mut self, text: Text<'s>) -> KeptDelta<'s> {
        match text {
            Text::Plain(text) => {
                let taken = self.take(text);
                match taken.len() < text.len() && self.whole_texts {
                    true => KeptDelta { text: "", elided: text.len(), is_partial: true },
                    false => KeptDelta { text: taken, ..KeptDelta::default() },
                }
            }
            Text::Elided(elided) => KeptDelta { elided, ..KeptDelta::default() },
        }
    }

    /// The longest prefix of `text` that fits the limit, in whole characters.
    fn take<'s>(&mut self, text: &'s str) -> &'s str {
        let room = self.limit.map_or(usize::MAX, |limit| limit.saturating_sub(self.bytes));
        let mut end = text.len().min(room);
        while !text.is_char_boundary(end) {
            end = end.saturating_sub(1);
        }
        let taken = text.get(..end).unwrap_or_default();
        self.bytes = self.bytes.saturating_add(taken.len());
        taken
    }

    fn take_all(&mut self, text: String) -> Option<String> {
        if self.limit.is_some_and(|limit| self.bytes.saturating_add(text.len()) > limit) {
            return None;
        }
        self.bytes = self.bytes.saturating_add(text.len());
        Some(text)
    }
}

#[cfg(test)]
mod tests;
