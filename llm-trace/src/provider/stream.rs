//! What a streamed answer has told so far, and the readers that collect it event by event.

use std::borrow::Cow;

use crate::facts::ResponseFacts;
use crate::json::{Node, Text};
use crate::message::{Messages, Part, Payload};

/// Reads the events of one stream, in order.
pub(crate) trait StreamReader: Send {
    /// Reads one event. `name` is the SSE `event:` line or the event stream's `:event-type`,
    /// where there is one. `out` is there only if output content was asked for.
    fn event(
        &mut self,
        name: Option<&str>,
        doc: Node<'_>,
        facts: &mut ResponseFacts,
        out: Option<&mut StreamOutput>,
    ) -> Event;

    /// Whether a stream that ends here, without an end mark of its own, ended whole.
    fn is_complete(&self, facts: &ResponseFacts) -> bool {
        !facts.finish_reasons.is_empty() && facts.finish_reasons.iter().all(Option::is_some)
    }
}

/// What an event was.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Event {
    /// It carried output of any kind: text, reasoning, a refusal, a tool call.
    pub(crate) content: bool,
    /// It is the stream's own end mark.
    pub(crate) end: bool,
}

impl Event {
    /// Adds what another event was.
    pub(crate) fn merge(&mut self, other: Event) {
        self.content |= other.content;
        self.end |= other.end;
    }
}

/// The output of a stream, joined per choice and part, in the order in which parts began.
#[derive(Debug, Default)]
pub(crate) struct StreamOutput {
    choices: Vec<Choice>,
    bytes: usize,
    limit: Option<usize>,
    cut: usize,
}

#[derive(Debug, Default)]
struct Choice {
    role: Option<String>,
    finish: Option<String>,
    parts: Vec<(Key, Piece)>,
    citations: Option<Citations>,
}

/// What the texts of a choice cite: one JSON array per text, under the provider's name.
#[derive(Debug)]
struct Citations {
    name: &'static str,
    lists: Vec<(Key, String)>,
}

impl Citations {
    fn of(&self, key: &Key) -> Option<Payload<'_>> {
        let (_, list) = self.lists.iter().find(|(k, _)| k == key)?;
        Some(Payload::Text(Text::Plain(list)))
    }
}

/// Tells the parts of one choice apart: the wire's own index or id.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Key {
    /// The one text, or the one reasoning, of a choice: joined with the last part of that kind.
    Last,
    Index(i64),
    Id(String),
    /// A part of an item, where the wire numbers both: written in that order.
    Item(i64, i64),
}

#[derive(Debug)]
enum Piece {
    Text(String),
    Reasoning(String),
    Refusal(String),
    ToolCall {
        id: Option<String>,
        name: String,
        arguments: String,
        /// The kind of a tool that the provider runs itself.
        server: Option<String>,
    },
    /// A part that came whole, already in the convention's JSON.
    Whole(String),
}

/// The kinds of running text.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Run {
    Text,
    Reasoning,
    Refusal,
}

impl StreamOutput {
    /// Keeps at most this many bytes of text and counts the rest.
    pub(crate) fn with_limit(limit: Option<usize>) -> Self {
        Self { limit, ..Self::default() }
    }

    /// How many bytes were not kept.
    pub(crate) fn cut(&self) -> usize {
        self.cut
    }

    pub(crate) fn role(&mut self, choice: usize, role: &str) {
        if let Some(choice) = self.choice(choice) {
            choice.role.get_or_insert_with(|| role.to_owned());
        }
    }

    /// The schema's finish reason of a choice: see [`crate::message::finish_reason`].
    pub(crate) fn finish(&mut self, choice: usize, reason: &str) {
        if let Some(choice) = self.choice(choice) {
            choice.finish = Some(reason.to_owned());
        }
    }

