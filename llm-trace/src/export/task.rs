//! Concurrent work that is awaited with a time limit.

use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Instant;

use crate::threads;

/// Work on a separate thread.
#[derive(Debug)]
pub(crate) struct Task {
    answer: Receiver<bool>,
    result: Option<bool>,
}

impl Task {
    /// Starts the work. If no thread can be created, it runs on the calling thread.
    pub(crate) fn start(work: impl Fn() -> bool + Clone + Send + 'static) -> Self {
        let (done, answer) = sync_channel(1);
        let on_thread = work.clone();
        let run = move || {
            let _ = done.send(on_thread());
        };
        let spawned = threads::spawn("shutdown", Box::new(run));
        let result = spawned.is_err().then(work);
        Self { answer, result }
    }

    /// Waits until this time. Returns false if the work failed or has not ended.
    pub(crate) fn wait(&mut self, until: Instant) -> bool {
        if self.result.is_none() {
            self.result = self.answer.recv_timeout(until.saturating_duration_since(Instant::now())).ok();
        }
        self.result.unwrap_or(false)
    }
}
