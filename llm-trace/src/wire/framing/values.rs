//! A sequence of JSON values: newline-delimited, pretty-printed, or as the elements of one array.

use memchr::memchr3;

use super::{FrameSink, MAX_EVENT, is_whole};

#[derive(Debug, Default)]
pub(super) struct Values {
    /// The part of the open value from earlier fragments.
    held: Vec<u8>,
    at: At,
    /// Open brackets of the open value.
    depth: usize,
    /// The body is one array whose elements are the events.
    in_array: bool,
    started: bool,
    /// The open value exceeds the limit.
    over: bool,
    skipped: usize,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum At {
    #[default]
    Between,
    /// Inside an object or array, outside of strings.
    Value,
    Text,
    /// After a backslash.
    Escape,
    /// Inside a number or literal.
    Scalar,
}

impl Values {
    pub(super) fn push(&mut self, bytes: &[u8], sink: &mut FrameSink<'_>) {
        // The start of the open value in this fragment.
        let mut from = 0;
        let mut next = 0_usize;
        while let Some(&byte) = bytes.get(next) {
            if self.at == At::Text {
                // Only these bytes matter inside a string.
                match memchr3(b'"', b'\\', b'\n', bytes.get(next..).unwrap_or_default()) {
                    Some(0) => {}
                    Some(skip) => {
                        next = next.saturating_add(skip);
                        continue;
                    }
                    None => break,
                }
            }
            let at = next;
            next = next.saturating_add(1);
            match (self.at, byte) {
                (At::Between, _) => from = self.begin(at, byte),
                (At::Text, b'"') if self.depth == 0 => self.emit(bytes.get(from..next).unwrap_or_default(), sink),
                (At::Text, b'"') => self.at = At::Value,
                (At::Text, b'\\') => self.at = At::Escape,
                // Strings contain no line breaks: the value was cut off, and the next one starts here.
                (At::Text | At::Escape, b'\n') => self.reset(),
                (At::Text, _) => {}
                (At::Escape, _) => self.at = At::Text,
                (At::Value, b'"') => self.at = At::Text,
                (At::Value, b'{' | b'[') => self.depth = self.depth.saturating_add(1),
                (At::Value, b'}' | b']') => {
                    self.depth = self.depth.saturating_sub(1);
                    if self.depth == 0 {
                        self.emit(bytes.get(from..next).unwrap_or_default(), sink);
                    }
                }
                (At::Value, _) => {}
                (At::Scalar, b',' | b']' | b' ' | b'\t' | b'\r' | b'\n') => {
                    self.emit(bytes.get(from..at).unwrap_or_default(), sink)
                }
                (At::Scalar, _) => {}
            }
        }
        if self.at != At::Between {
            self.hold(bytes.get(from..).unwrap_or_default());
        }
    }

    /// Reads a byte between two values. Returns the start of the next value.
    fn begin(&mut self, at: usize, byte: u8) -> usize {
        let first = !self.started;
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' | b',' | b']' | b'}' | b':' => return 0,
            0xef | 0xbb | 0xbf if first => return 0,
            b'[' if first => self.in_array = true,
            b'{' | b'[' => {
                self.at = At::Value;
                self.depth = 1;
            }
            b'"' => self.at = At::Text,
            _ => self.at = At::Scalar,
        }
        self.started = true;
        at
    }

    fn hold(&mut self, bytes: &[u8]) {
        if self.over || self.held.len().saturating_add(bytes.len()) > MAX_EVENT {
            self.over = true;
            self.held = Vec::new();
        } else {
            self.held.extend_from_slice(bytes);
        }
    }

    fn emit(&mut self, tail: &[u8], sink: &mut FrameSink<'_>) {
        if self.held.is_empty() && !self.over && tail.len() <= MAX_EVENT {
            sink(None, tail);
        } else {
            self.hold(tail);
            if self.over {
                self.skipped = self.skipped.saturating_add(1);
            } else {
                sink(None, &self.held);
            }
        }
        self.reset();
    }

    fn reset(&mut self) {
        self.at = At::Between;
        self.depth = 0;
        self.held.clear();
        self.over = false;
    }

    pub(super) fn finish(&mut self, sink: &mut FrameSink<'_>) {
        if self.at == At::Scalar && is_whole(&self.held) {
            sink(None, &self.held);
        }
        self.reset();
    }

    pub(super) fn skipped(&self) -> usize {
        self.skipped
    }
}
