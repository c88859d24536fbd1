//! Reads a streamed response as it passes.

use std::time::Instant;

use super::active_call::ActiveCall;
use crate::arguments::captured_value::{CapturedValue, Document};
use crate::json::{Found, FoundNode, Mode, Node, Text, Tree};
use crate::policy::Permit;
use crate::record::{CallRecord, Stream};
use crate::wire::collect::Collector;
use crate::wire::paths::{PATHS, key};
use crate::wire::stream::{Event, Key, StreamOutput, TextRun};

impl ActiveCall {
    /// Marks the response as a stream.
    pub(crate) fn start_stream(&self) {
        self.open_stream(&mut self.lock());
    }

    fn open_stream(&self, record: &mut CallRecord) {
        if record.stream.is_none() && !record.finished {
            let mut stream = Stream::new(record, &self.permit_output(), self.permit_error_text().is_open());
            stream.gaps = self.pipeline().filter(|pipeline| pipeline.metrics.any()).map(|_| Box::default());
            record.stream = Some(Box::new(stream));
        }
    }

    /// Lets a wrapper around the stream end the call. Returns `false` if another one does.
    pub(crate) fn take_over(&self) -> bool {
        self.start_stream();
        let mut record = self.lock();
        match &mut record.stream {
            Some(stream) => !std::mem::replace(&mut stream.owned, true),
            None => false,
        }
    }

    /// Whether a wrapper around the stream ends the call.
    pub(crate) fn is_taken_over(&self) -> bool {
        self.lock().stream.as_ref().is_some_and(|stream| stream.owned)
    }

    /// Records one item.
    pub(crate) fn chunk(&self, item: CapturedValue<'_>) {
        match &item {
            CapturedValue::Error(_) => self.chunk_error(item),
            _ if !self.has_consumers() => self.start_stream(),
            CapturedValue::Nothing | CapturedValue::Request(_) => self.see_chunk(|_| Event::default()),
            CapturedValue::Bytes(bytes) => self.see_chunk(|stream| stream.bytes(bytes)),
            CapturedValue::Text(text) => self.see_chunk(|stream| stream.text(text)),
            CapturedValue::Document(document) => self.chunk_value(*document),
            CapturedValue::Owned(document) => self.chunk_value(&**document),
            CapturedValue::Response(_) | CapturedValue::Http { .. } => self.see_chunk(|_| Event::default()),
        }
    }

    /// Records one item of a user type. A string is text: a delta, or a piece of the stream.
    pub(crate) fn chunk_of(&self, item: &dyn Document) {
        if !self.has_consumers() {
            self.start_stream();
        } else if item.is_text() {
            // The text is needed to detect framing. It is recorded only if permitted.
            if let Some(Text::Plain(text)) = item.doc(Mode::Full).root().text() {
                self.chunk(CapturedValue::Text(text));
            }
        } else {
            self.chunk_value(item);
        }
    }

    fn see_chunk(&self, read: impl FnOnce(&mut Stream) -> Event) {
        let mut record = self.lock();
        self.open_stream(&mut record);
        if let Some(stream) = &mut record.stream {
            let now = stream.clock();
            let event = read(stream);
            stream.seen(&event, self.start_instant(), now);
        }
    }

    /// Records one item that is a value. Serialization runs user code, so it runs outside of the lock.
    fn chunk_value(&self, item: &dyn Document) {
        let mode = {
            let mut record = self.lock();
            self.open_stream(&mut record);
            record.stream.as_ref().and_then(|stream| stream.collector.as_ref()?.mode())
        };
        let found = item.found(&PATHS, mode == Some(Mode::Full));
        let framed = is_framed_event(found.root()).then(|| item.doc(Mode::Full));
        let (mut unread, mut was_well, mut lacks_error_text) = (None, false, false);
        self.see_chunk(|stream| {
            was_well = !stream.lacks_error_text();
            let event = match &framed {
                Some(framed) => stream.framed(framed.root()),
                None => {
                    let (event, mode) = stream.value(&found);
                    unread = mode;
                    event
                }
            };
            lacks_error_text = was_well && stream.lacks_error_text();
            event
        });
        if let Some(mode) = unread {
            let doc = item.doc(mode);
            self.see_collector(|collector| {
                collector.content(doc.root());
                lacks_error_text = was_well && collector.lacks_error_text();
            });
        }
        if lacks_error_text {
            let doc = item.doc(Mode::Full);
            self.see_collector(|collector| collector.read_error_text(doc.root()));
        }
    }

    fn see_collector(&self, read: impl FnOnce(&mut Collector)) {
        if let Some(collector) = self.lock().stream.as_mut().and_then(|stream| stream.collector.as_mut()) {
            read(collector);
        }
    }

    /// Records an error in place of an item.
    pub(crate) fn chunk_error(&self, error: CapturedValue<'_>) {
        self.start_stream();
        if let CapturedValue::Error(error) = error {
            self.read_error(error);
        }
        let mut record = self.lock();
        if let Some(stream) = &mut record.stream {
            stream.failed = true;
        }
    }
}

impl Stream {
    fn new(record: &CallRecord, permit: &Permit, error_text: bool) -> Self {
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

    fn bytes(&mut self, bytes: &[u8]) -> Event {
        self.read = true;
        self.collector.as_mut().map(|collector| collector.push(bytes)).unwrap_or_default()
    }

    /// Reads a `String` item: a piece of SSE or NDJSON text, or a delta. The first item decides.
    fn text(&mut self, text: &str) -> Event {
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
    fn framed(&mut self, event: Node<'_>) -> Event {
        self.read = true;
        let data = event.get_str("data").unwrap_or_default().as_bytes();
        self.collector.as_mut().map(|collector| collector.data(event.get_str("event"), data)).unwrap_or_default()
    }

    /// Reads the facts of an event that is a value. Returns the mode in which its content has to be read, if any.
    fn value(&mut self, found: &Found<'_>) -> (Event, Option<Mode>) {
        self.read = true;
        self.collector.as_mut().map(|collector| collector.event(found)).unwrap_or_default()
    }

    fn lacks_error_text(&self) -> bool {
        self.collector.as_ref().is_some_and(Collector::lacks_error_text)
    }

    /// The time, if it is needed.
    fn clock(&self) -> Option<Instant> {
        (!self.several || self.gaps.is_some()).then(Instant::now)
    }

    fn seen(&mut self, event: &Event, start_instant: Instant, now: Option<Instant>) {
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

/// Whether this is a server-sent event in the form that client crates use: a name, and data as text.
fn is_framed_event(root: FoundNode<'_>) -> bool {
    root.len() <= 4 && root.get(key!("data")).is_some_and(Tree::is_str)
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
