//! Server-sent events: <https://html.spec.whatwg.org/multipage/server-sent-events.html>.

use memchr::memchr2;

use super::{FrameSink, MAX_EVENT, is_whole};

/// Maximum length of an event name.
const MAX_NAME: usize = 256;

const BOM: &[u8] = b"\xef\xbb\xbf";

#[derive(Debug, Default)]
pub(super) struct Sse {
    /// An incomplete line.
    line: Vec<u8>,
    /// The joined data lines of the open event from earlier fragments.
    data: Vec<u8>,
    has_data: bool,
    name: String,
    /// The last fragment ended with a carriage return, which a line feed may follow.
    after_cr: bool,
    started: bool,
    /// The open line or event exceeds the limit.
    line_over: bool,
    event_over: bool,
    skipped: usize,
}

impl Sse {
    pub(super) fn push(&mut self, bytes: &[u8], sink: &mut FrameSink<'_>) {
        let mut rest = bytes;
        // The only data line of the open event, while it lies in this fragment.
        let mut here: Option<&[u8]> = None;
        if rest.is_empty() {
            return;
        }
        if std::mem::take(&mut self.after_cr) {
            rest = rest.strip_prefix(b"\n").unwrap_or(rest);
        }
        while let Some(at) = memchr2(b'\n', b'\r', rest) {
            let (line, tail) = rest.split_at(at);
            rest = match tail {
                [b'\r', b'\n', rest @ ..] | [_, rest @ ..] => rest,
                [] => tail,
            };
            self.after_cr = tail == b"\r";
            if self.line.is_empty() && !self.line_over {
                self.line(line, &mut here, sink);
            } else {
                self.hold(line);
                let whole = std::mem::take(&mut self.line);
                // The buffer is reused for the next fragment, so its data is copied.
                let mut held = None;
                self.line(&whole, &mut held, sink);
                if let Some(data) = held {
                    self.keep(data);
                }
            }
        }
        if let Some(data) = here {
            self.keep(data);
        }
        self.hold(rest);
    }

    /// Buffers the start of a line.
    fn hold(&mut self, bytes: &[u8]) {
        if self.line_over || self.line.len().saturating_add(bytes.len()) > MAX_EVENT {
            self.line_over = true;
            self.line = Vec::new();
        } else {
            self.line.extend_from_slice(bytes);
        }
    }

    /// Appends a data line to the open event.
    fn keep(&mut self, data: &[u8]) {
        if std::mem::replace(&mut self.has_data, true) {
            self.data.push(b'\n');
        }
        if self.event_over || self.data.len().saturating_add(data.len()) > MAX_EVENT {
            self.event_over = true;
            self.data = Vec::new();
        } else {
            self.data.extend_from_slice(data);
        }
    }

    fn line<'f>(&mut self, line: &'f [u8], here: &mut Option<&'f [u8]>, sink: &mut FrameSink<'_>) {
        if std::mem::take(&mut self.line_over) {
            self.event_over = true;
            return;
        }
        let line = if self.started { line } else { line.strip_prefix(BOM).unwrap_or(line) };
        self.started = true;
        if line.is_empty() {
            return self.dispatch(here.take(), sink);
        }
        let colon = line.iter().position(|byte| *byte == b':').unwrap_or(line.len());
        let (field, value) = line.split_at(colon);
        let value = value.strip_prefix(b":").unwrap_or(value);
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match field {
            b"data" => self.data_line(value, here),
            // Older llama.cpp servers send an error in its own field.
            b"error" => {
                self.set_name("error");
                self.data_line(value, here);
            }
            b"event" if value.len() <= MAX_NAME => self.set_name(str::from_utf8(value).unwrap_or_default()),
            _ => {}
        }
    }

    fn set_name(&mut self, name: &str) {
        name.clone_into(&mut self.name);
    }

    fn data_line<'f>(&mut self, value: &'f [u8], here: &mut Option<&'f [u8]>) {
        if !self.has_data && here.is_none() {
            *here = Some(value);
        } else {
            if let Some(first) = here.take() {
                self.keep(first);
            }
            self.keep(value);
        }
    }

    fn dispatch(&mut self, here: Option<&[u8]>, sink: &mut FrameSink<'_>) {
        let name = Some(self.name.as_str()).filter(|name| !name.is_empty());
        if self.event_over {
            self.skipped = self.skipped.saturating_add(1);
        } else if let Some(data) = here {
            sink(name, data);
        } else if self.has_data {
            sink(name, &self.data);
        }
        self.name.clear();
        self.data.clear();
        self.has_data = false;
        self.event_over = false;
    }

    pub(super) fn finish(&mut self, sink: &mut FrameSink<'_>) {
        let line = std::mem::take(&mut self.line);
        let mut here = None;
        if !line.is_empty() {
            self.line(&line, &mut here, sink);
        }
        if let Some(data) = here {
            self.keep(data);
        }
        if is_whole(&self.data) {
            self.dispatch(None, sink);
        }
        *self = Self { skipped: self.skipped, ..Self::default() };
    }

    pub(super) fn skipped(&self) -> usize {
        self.skipped
    }
}
