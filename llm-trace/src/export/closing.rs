//! That the program wants to leave.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::limits;

/// The moment so far from now. One that no clock can hold is some days away.
pub(crate) fn deadline(limit: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(limits::at_most_longest(limit)).unwrap_or(now)
}

/// Told by the guard, seen by whoever waits: from now on nothing takes longer than the guard may.
#[derive(Clone, Debug, Default)]
pub(crate) struct Closing(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    end: Mutex<Option<Instant>>,
    told: Condvar,
}

impl Closing {
    /// From now on, no later than this.
    pub(crate) fn close_by(&self, end: Instant) {
        *self.0.end.lock().unwrap_or_else(PoisonError::into_inner) = Some(end);
        self.0.told.notify_all();
    }

    /// When all must be over, once that is known.
    pub(crate) fn end(&self) -> Option<Instant> {
        *self.0.end.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits, but not on when the program wants to leave.
    pub(crate) fn wait(&self, time: Duration) {
        let end = self.0.end.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.0.told.wait_timeout_while(end, time, |end| end.is_none()));
    }
}
