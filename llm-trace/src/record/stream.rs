//! Reads a streamed response into the record of its call.

use std::time::{Duration, Instant};

use super::{CallRecord, Gaps};
use crate::json::{Found, Mode, Node, Text};
use crate::policy::Permit;
use crate::wire::collect::Collector;
use crate::wire::stream::{Event, Key, StreamOutput, TextRun};

/// A stream that is being read.
pub(crate) struct Stream {
    /// A wrapper around the stream ends the call, rather than the function that returns it.
    pub(crate) owned: bool,
    /// The wrapper was dropped before the end of the stream, while the function was running.
    pub(crate) dropped: bool,
    /// Taken when the stream ends.
    pub(crate) collector: Option<Collector>,
    pub(crate) first_chunk: Option<Duration>,
    /// The time of the last chunk with content.
    pub(crate) last_chunk: Option<Instant>,
    /// Several chunks had content.
    pub(crate) several: bool,
    /// The times between chunks, if metrics record them.
    pub(crate) gaps: Option<Box<Gaps>>,
    /// The `String` items are deltas rather than events.
    pub(crate) plain: Option<bool>,
    /// Some item was an event.
    pub(crate) read: bool,
    /// Some item was an error.
    pub(crate) failed: bool,
}

impl Stream {
    pub(crate) fn new(record: &CallRecord, permit: &Permit, error_text: bool) -> Self {
        // The filter cuts and reports content above this limit.
        let output = permit
            .clone()
            .filter()
            .map(|filter| StreamOutput::with_limit(Some(filter.room())).with_whole_texts(filter.scrubs()));
        let output = permit.mode().zip(output);
        let provider = record.provider.as_ref().map(crate::model::Provider::as_str);
        let collector = Collector::new(provider, record.format, None, output).with_error_text(error_text);
        Stream {
            owned: false,
            dropped: false,
            collector: Some(collector),
            first_chunk: None,
            last_chunk: None,
            several: false,
            gaps: None,
            plain: None,
            read: false,
            failed: false,
        }
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> Event {
        self.read = true;
        self.collector.as_mut().map(|collector| collector.push(bytes)).unwrap_or_default()
    }

    /// Reads a `String` item: a piece of SSE or NDJSON text, or a delta. The first item decides.
    pub(crate) fn text(&mut self, text: &str) -> Event {
        if text.is_empty() {
            return Event::default();
        }
        let plain = *self.plain.get_or_insert_with(|| !is_framed(text));
        if !plain {
            return self.bytes(text.as_bytes());
        }
        if let Some(output) = self.collector.as_mut().and_then(Collector::output) {
            output.text(0, TextRun::Text, Key::Only, Text::Plain(text));
        }
        Event { content: true, ..Event::default() }
    }

    /// Reads an event without its framing: its name, and its data as text.
    pub(crate) fn framed(&mut self, event: Node<'_>) -> Event {
        self.read = true;
        let data = event.get_str("data").unwrap_or_default().as_bytes();
        self.collector.as_mut().map(|collector| collector.data(event.get_str("event"), data)).unwrap_or_default()
    }

    /// Reads the facts of an event that is a value. Returns the mode in which its content has to be read, if any.
    pub(crate) fn value(&mut self, found: &Found<'_>) -> (Event, Option<Mode>) {
        self.read = true;
        self.collector.as_mut().map(|collector| collector.event(found)).unwrap_or_default()
    }

    pub(crate) fn lacks_error_text(&self) -> bool {
        self.collector.as_ref().is_some_and(Collector::lacks_error_text)
    }

    /// The time, if it is needed.
    pub(crate) fn clock(&self) -> Option<Instant> {
        (!self.several || self.gaps.is_some()).then(Instant::now)
    }

    pub(crate) fn seen(&mut self, event: &Event, start_instant: Instant, now: Option<Instant>) {
        let Some(now) = now.filter(|_| event.content) else { return };
        match (self.last_chunk.replace(now), &mut self.gaps) {
            (None, _) => self.first_chunk = Some(now.saturating_duration_since(start_instant)),
            (Some(last), gaps) => {
                self.several = true;
                if let Some(gaps) = gaps {
                    gaps.add(now.saturating_duration_since(last).as_secs_f64());
                }
            }
        }
    }
}

/// Keys of a first event in a stream of JSON lines. A response in JSON has none of them.
const EVENT_KEYS: &[&str] = &[
    "\"choices\"",
    "\"candidates\"",
    "\"created_at\"",
    "\"event_type\"",
    "\"is_finished\"",
    "\"message_start\"",
    "\"chat.completion.chunk\"",
    "\"usageMetadata\"",
];

/// Whether text is part of an event stream rather than of a response.
fn is_framed(text: &str) -> bool {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let line = text.lines().next().unwrap_or_default();
    let sse = ["data:", "event:", "id:", "retry:"].iter().any(|field| line.starts_with(field)) || line.starts_with(':');
    sse || (line.starts_with('{') && EVENT_KEYS.iter().any(|key| line.contains(key)))
}
