//! Writes text on a separate thread, so that a blocked pipe does not block the caller.

use std::collections::VecDeque;
use std::fmt;
use std::io::Write;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use crate::process::PerProcess;

/// Maximum size of queued text, in bytes. Further text is dropped and counted.
const LIMIT: usize = 4 << 20;

/// Writes texts in order, each in one piece. Clones share the thread, which ends when the last clone is dropped and all
/// text is written.
#[derive(Clone)]
pub(crate) struct TextWriter(Arc<Handle>);

struct Handle {
    queue: Arc<Queue>,
    /// Moved to the thread with the first text.
    sink: Mutex<Option<Box<dyn Write + Send>>>,
}

#[derive(Default)]
struct Queue {
    state: Mutex<WriterState>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct WriterState {
    waiting: VecDeque<String>,
    /// Size of the queued texts and the one being written.
    bytes: usize,
    taken: u64,
    written: u64,
    /// Not yet reported.
    dropped: u64,
    /// The number of written texts at the last wait that timed out. Nobody waits again until more are written.
    stuck_at: Option<u64>,
    ended: bool,
}

/// The writer for the process's stderr.
pub(crate) fn stderr() -> &'static TextWriter {
    static STDERR: OnceLock<PerProcess<Stderr>> = OnceLock::new();
    &STDERR.get_or_init(PerProcess::default).get().0
}

struct Stderr(TextWriter);

impl Default for Stderr {
    fn default() -> Self {
        Self(TextWriter::new(Box::new(std::io::stderr())))
    }
}

impl TextWriter {
    pub(crate) fn new(sink: Box<dyn Write + Send>) -> Self {
        Self(Arc::new(Handle { queue: Arc::default(), sink: Mutex::new(Some(sink)) }))
    }

    /// Queues a text without blocking. Returns `false` if it is dropped because the queue is full.
    pub(crate) fn push(&self, text: String) -> bool {
        let queue = &self.0.queue;
        let mut state = queue.lock();
        if state.bytes > 0 && state.bytes.saturating_add(text.len()) > LIMIT {
            state.dropped += 1;
            return false;
        }
        state.bytes += text.len();
        state.taken += 1;
        state.waiting.push_back(text);
        drop(state);
        queue.changed.notify_all();
        self.0.start();
        true
    }

    /// Waits until the queued texts are written, at most for `limit`. Returns `false` on a timeout.
    pub(crate) fn flush(&self, limit: Duration) -> bool {
        let queue = &self.0.queue;
        let state = queue.lock();
        let wanted = state.taken;
        if state.stuck_at == Some(state.written) && state.written < wanted {
            return false;
        }
        let waited = queue.changed.wait_timeout_while(state, limit, |state| state.written < wanted);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        let written = state.written >= wanted;
        state.stuck_at = (!written).then_some(state.written);
        written
    }
}

impl Handle {
    /// Starts the thread if it is not running.
    fn start(&self) {
        let Some(sink) = self.sink.lock().unwrap_or_else(PoisonError::into_inner).take() else { return };
        let queue = Arc::clone(&self.queue);
        // Without a thread nothing is printed, and the queue is bounded.
        let _ = crate::threads::spawn("print", Box::new(move || queue.write(sink)));
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.queue.lock().ended = true;
        self.queue.changed.notify_all();
    }
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, WriterState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, mut sink: Box<dyn Write + Send>) {
        loop {
            let waiting = |state: &mut WriterState| state.waiting.is_empty() && !state.ended;
            let state = self.changed.wait_while(self.lock(), waiting);
            let mut state = state.unwrap_or_else(PoisonError::into_inner);
            let Some(text) = state.waiting.pop_front() else { return };
            let dropped = std::mem::take(&mut state.dropped);
            drop(state);
            // A closed stderr is not an error.
            let _ = sink.write_all(text.as_bytes());
            if dropped > 0 {
                let notice =
                    format!("llm-trace: {dropped} texts were not printed, because stderr was not read in time\n");
                let _ = sink.write_all(notice.as_bytes());
            }
            let _ = sink.flush();
            let mut state = self.lock();
            state.written += 1;
            state.bytes = state.bytes.saturating_sub(text.len());
            drop(state);
            self.changed.notify_all();
        }
    }
}

impl fmt::Debug for TextWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TextWriter")
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
    use std::time::Instant;

    use super::*;

    /// A full pipe: each write waits for the reader.
    struct Pipe(SyncSender<String>);

    impl Write for Pipe {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            let text = String::from_utf8_lossy(bytes).into_owned();
            self.0.send(text).map(|()| bytes.len()).map_err(|_| std::io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn pipe() -> (TextWriter, Receiver<String>) {
        let (sender, receiver) = sync_channel(0);
        (TextWriter::new(Box::new(Pipe(sender))), receiver)
    }

    #[test]
    fn a_pipe_that_nobody_reads_holds_up_nobody_and_what_is_dropped_is_reported() {
        let (writer, reader) = pipe();
        let begun = Instant::now();
        let taken = (0..10).filter(|_| writer.push("x".repeat(LIMIT / 4))).count();
        assert_eq!(taken, 4);
        assert!(!writer.flush(Duration::from_millis(20)));
        // Once is enough.
        assert!(!writer.flush(Duration::from_secs(60)));
        assert!(begun.elapsed() < Duration::from_secs(10));
        let texts: Vec<_> = std::iter::from_fn(|| reader.recv_timeout(Duration::from_millis(500)).ok()).collect();
        let (texts, reports): (Vec<_>, Vec<_>) = texts.iter().partition(|text| text.starts_with('x'));
        assert_eq!(texts.len(), 4);
        // The thread may take its first text between two pushes, and then reports the dropped ones in two parts.
        let dropped = reports.iter().map(|text| text.split(' ').nth(1).and_then(|n| n.parse().ok()).unwrap_or(0u64));
        assert_eq!(dropped.sum::<u64>(), 6);
        assert!(writer.flush(Duration::from_secs(20)));
    }

    #[test]
    fn what_waits_is_written_after_the_last_handle_is_gone() {
        let (writer, reader) = pipe();
        assert!(writer.push("one".into()) && writer.push("two".into()));
        drop(writer);
        assert_eq!((reader.recv().unwrap(), reader.recv().unwrap()), ("one".into(), "two".into()));
        assert!(reader.recv().is_err());
    }
}
