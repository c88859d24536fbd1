//! Reading a streamed answer as it passes: fragments in, facts and output out.

use super::framing::{Framing, Splitter};
use super::paths::PATHS;
use super::stream::{Event, StreamOutput, StreamReader};
use super::{Format, detect, error};
use crate::json::{Found, FoundNode, JsonView, Mode, Node};
use crate::model::facts::ResponseFacts;

/// How a stream ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum StreamEnd {
    Complete,
    /// An event stated an error.
    Error,
    /// It stopped before its end mark.
    Truncated,
}

impl StreamEnd {
    /// One word for it.
    #[cfg(feature = "internal")]
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            StreamEnd::Complete => "complete",
            StreamEnd::Error => "error",
            StreamEnd::Truncated => "truncated",
        }
    }
}

/// What a stream has told, all in all.
pub(crate) struct Collected {
    pub(crate) end: StreamEnd,
    pub(crate) format: Option<Format>,
    pub(crate) facts: ResponseFacts,
    pub(crate) output: Option<StreamOutput>,
    /// How many events were too large to read.
    pub(crate) skipped: usize,
}

/// Collects one streamed answer.
pub(crate) struct Collector {
    splitter: Splitter,
    events: Events,
}

struct Events {
    provider: Option<String>,
    format: Option<Format>,
    reader: Option<Box<dyn StreamReader>>,
    /// An event told the format.
    sure: bool,
    facts: ResponseFacts,
    /// Where output content goes, and how much of it is read, if it was asked for.
    output: Option<(Mode, StreamOutput)>,
    /// An error's text is asked for where content is not.
    error_text: bool,
    ended: bool,
}

impl Collector {
    /// `format` is what the request told, if it did: the first event may know better.
    /// `output` is given only if output content was asked for, with how much of it is to be read.
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

    /// Keeps the text of an error that an event states, also where events are read without content.
    pub(crate) fn with_error_text(mut self, keep: bool) -> Self {
        self.events.error_text = keep;
        self
    }

    /// Whether an error's text is asked for and not known.
    pub(crate) fn lacks_error_text(&self) -> bool {
        let Events { error_text, facts, .. } = &self.events;
        *error_text && facts.error.as_ref().is_some_and(|error| error.message.is_none())
    }

    /// Reads the text of the error that an event states, read in full.
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

    /// Reads an event that came as a value; and its content where a permit let it be read.
    pub(crate) fn event(&mut self, found: &Found<'_>, content: Option<&JsonView<'_>>) -> Event {
        self.events.event(None, found.root(), content.map(JsonView::root))
    }

    /// Reads the data of an event that came apart from its framing.
    pub(crate) fn data(&mut self, name: Option<&str>, data: &[u8]) -> Event {
        self.events.data(name, data)
    }

    /// Where the output is collected, if it was asked for.
    pub(crate) fn output(&mut self) -> Option<&mut StreamOutput> {
        self.events.output.as_mut().map(|(_, output)| output)
    }

    /// Ends the stream, be it whole or not.
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
        let found = Found::from_json(&PATHS, data);
        let content = self.output.as_ref().map(|(mode, _)| JsonView::from_slice(data, *mode));
        let was_well = self.facts.error.is_none();
        let event = self.event(name, found.root(), content.as_ref().map(JsonView::root));
        if self.error_text && was_well && self.facts.error.is_some() {
            self.read_error_text(name, JsonView::from_slice(data, Mode::Full).root());
        }
        event
    }

    fn event(&mut self, name: Option<&str>, found: FoundNode<'_>, content: Option<Node<'_>>) -> Event {
        if let Some(error) = error::read_event(name, found) {
            self.facts.error = Some(error);
        }
        if !self.sure {
            self.recognize(name, found);
        }
        let Some(reader) = &mut self.reader else { return Event::default() };
        let event = reader.event(name, found, &mut self.facts);
        if let (Some((mode, output)), Some(content)) = (&mut self.output, content) {
            reader.output(name, content, output);
            if *mode == Mode::Full && self.facts.error.is_some() {
                self.read_error_text(name, content);
            }
        }
        self.ended |= event.end;
        event
    }

    fn read_error_text(&mut self, name: Option<&str>, event: Node<'_>) {
        let Some(known) = self.facts.error.as_mut().filter(|error| error.message.is_none()) else { return };
        let stated = error::read_event(name, event)
            .or_else(|| error::read(event.get("response")?))
            .or_else(|| super::bedrock_converse_stream::exception(name, event));
        known.message = stated.and_then(|error| error.message);
    }

    /// Chooses the reader: by what was asked until an event tells, for requests of different
    /// formats can look the same.
    fn recognize(&mut self, name: Option<&str>, doc: FoundNode<'_>) {
        let told = detect::of_event(self.provider.as_deref(), self.format, name, doc);
        self.sure = told.is_some();
        let Some(format) = told.or(self.format) else { return };
        if self.reader.is_none() || self.format != Some(format) {
            self.format = Some(format);
            self.reader = Some(format.reader().stream());
        }
    }
}
