//! Reading a streamed answer as it passes: fragments in, facts and output out.

use super::framing::{Framing, Splitter};
use super::journal::Added;
use super::repeat::Repeats;
use super::stream::{Event, StreamOutput, StreamReader};
use super::{Format, detect, error};
use crate::facts::ResponseFacts;
use crate::json::{Doc, Mode, Node, Shape};

/// How a stream ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum End {
    Complete,
    /// An event stated an error.
    Error,
    /// It stopped before its end mark.
    Truncated,
}

impl End {
    /// One word for it.
    #[cfg(feature = "internal")]
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            End::Complete => "complete",
            End::Error => "error",
            End::Truncated => "truncated",
        }
    }
}

/// What a stream has told, all in all.
pub(crate) struct Collected {
    pub(crate) end: End,
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
    mode: Mode,
    provider: Option<String>,
    format: Option<Format>,
    reader: Option<Box<dyn StreamReader>>,
    /// An event told the format.
    sure: bool,
    facts: ResponseFacts,
    /// Dry where output content was not asked for.
    output: StreamOutput,
    /// An error's text is asked for where content is not.
    error_text: bool,
    repeats: Repeats,
    ended: bool,
}

impl Collector {
    /// `format` is what the request told, if it did: the first event may know better.
    /// `output` is given only if output content was asked for, and then decides with `mode` how much.
    pub(crate) fn new(
        provider: Option<&str>,
        format: Option<Format>,
        framing: Option<Framing>,
        mode: Mode,
        output: Option<StreamOutput>,
    ) -> Self {
        let events = Events {
            mode,
            provider: provider.map(str::to_owned),
            format,
            reader: None,
            sure: false,
            facts: ResponseFacts::default(),
            output: output.unwrap_or_else(StreamOutput::dry),
            error_text: false,
            repeats: Repeats::default(),
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

    /// Reads an event that came as a value, in full.
    pub(crate) fn event(&mut self, doc: &Doc<'_>, mode: Mode, was: Option<Shaped>) -> (Event, Option<Shaped>) {
        self.events.shaped(doc, mode, was)
    }

    /// Reads an event that fits a shape. `false` where it must be read in full.
    pub(crate) fn fitting(&mut self, shaped: &Shaped) -> bool {
        let proven = shaped.proven == Some(self.events.repeats.doubts());
        if proven {
            self.events.output.add(&shaped.added, shaped.shape.text());
        }
        proven
    }

    /// Reads the data of an event that came apart from its framing.
    pub(crate) fn data(&mut self, name: Option<&str>, data: &[u8]) -> Event {
        self.events.data(name, data)
    }

    /// Where the output is collected, if it was asked for.
    pub(crate) fn output(&mut self) -> Option<&mut StreamOutput> {
        Some(&mut self.events.output).filter(|output| !output.is_dry())
    }

    /// Ends the stream, be it whole or not.
    pub(crate) fn finish(mut self) -> Collected {
        let Self { splitter, events } = &mut self;
        splitter.finish(&mut |name, data| {
            events.data(name, data);
        });
        let complete = events.ended || events.reader.as_ref().is_some_and(|reader| reader.is_complete(&events.facts));
        let end = match complete {
            _ if events.facts.error.is_some() => End::Error,
            true => End::Complete,
            false => End::Truncated,
        };
        let skipped = splitter.skipped();
        let Events { format, facts, output, .. } = self.events;
        Collected { end, format, facts, output: Some(output).filter(|output| !output.is_dry()), skipped }
    }
}

#[cfg(test)]
impl Collector {
    pub(super) fn read_all_in_full(&mut self) {
        self.events.repeats.learn_nothing();
    }

    pub(super) fn knows(&mut self, data: &[u8]) -> bool {
        let repeats = &mut self.events.repeats;
        repeats.find(None, data).is_some_and(|found| repeats.text(&found, data).is_some())
    }
}

/// What events that come as values have in common.
pub(crate) struct Shaped {
    pub(crate) shape: Shape,
    added: Added,
    /// As of the kinds in [`Repeats`].
    proven: Option<u64>,
}

impl Events {
    fn data(&mut self, name: Option<&str>, data: &[u8]) -> Event {
        let known = self.repeats.find(name, data);
        if let Some((added, text)) = known.as_ref().and_then(|known| self.repeats.text(known, data)) {
            self.output.add(added, text.as_text());
            return Event::CONTENT;
        }
        if data.trim_ascii() == b"[DONE]" {
            self.ended = true;
            return Event { end: true, ..Event::default() };
        }
        let before = known.as_ref().map(|_| self.facts.clone());
        let doc = Doc::from_slice(data, self.mode);
        let was_well = self.facts.error.is_none();
        let (event, added) = self.watched(name, &doc);
        if self.error_text && was_well && self.facts.error.is_some() {
            self.read_error_text(name, Doc::from_slice(data, Mode::Full).root());
        }
        match (known, added) {
            (Some(known), added) => {
                self.repeats.prove(&known, added.as_ref(), before.as_ref() == Some(&self.facts));
            }
            (None, added) => {
                self.repeats.doubt();
                if let Some(added) = added {
                    self.repeats.learn(name, data, added, self.mode);
                }
            }
        }
        event
    }

    /// Reads an event as a value: `was` is the shape it fits, not yet proven.
    fn shaped(&mut self, doc: &Doc<'_>, mode: Mode, was: Option<Shaped>) -> (Event, Option<Shaped>) {
        let before = was.as_ref().map(|_| self.facts.clone());
        let (event, added) = self.watched(None, doc);
        let known = was.zip(added.as_ref()).filter(|(was, added)| was.added.is_like(added));
        if before.as_ref() != Some(&self.facts) {
            self.repeats.doubt();
        }
        if let Some((was, _)) = known {
            let proven = (before.as_ref() == Some(&self.facts)).then(|| self.repeats.doubts());
            return (event, Some(Shaped { proven, ..was }));
        }
        let learned = added.and_then(|added| {
            let shape = Shape::of(doc, mode, added.len, added.elided)?;
            Some(Shaped { shape, added, proven: None })
        });
        (event, learned)
    }

    /// Reads an event. Tells what text it added, if it did nothing else.
    fn watched(&mut self, name: Option<&str>, doc: &Doc<'_>) -> (Event, Option<Added>) {
        self.output.watch();
        let event = self.read(name, doc.root());
        let plain = event.content && !event.end && doc.is_complete() && self.facts.error.is_none();
        (event, self.output.added().filter(|_| plain))
    }

    fn read(&mut self, name: Option<&str>, doc: Node<'_>) -> Event {
        if let Some(error) = error::read_event(name, doc) {
            self.facts.error = Some(error);
        }
        if !self.sure {
            self.recognize(name, doc);
        }
        let Some(reader) = &mut self.reader else { return Event::default() };
        let event = reader.event(name, doc, &mut self.facts, Some(&mut self.output));
        self.ended |= event.end;
        event
    }

    fn read_error_text(&mut self, name: Option<&str>, event: Node<'_>) {
        let Some(known) = self.facts.error.as_mut().filter(|error| error.message.is_none()) else { return };
        let stated = error::read_event(name, event).or_else(|| {
            let mut facts = ResponseFacts::default();
            self.format?.reader().stream().event(name, event, &mut facts, None);
            facts.error
        });
        known.message = stated.and_then(|error| error.message);
    }

    /// Chooses the reader: by what was asked until an event tells, for requests of different
    /// formats can look the same.
    fn recognize(&mut self, name: Option<&str>, doc: Node<'_>) {
        let told = detect::of_event(self.provider.as_deref(), self.format, name, doc);
        self.sure = told.is_some();
        let Some(format) = told.or(self.format) else { return };
        if self.reader.is_none() || self.format != Some(format) {
            self.format = Some(format);
            self.reader = Some(format.reader().stream());
        }
    }
}