    /// Appends to a running text.
    pub(crate) fn text(&mut self, choice: usize, run: Run, key: Key, delta: Text<'_>) {
        let (piece_of, delta) = (run, delta);
        let kept = match delta {
            Text::Plain(s) => self.take(s).to_owned(),
            // What was not kept still leaves a part behind, in which its placeholder stands.
            Text::Elided(len) => {
                self.cut += len;
                String::new()
            }
        };
        let Some(choice) = self.choice(choice) else { return };
        let found = choice.parts.iter_mut().rev().enumerate().find_map(|(back, (k, piece))| {
            let text = match (piece_of, piece) {
                (Run::Text, Piece::Text(t))
                | (Run::Reasoning, Piece::Reasoning(t))
                | (Run::Refusal, Piece::Refusal(t)) => t,
                _ => return None,
            };
            let same = *k == key && (key != Key::Last || back == 0);
            same.then_some(text)
        });
        match found {
            Some(text) => text.push_str(&kept),
            None => {
                let piece = match run {
                    Run::Text => Piece::Text(kept),
                    Run::Reasoning => Piece::Reasoning(kept),
                    Run::Refusal => Piece::Refusal(kept),
                };
                insert(&mut choice.parts, key, piece);
            }
        }
    }

    /// Begins a tool call or adds to it: a name and an id that come again replace, arguments join.
    pub(crate) fn tool_call(
        &mut self,
        choice: usize,
        key: Key,
        id: Option<&str>,
        name: Option<&str>,
        arguments: Option<Text<'_>>,
    ) {
        let kept = match arguments {
            Some(Text::Plain(s)) => self.take(s).to_owned(),
            Some(Text::Elided(len)) => {
                self.cut += len;
                String::new()
            }
            None => String::new(),
        };
        let Some(choice) = self.choice(choice) else { return };
        let found = choice.parts.iter_mut().rev().find_map(|(k, piece)| match piece {
            Piece::ToolCall { id, name, arguments, .. } if *k == key => Some((id, name, arguments)),
            _ => None,
        });
        match found {
            Some((known_id, known_name, text)) => {
                if let Some(id) = id.filter(|id| !id.is_empty()) {
                    *known_id = Some(id.to_owned());
                }
                if let Some(name) = name.filter(|name| !name.is_empty()) {
                    *known_name = name.to_owned();
                }
                text.push_str(&kept);
            }
            None => {
                let piece = Piece::ToolCall {
                    id: id.filter(|id| !id.is_empty()).map(str::to_owned),
                    name: name.unwrap_or_default().to_owned(),
                    arguments: kept,
                    server: None,
                };
                insert(&mut choice.parts, key, piece);
            }
        }
    }

    /// Replaces what was joined of a tool call's arguments by their final state.
    pub(crate) fn set_arguments(&mut self, choice: usize, key: &Key, whole: &str) {
        let whole = self.take(whole).to_owned();
        let Some(choice) = self.choice(choice) else { return };
        for (k, piece) in &mut choice.parts {
            if let Piece::ToolCall { arguments, .. } = piece {
                if k == key {
                    *arguments = whole;
                    return;
                }
            }
        }
    }

    /// Says that a tool call begun before is run by the provider.
    pub(crate) fn server_tool(&mut self, choice: usize, key: &Key, kind: &str) {
        let Some(choice) = self.choice(choice) else { return };
        for (k, piece) in &mut choice.parts {
            if let Piece::ToolCall { server, .. } = piece {
                if k == key {
                    *server = Some(kind.to_owned());
                }
            }
        }
    }

    /// Adds a source that the text of this key cites.
    pub(crate) fn citation(&mut self, choice: usize, key: Key, name: &'static str, source: Node<'_>) {
        let Some(json) = self.take_all(source.to_json()) else { return };
        let Some(choice) = self.choice(choice) else { return };
        let citations = choice.citations.get_or_insert_with(|| Citations { name, lists: Vec::new() });
        match citations.lists.iter_mut().rev().find(|(k, _)| *k == key) {
            Some((_, list)) => {
                list.pop();
                list.push(',');
                list.push_str(&json);
                list.push(']');
            }
            None => citations.lists.push((key, format!("[{json}]"))),
        }
    }

