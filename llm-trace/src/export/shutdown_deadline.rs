//! The deadline of the shutdown.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::limits;

/// The time `limit` from now, or some days from now if that is out of range.
pub(crate) fn deadline(limit: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(limits::at_most_longest(limit)).unwrap_or(now)
}

/// Set when telemetry is shut down: from then on no wait exceeds the shutdown's time limit.
#[derive(Clone, Debug, Default)]
pub(crate) struct ShutdownDeadline(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    end: Mutex<Option<Instant>>,
    set: Condvar,
}

impl ShutdownDeadline {
    /// Starts the shutdown with this deadline. Later calls have no effect.
    pub(crate) fn close_by(&self, end: Instant) {
        self.0.end.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(end);
        self.0.set.notify_all();
    }

    /// The deadline, once the shutdown has started.
    pub(crate) fn end(&self) -> Option<Instant> {
        *self.0.end.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the deadline has passed.
    pub(crate) fn is_over(&self) -> bool {
        self.end().is_some_and(|end| end <= Instant::now())
    }

    /// Waits for this time, or until the shutdown starts.
    pub(crate) fn wait(&self, time: Duration) {
        let end = self.0.end.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.0.set.wait_timeout_while(end, time, |end| end.is_none()));
    }
}
