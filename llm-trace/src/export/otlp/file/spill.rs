//! Stores requests on disk until the destination accepts them.

use std::io;
use std::time::{Duration, Instant};

use crate::export::shutdown_deadline::deadline;

use super::json_lines::{ClosedFile, JsonLines, Removed, read_lines};

const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// The longest pause that a destination can ask for.
const LONGEST_ASKED: Duration = Duration::from_secs(300);

/// The requests of one signal on disk, oldest first.
#[derive(Debug)]
pub(crate) struct Spill {
    lines: JsonLines,
    /// Lines of the oldest file that are not sent yet, last first. The file is removed after them.
    reading: Option<Reading>,
    /// No request is sent before this time.
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
    /// Whether this process wrote it.
    pub(crate) of_this_process: bool,
}

impl Spill {
    pub(crate) fn new(lines: JsonLines) -> Self {
        Self { lines, reading: None, next_try: None, pause: FIRST_PAUSE }
    }

    /// Whether requests to the destination are paused.
    pub(crate) fn is_pausing(&self) -> bool {
        self.next_try.is_some_and(|next| Instant::now() < next)
    }

    /// Pauses after the destination has refused a request: for an increasing time, or as long as the destination asks.
    pub(crate) fn pause(&mut self, asked: Option<Duration>) {
        self.next_try = Some(deadline(asked.unwrap_or(self.pause).min(LONGEST_ASKED)));
        self.pause = self.pause.saturating_mul(2).min(LONGEST_PAUSE);
    }

    /// Ends the pause after the destination has accepted a request.
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

    /// Stores a request that contains `records` records; returns after it is written to disk.
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

    /// Marks the oldest request as done. Its file is removed when all its requests are done: after a restart, all
    /// requests of a partly sent file are sent again.
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

    /// Waits until all data is written to disk.
    pub(crate) fn sync(&self) -> io::Result<()> {
        self.lines.sync()
    }
}
