//! Splitting a streamed body into events, however the bytes arrive.
//!
//! An event that lies whole in one fragment is handed on without a copy. Memory is bounded: of an
//! event over [`MAX_EVENT`] nothing is kept, it is skipped and counted.

#[cfg(feature = "aws-eventstream")]
mod eventstream;
mod sse;
mod values;

#[cfg(feature = "aws-eventstream")]
use eventstream::EventStream;
use sse::Sse;
use values::Values;

/// The largest event that is read, in bytes.
pub(crate) const MAX_EVENT: usize = 16 << 20;

/// How a streamed body is cut into events.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Framing {
    /// Server-sent events.
    Sse,
    /// One JSON value after the other, or the elements of one JSON array.
    Json,
    /// `application/vnd.amazon.eventstream`.
    AwsEventStream,
}

impl Framing {
    /// By the first bytes of the body. `None` where they are too few to tell.
    pub(crate) fn detect(bytes: &[u8]) -> Option<Self> {
        const BOM: &[u8] = b"\xef\xbb\xbf";
        // A frame begins with its length, which is below 16 MiB.
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

/// Takes each event: its name, where it has one, and its data.
pub(crate) type FrameSink<'s> = dyn FnMut(Option<&str>, &[u8]) + 's;

/// Cuts one body into events.
#[derive(Debug)]
pub(crate) struct Splitter {
    state: FramingState,
}

#[derive(Debug)]
enum FramingState {
    /// Not enough bytes yet to tell; these are kept.
    Unknown(Vec<u8>),
    Sse(Sse),
    Values(Values),
    #[cfg(feature = "aws-eventstream")]
    EventStream(EventStream),
    /// Frames of a kind this build does not read.
    #[cfg(not(feature = "aws-eventstream"))]
    Unread,
}

impl FramingState {
    fn new(framing: Framing) -> Self {
        match framing {
            Framing::Sse => FramingState::Sse(Sse::default()),
            Framing::Json => FramingState::Values(Values::default()),
            #[cfg(feature = "aws-eventstream")]
            Framing::AwsEventStream => FramingState::EventStream(EventStream::default()),
            #[cfg(not(feature = "aws-eventstream"))]
            Framing::AwsEventStream => FramingState::Unread,
        }
    }
}

impl Splitter {
    /// Of a known framing.
    pub(crate) fn new(framing: Framing) -> Self {
        Self { state: FramingState::new(framing) }
    }

    /// Of a framing that the first bytes tell.
    pub(crate) fn auto() -> Self {
        Self { state: FramingState::Unknown(Vec::new()) }
    }

    /// Reads the next fragment.
    pub(crate) fn push(&mut self, bytes: &[u8], sink: &mut FrameSink<'_>) {
        let FramingState::Unknown(held) = &mut self.state else { return self.split(bytes, sink) };
        if held.is_empty() {
            // Space before a body is no part of it, in whatever pieces it comes.
            let bytes = bytes.trim_ascii_start();
            match Framing::detect(bytes) {
                Some(framing) => self.state = FramingState::new(framing),
                None => return held.extend_from_slice(bytes),
            }
            self.split(bytes, sink);
        } else {
            held.extend_from_slice(bytes);
            let Some(framing) = Framing::detect(held) else {
                // After a byte order mark, space is no part of the body either.
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
            #[cfg(feature = "aws-eventstream")]
            FramingState::EventStream(frames) => frames.push(bytes, sink),
            #[cfg(not(feature = "aws-eventstream"))]
            FramingState::Unread => {}
            FramingState::Unknown(_) => {}
        }
    }

    /// Ends the body: hands on a last event that is whole but for its end mark.
    pub(crate) fn finish(&mut self, sink: &mut FrameSink<'_>) {
        match &mut self.state {
            FramingState::Sse(sse) => sse.finish(sink),
            FramingState::Values(values) => values.finish(sink),
            // A frame that is not whole tells nothing.
            _ => {}
        }
    }

    /// How many events were too large and skipped.
    pub(crate) fn skipped(&self) -> usize {
        match &self.state {
            FramingState::Sse(sse) => sse.skipped(),
            FramingState::Values(values) => values.skipped(),
            #[cfg(feature = "aws-eventstream")]
            FramingState::EventStream(frames) => frames.skipped(),
            _ => 0,
        }
    }
}

/// Whether the data of a last event, of which the end mark is missing, is all there.
fn is_whole(data: &[u8]) -> bool {
    crate::json::work::bytes(data.len());
    data == b"[DONE]" || serde_json::from_slice::<serde::de::IgnoredAny>(data).is_ok()
}

#[cfg(test)]
mod tests;