    /// Adds a part that came whole, in whatever form it is kept.
    pub(crate) fn part(&mut self, choice: usize, key: Key, part: &Part<'_>) {
        match part {
            Part::Text(text) => self.text(choice, Run::Text, key, *text),
            Part::Reasoning(text) => self.text(choice, Run::Reasoning, key, *text),
            Part::Refusal(text) => self.text(choice, Run::Refusal, key, *text),
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

    /// Forgets the parts of one item: they come whole.
    pub(crate) fn forget_item(&mut self, choice: usize, item: i64) {
        if let Some(choice) = self.choices.get_mut(choice) {
            choice.parts.retain(|(key, _)| !matches!(key, Key::Item(of, _) if *of == item));
        }
    }

    /// Adds a part that came whole. A part of the same id or index is replaced.
    pub(crate) fn whole(&mut self, choice: usize, key: Key, part: &Part<'_>) {
        let mut json = String::new();
        part.write_plain(&mut json);
        let json = self.take_all(json);
        let Some(choice) = self.choice(choice) else { return };
        let Some(json) = json else { return };
        let same = choice
            .parts
            .iter_mut()
            .find(|(k, piece)| *k == key && key != Key::Last && matches!(piece, Piece::Whole(_)));
        match same {
            Some((_, piece)) => *piece = Piece::Whole(json),
            None => insert(&mut choice.parts, key, Piece::Whole(json)),
        }
    }

    /// Forgets everything: the stream sends its final state whole.
    pub(crate) fn clear(&mut self) {
        *self = Self { limit: self.limit, cut: self.cut, ..Self::default() };
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.choices.iter().all(|choice| choice.parts.is_empty())
    }

    /// Writes one message per choice.
    pub(crate) fn write(&self, out: &mut Messages) {
        for choice in &self.choices {
            out.begin(choice.role.as_deref().unwrap_or("assistant"), None);
            for (key, piece) in &choice.parts {
                let citations = choice.citations.as_ref().and_then(|all| Some((all.name, all.of(key)?)));
                match (piece, citations) {
                    (Piece::Text(text), Some((key, citations))) => {
                        out.part(Part::Cited { text: Text::Plain(text), key, citations });
                    }
                    (Piece::Text(text), None) => out.part(Part::Text(Text::Plain(text))),
                    (Piece::Reasoning(text), _) => out.part(Part::Reasoning(Text::Plain(text))),
                    (Piece::Refusal(text), _) => out.part(Part::Refusal(Text::Plain(text))),
                    (Piece::ToolCall { id, name, arguments, server: None }, _) => out.part(Part::ToolCall {
                        id: id.as_deref(),
                        name: Cow::Borrowed(name),
                        arguments: Payload::text(Text::Plain(arguments)),
                    }),
                    (Piece::ToolCall { id, name, arguments, server: Some(kind) }, _) => {
                        out.part(Part::ServerToolCall {
                            id: id.as_deref(),
                            name: Cow::Borrowed(name),
                            kind,
                            call: Payload::text(Text::Plain(arguments)),
                        });
                    }
                    (Piece::Whole(json), _) => out.part(Part::Whole(json)),
                }
            }
            out.end(choice.finish.as_deref());
        }
    }

    fn choice(&mut self, index: usize) -> Option<&mut Choice> {
        // As in `ResponseFacts::set_finish_reason`: a wild index must not make a huge vector.
        if index >= 1024 {
            return None;
        }
        if self.choices.len() <= index {
            self.choices.resize_with(index + 1, Choice::default);
        }
        self.choices.get_mut(index)
    }

    /// As much of `text` as the limit leaves room for, in whole characters.
    fn take<'s>(&mut self, text: &'s str) -> &'s str {
        let room = self.limit.map_or(usize::MAX, |limit| limit.saturating_sub(self.bytes));
        let mut end = text.len().min(room);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        self.bytes += end;
        self.cut += text.len() - end;
        &text[..end]
    }

    fn take_all(&mut self, text: String) -> Option<String> {
        if self.limit.is_some_and(|limit| self.bytes + text.len() > limit) {
            self.cut += text.len();
            return None;
        }
        self.bytes += text.len();
        Some(text)
    }
}

/// Adds a piece: at the end, or where an item's numbers say.
fn insert(parts: &mut Vec<(Key, Piece)>, key: Key, piece: Piece) {
    let at = match key {
        Key::Item(item, part) => {
            let later = |key: &Key| matches!(key, Key::Item(i, p) if (*i, *p) > (item, part));
            parts.iter().rposition(|(key, _)| !later(key)).map_or(0, |last| last + 1)
        }
        _ => parts.len(),
    };
    parts.insert(at, (key, piece));
}
