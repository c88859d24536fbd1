//! Reads a streamed response as it passes: fragments in, facts and output out.

use super::framing::{Framing, Splitter};
use super::paths::PATHS;
use super::stream::{Event, StreamOutput, StreamReader};
use super::{Format, detect, error};
use crate::json::{Found, FoundNode, JsonView, Mode, Node};
use crate::model::facts::ResponseFacts;

/// The end of a stream.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum StreamEnd {
    Complete,
    /// An event reported an error.
    Error,
    /// The stream stopped before its end mark.
    Truncated,
}

/// The result of reading a stream.
pub(crate) struct Collected {
    pub(crate) end: StreamEnd,
    pub(crate) format: Option<Format>,
    pub(crate) facts: ResponseFacts,
    pub(crate) output: Option<StreamOutput>,
    /// The number of events that were too large to read.
    pub(crate) skipped: usize,
}

/// Collects one streamed response.
pub(crate) struct Collector {
    splitter: Splitter,
    events: Events,
}

struct Events {
    provider: Option<String>,
    format: Option<Format>,
    reader: Option<Box<dyn StreamReader>>,
    /// An event confirmed the format.
    sure: bool,
    facts: ResponseFacts,
    /// The collected output and the mode of reading it, if output content is captured.
    output: Option<(Mode, StreamOutput)>,
    /// The text of an error is recorded although content is not.
    error_text: bool,
    ended: bool,
}

impl Collector {
    /// `format` is the format of the request, if known; the first event may correct it. `output` is set only if output
    /// content is captured.
    pub(crate) fn new(
        provider: Option<&str>,
        format: Option<Format>,
        framing: Option<Framing>,
        output: Option<(Mode, StreamOutput)>,
    ) -> Self {
        let events = Events {
            provider: provider.map(str::to_owned),
            format,
            reader: None,
            sure: false,
            facts: ResponseFacts::default(),
            output,
            error_text: false,
            ended: false,
        };
        Self { splitter: framing.map_or_else(Splitter::auto, Splitter::new), events }
    }

    /// Records the text of an error event, even if events are read without content.
    pub(crate) fn with_error_text(mut self, keep: bool) -> Self {
        self.events.error_text = keep;
        self
    }

    /// Whether the text of an error is wanted but not known yet.
    pub(crate) fn lacks_error_text(&self) -> bool {
        let Events { error_text, facts, .. } = &self.events;
        *error_text && facts.error.as_ref().is_some_and(|error| error.message.is_none())
    }

    /// Reads the text of an error from an event with content.
    pub(crate) fn read_error_text(&mut self, event: Node<'_>) {
        self.events.read_error_text(None, event);
    }

    /// Reads the next fragment of the body.
    pub(crate) fn push(&mut self, fragment: &[u8]) -> Event {
        let Self { splitter, events } = self;
        let mut seen = Event::default();
        splitter.push(fragment, &mut |name, data| seen.merge(events.data(name, data)));
        seen
    }

    /// The mode in which output content is read.
    pub(crate) fn mode(&self) -> Option<Mode> {
        self.events.output.as_ref().map(|(mode, _)| *mode)
    }

    /// Reads the facts of an event that came as a value. Returns the mode in which the caller has to read its content,
    /// unless the content was found with the facts.
    pub(crate) fn event(&mut self, found: &Found<'_>) -> (Event, Option<Mode>) {
        self.events.event(None, found.root())
    }

    /// Reads the content of the last event.
    pub(crate) fn content(&mut self, content: Node<'_>) {
        self.events.content(None, content);
    }

    /// Reads the data of an event without its framing.
    pub(crate) fn data(&mut self, name: Option<&str>, data: &[u8]) -> Event {
        self.events.data(name, data)
    }

    /// The collected output, if output content is captured.
    pub(crate) fn output(&mut self) -> Option<&mut StreamOutput> {
        self.events.output.as_mut().map(|(_, output)| output)
    }

    /// Ends the stream, complete or not.
    pub(crate) fn finish(mut self) -> Collected {
        let Self { splitter, events } = &mut self;
        splitter.finish(&mut |name, data| {
            events.data(name, data);
        });
        let complete = events.ended || events.reader.as_ref().is_some_and(|reader| reader.is_complete(&events.facts));
        let end = match complete {
            _ if events.facts.error.is_some() => StreamEnd::Error,
            true => StreamEnd::Complete,
            false => StreamEnd::Truncated,
        };
        let skipped = splitter.skipped();
        let Events { format, facts, output, .. } = self.events;
        Collected { end, format, facts, output: output.map(|(_, output)| output), skipped }
    }
}

impl Events {
    fn data(&mut self, name: Option<&str>, data: &[u8]) -> Event {
        if data.trim_ascii() == b"[DONE]" {
            self.ended = true;
            return Event { end: true, ..Event::default() };
        }
        let found = match self.output {
            Some((Mode::Full, _)) => Found::from_json_with_content(&PATHS, data),
            _ => Found::from_json(&PATHS, data),
        };
        let was_well = self.facts.error.is_none();
        let (event, unread) = self.event(name, found.root());
        if let Some(mode) = unread {
            self.content(name, JsonView::from_slice(data, mode).root());
        }
        if self.error_text && was_well && self.facts.error.is_some() {
            self.read_error_text(name, JsonView::from_slice(data, Mode::Full).root());
        }
        event
    }

    /// Reads the facts of an event. Returns the mode in which the caller has to read its content, unless the content was
    /// found with the facts.
    fn event(&mut self, name: Option<&str>, found: FoundNode<'_>) -> (Event, Option<Mode>) {
        if let Some(error) = error::read_event(name, found) {
            self.facts.error = Some(error);
        }
        if !self.sure {
            self.recognize(name, found);
        }
        let Some(reader) = &mut self.reader else { return (Event::default(), None) };
        let event = reader.event(name, found, &mut self.facts);
        self.ended |= event.end;
        let Some((mode, output)) = &mut self.output else { return (event, None) };
        // After an error, an event may contain the error's text.
        if self.facts.error.is_none()
            && let Some(delta) = reader.text_delta(name, found)
        {
            delta.write(output);
            return (event, None);
        }
        (event, Some(*mode))
    }

    /// Reads the content of the event whose facts were read last.
    fn content(&mut self, name: Option<&str>, content: Node<'_>) {
        let (Some(reader), Some((mode, output))) = (&mut self.reader, &mut self.output) else { return };
        reader.output(name, content, output);
        if *mode == Mode::Full && self.facts.error.is_some() {
            self.read_error_text(name, content);
        }
    }

    fn read_error_text(&mut self, name: Option<&str>, event: Node<'_>) {
        let Some(known) = self.facts.error.as_mut().filter(|error| error.message.is_none()) else { return };
        let error_facts = error::read_event(name, event)
            .or_else(|| error::read(event.get("response")?))
            .or_else(|| super::bedrock_converse_stream::exception(name, event));
        known.message = error_facts.and_then(|error| error.message);
    }

    /// Chooses the reader: that of the request until an event confirms a format, because requests of different formats
    /// can look the same.
    fn recognize(&mut self, name: Option<&str>, doc: FoundNode<'_>) {
        let detected = detect::of_event(self.provider.as_deref(), self.format, name, doc);
        self.sure = detected.is_some();
        let Some(format) = detected.or(self.format) else { return };
        if self.reader.is_none() || self.format != Some(format) {
            self.format = Some(format);
            self.reader = Some(format.reader().stream());
        }
    }
}
