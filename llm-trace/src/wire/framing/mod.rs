//! Splits a streamed body into events, for any fragmentation of the bytes.
//!
//! An event within one fragment is passed on without a copy. Memory is bounded: events above [`MAX_EVENT`] are skipped
//! and counted.

#[cfg(not(feature = "aws-eventstream"))]
mod absent;
#[cfg(feature = "aws-eventstream")]
mod eventstream;
mod sse;
mod values;

#[cfg(not(feature = "aws-eventstream"))]
use absent as eventstream;
use eventstream::EventStream;
use sse::Sse;
use values::Values;

/// Maximum size of an event, in bytes.
pub(crate) const MAX_EVENT: usize = 16 << 20;

/// The framing of a streamed body.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Framing {
    /// Server-sent events.
    Sse,
    /// A sequence of JSON values, or the elements of one JSON array.
    Json,
    /// `application/vnd.amazon.eventstream`.
    AwsEventStream,
}

impl Framing {
    /// Detects the framing from the first bytes of the body. Returns `None` if there are too few.
    pub(crate) fn detect(bytes: &[u8]) -> Option<Self> {
        const BOM: &[u8] = b"\xef\xbb\xbf";
        // A frame starts with its length, which is below 16 MiB.
        if bytes.first() == Some(&0) {
            return Some(Self::AwsEventStream);
        }
        if bytes.len() < BOM.len() && BOM.starts_with(bytes) {
            return None;
        }
        let text = bytes.strip_prefix(BOM).unwrap_or(bytes).trim_ascii_start();
        match text.first()? {
            b'{' | b'[' => Some(Self::Json),
            _ => Some(Self::Sse),
        }
    }
}

/// Receives each event: its name, if any, and its data.
pub(crate) type FrameSink<'s> = dyn FnMut(Option<&str>, &[u8]) + 's;

/// Splits one body into events.
#[derive(Debug)]
pub(crate) struct Splitter {
    state: FramingState,
}

#[derive(Debug)]
enum FramingState {
    /// Not detected yet; the first bytes are buffered.
    Unknown(Vec<u8>),
    Sse(Sse),
    Values(Values),
    EventStream(EventStream),
}

impl FramingState {
    fn new(framing: Framing) -> Self {
        match framing {
            Framing::Sse => FramingState::Sse(Sse::default()),
            Framing::Json => FramingState::Values(Values::default()),
            Framing::AwsEventStream => FramingState::EventStream(EventStream::default()),
        }
    }
}

impl Splitter {
    /// Creates a splitter for a known framing.
    pub(crate) fn new(framing: Framing) -> Self {
        Self { state: FramingState::new(framing) }
    }

    /// Creates a splitter that detects the framing from the first bytes.
    pub(crate) fn auto() -> Self {
        Self { state: FramingState::Unknown(Vec::new()) }
    }

    /// Reads the next fragment.
    pub(crate) fn push(&mut self, bytes: &[u8], sink: &mut FrameSink<'_>) {
        let FramingState::Unknown(held) = &mut self.state else { return self.split(bytes, sink) };
        if held.is_empty() {
            // Leading whitespace is not part of the body, in any fragmentation.
            let bytes = bytes.trim_ascii_start();
            match Framing::detect(bytes) {
                Some(framing) => self.state = FramingState::new(framing),
                None => return held.extend_from_slice(bytes),
            }
            self.split(bytes, sink);
        } else {
            held.extend_from_slice(bytes);
            let Some(framing) = Framing::detect(held) else {
                // Whitespace after a byte order mark is not part of the body either.
                return held.truncate(held.trim_ascii_end().len());
            };
            let held = std::mem::take(held);
            self.state = FramingState::new(framing);
            self.split(&held, sink);
        }
    }

    fn split(&mut self, bytes: &[u8], sink: &mut FrameSink<'_>) {
        match &mut self.state {
            FramingState::Sse(sse) => sse.push(bytes, sink),
            FramingState::Values(values) => values.push(bytes, sink),
            FramingState::EventStream(frames) => frames.push(bytes, sink),
            FramingState::Unknown(_) => {}
        }
    }

    /// Ends the body. Passes on a last event that is complete except for its end mark.
    pub(crate) fn finish(&mut self, sink: &mut FrameSink<'_>) {
        match &mut self.state {
            FramingState::Sse(sse) => sse.finish(sink),
            FramingState::Values(values) => values.finish(sink),
            // An incomplete frame is dropped.
            _ => {}
        }
    }

    /// The number of events that were skipped because of their size.
    pub(crate) fn skipped(&self) -> usize {
        match &self.state {
            FramingState::Sse(sse) => sse.skipped(),
            FramingState::Values(values) => values.skipped(),
            FramingState::EventStream(frames) => frames.skipped(),
            _ => 0,
        }
    }
}

/// Whether the data of a last event without an end mark is complete.
fn is_whole(data: &[u8]) -> bool {
    crate::json::work::bytes(data.len());
    data == b"[DONE]" || serde_json::from_slice::<serde::de::IgnoredAny>(data).is_ok()
}

#[cfg(test)]
mod tests;
