//! Requests that a destination did not accept, kept on disk until it does.

use std::io;
use std::time::{Duration, Instant};

use super::json_lines::{ClosedFile, JsonLines, Removed, read_lines};

const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// The requests of one signal that wait on disk, oldest first.
#[derive(Debug)]
pub(crate) struct Spill {
    lines: JsonLines,
    /// Lines read from the oldest file, last first, that are not sent yet; the file is removed after them.
    reading: Option<Reading>,
    /// Nothing is sent before this time.
    next_try: Option<Instant>,
    pause: Duration,
}

#[derive(Debug)]
struct Reading {
    file: ClosedFile,
    left: Vec<Vec<u8>>,
}

/// A request from disk.
#[derive(Debug)]
pub(crate) struct Spilled {
    pub(crate) line: Vec<u8>,
    /// Whether this process has written it.
    pub(crate) of_this_process: bool,
}

impl Spill {
    pub(crate) fn new(lines: JsonLines) -> Self {
        Self { lines, reading: None, next_try: None, pause: FIRST_PAUSE }
    }

    /// Whether the destination is to be left alone for now.
    pub(crate) fn is_pausing(&self) -> bool {
        self.next_try.is_some_and(|next| Instant::now() < next)
    }

    /// The destination has not accepted a request: leaves it alone for a growing time, or for as long as it asks.
    pub(crate) fn pause(&mut self, asked: Option<Duration>) {
        self.next_try = Some(Instant::now() + asked.unwrap_or(self.pause).min(LONGEST_PAUSE * 10));
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
    }

    /// The destination has accepted a request.
    pub(crate) fn resume(&mut self) {
        self.next_try = None;
        self.pause = FIRST_PAUSE;
    }

    /// The time until the next request from disk may be sent; `None` if there is none.
    pub(crate) fn next_try_in(&self) -> Option<Duration> {
        if self.reading.is_none() && self.lines.is_empty() {
            return None;
        }
        Some(self.next_try.map_or(Duration::ZERO, |next| next.saturating_duration_since(Instant::now())))
    }

    /// Keeps a request with so many records; the disk has it when this returns.
    pub(crate) fn append(&mut self, line: &[u8], records: u64) -> io::Result<Removed> {
        let removed = self.lines.append(line, records)?;
        self.lines.sync()?;
        Ok(removed)
    }

    /// The oldest request. It stays on disk until [`forget`](Self::forget).
    pub(crate) fn oldest(&mut self) -> io::Result<Option<Spilled>> {
        loop {
            if let Some(reading) = &self.reading
                && let Some(line) = reading.left.last()
            {
                return Ok(Some(Spilled { line: line.clone(), of_this_process: reading.file.records.is_some() }));
            }
            if let Some(done) = self.reading.take() {
                std::fs::remove_file(&done.file.path)?;
            }
            let file = match self.lines.take_oldest() {
                Some(file) => file,
                None => {
                    self.lines.close_file()?;
                    match self.lines.take_oldest() {
                        Some(file) => file,
                        None => return Ok(None),
                    }
                }
            };
            let mut left = read_lines(&file.path)?;
            left.reverse();
            self.reading = Some(Reading { file, left });
        }
    }

    /// The oldest request was dealt with. Its file is removed once that holds of all in it: after a restart, the
    /// requests of a file of which some were sent are sent again.
    pub(crate) fn forget(&mut self) -> io::Result<()> {
        let Some(reading) = &mut self.reading else { return Ok(()) };
        reading.left.pop();
        if reading.left.is_empty()
            && let Some(done) = self.reading.take()
        {
            std::fs::remove_file(&done.file.path)?;
        }
        Ok(())
    }

    /// Waits until the disk has all that was written.
    pub(crate) fn sync(&self) -> io::Result<()> {
        self.lines.sync()
    }
}
