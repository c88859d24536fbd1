//! Decodes the binary event streams of Amazon Bedrock from fragments of any size.
//!
//! <https://docs.aws.amazon.com/transcribe/latest/dg/event-stream.html> describes the framing.

use aws_smithy_eventstream::frame::{DecodedFrame, MessageFrameDecoder};
use aws_smithy_types::event_stream::Message;
use bytes::{Buf, BytesMut};

use super::{FrameSink, MAX_EVENT};
use crate::json::{JsonView, Mode, write_str};

/// Splits bytes into frames. Buffers at most one frame and one fragment.
#[derive(Debug, Default)]
pub(super) struct EventStream {
    decoder: MessageFrameDecoder,
    buffer: BytesMut,
    /// The decoder has consumed the start of a frame.
    begun: bool,
    broken: bool,
}

/// The length of the frame, the length of its headers, and a checksum of both.
const PRELUDE: usize = 12;
const PIECE: usize = 64 << 10;

impl EventStream {
    /// Passes on each frame that these bytes complete. After a damaged or oversized frame the start of the next one is
    /// unknown, so nothing more is read.
    pub(super) fn push(&mut self, bytes: &[u8], sink: &mut FrameSink<'_>) {
        for piece in bytes.chunks(PIECE) {
            if self.broken {
                return;
            }
            self.buffer.extend_from_slice(piece);
            while let Some(message) = self.next() {
                frame(&message, sink);
            }
        }
    }

    /// The number of frames that were not read, as far as known.
    pub(super) fn skipped(&self) -> usize {
        usize::from(self.broken)
    }

    fn next(&mut self) -> Option<Message> {
        if !self.begun {
            let length = self.buffer.get(..PRELUDE)?.get_u32();
            if length as usize > MAX_EVENT {
                return self.give_up();
            }
            self.begun = true;
        }
        match self.decoder.decode_frame(&mut self.buffer) {
            Ok(DecodedFrame::Complete(message)) => {
                self.begun = false;
                Some(message)
            }
            Ok(DecodedFrame::Incomplete) => None,
            Err(_) => self.give_up(),
        }
    }

    fn give_up(&mut self) -> Option<Message> {
        self.broken = true;
        self.buffer = BytesMut::new();
        None
    }
}

/// Passes on events and exceptions under their type, errors under their code.
fn frame(message: &Message, sink: &mut FrameSink<'_>) {
    let header = |name: &str| {
        let header = message.headers().iter().find(|header| header.name().as_str() == name)?;
        header.value().as_string().ok().map(|value| value.as_str())
    };
    if let Some(code) = header(":error-code") {
        // An error frame has headers and no payload.
        let mut payload = String::from("{\"error\":{\"code\":");
        write_str(&mut payload, code);
        payload.push_str(",\"message\":");
        write_str(&mut payload, header(":error-message").unwrap_or_default());
        payload.push_str("}}");
        return sink(Some(code), payload.as_bytes());
    }
    let name = header(":event-type").or_else(|| header(":exception-type"));
    let chunk = if name == Some("chunk") { unwrap_chunk(message.payload()) } else { None };
    sink(name, chunk.as_deref().unwrap_or(message.payload()));
}

/// `{"bytes": "<base64>"}`, which InvokeModelWithResponseStream wraps around the model's events.
fn unwrap_chunk(payload: &[u8]) -> Option<Vec<u8>> {
    let doc = JsonView::from_slice(payload, Mode::Full);
    aws_smithy_types::base64::decode(doc.root().get_str("bytes")?).ok()
}

#[cfg(test)]
mod tests {
    use aws_smithy_eventstream::frame::write_message_to;
    use aws_smithy_types::event_stream::{Header, HeaderValue, Message};

    use super::*;

    fn message(headers: &[(&str, &str)], payload: &str) -> Vec<u8> {
        let mut message = Message::new(payload.as_bytes().to_vec());
        for (name, value) in headers {
            message = message.add_header(Header::new(name.to_string(), HeaderValue::String(value.to_string().into())));
        }
        let mut out = Vec::new();
        write_message_to(&message, &mut out).expect("a small message can be written");
        out
    }

    fn frames(stream: &mut EventStream, bytes: &[u8], piece: usize) -> Vec<(String, String)> {
        let mut all = Vec::new();
        for piece in bytes.chunks(piece) {
            stream.push(piece, &mut |name, payload| {
                let payload = String::from_utf8(payload.to_vec()).expect("the tests send text");
                all.push((name.unwrap_or_default().to_owned(), payload));
            });
        }
        all
    }

    fn sample() -> Vec<u8> {
        let mut bytes =
            message(&[(":message-type", "event"), (":event-type", "messageStart")], "{\"role\":\"assistant\"}");
        bytes.extend(message(
            &[(":message-type", "event"), (":event-type", "chunk")],
            "{\"bytes\":\"eyJjb21wbGV0aW9uIjoiIGhpIn0=\",\"p\":\"abc\"}",
        ));
        bytes.extend(message(
            &[(":message-type", "exception"), (":exception-type", "throttlingException")],
            "{\"message\":\"slow down\"}",
        ));
        bytes.extend(message(
            &[(":message-type", "error"), (":error-code", "InternalFailure"), (":error-message", "oh \"no\"")],
            "",
        ));
        bytes
    }

    #[test]
    fn frames_are_the_same_however_the_bytes_are_cut() {
        let bytes = sample();
        let expected = [
            ("messageStart", "{\"role\":\"assistant\"}"),
            ("chunk", "{\"completion\":\" hi\"}"),
            ("throttlingException", "{\"message\":\"slow down\"}"),
            ("InternalFailure", "{\"error\":{\"code\":\"InternalFailure\",\"message\":\"oh \\\"no\\\"\"}}"),
        ];
        for piece in [1, 2, 3, 11, 12, 13, 64, bytes.len()] {
            let mut stream = EventStream::default();
            let got = frames(&mut stream, &bytes, piece);
            let got: Vec<_> = got.iter().map(|(name, payload)| (name.as_str(), payload.as_str())).collect();
            assert_eq!(got, expected, "in pieces of {piece}");
            assert_eq!(stream.skipped(), 0);
        }
    }

    #[test]
    fn a_damaged_frame_ends_the_reading() {
        let mut bytes = sample();
        bytes[20] ^= 0xff;
        let mut stream = EventStream::default();
        assert_eq!(frames(&mut stream, &bytes, 7), []);
        assert_eq!(stream.skipped(), 1);
    }

    #[test]
    fn a_wild_length_takes_no_memory() {
        let mut stream = EventStream::default();
        for _ in 0..100 {
            stream.push(&[0xff; 4096], &mut |_, _| panic!("there is no frame"));
            assert!(stream.buffer.len() <= 4096);
        }
    }
}
