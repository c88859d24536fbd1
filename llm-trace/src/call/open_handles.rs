//! The handles that keep a call open, and its end without any.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::active_call::ActiveCall;
use crate::model::Outcome;

/// The handles of a call and the runs of its function.
#[derive(Debug, Default)]
pub(super) struct OpenHandles {
    handles: AtomicUsize,
    /// A stream that is read inside the function does not end the call.
    runs: AtomicUsize,
}

impl ActiveCall {
    pub(crate) fn retain(&self) {
        self.holders().handles.fetch_add(1, Ordering::Relaxed);
    }

    /// Releases a handle. The last one ends the call explicitly, because a thread inside its span may hold it longer.
    pub(crate) fn release(&self) {
        if self.holders().handles.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.end_unheld();
        }
    }

    pub(crate) fn has_one_handle(&self) -> bool {
        self.holders().handles.load(Ordering::Acquire) == 1
    }

    pub(crate) fn set_inside(&self, inside: bool) {
        let runs = &self.holders().runs;
        if inside {
            runs.fetch_add(1, Ordering::AcqRel);
        } else {
            runs.fetch_sub(1, Ordering::AcqRel);
        }
    }

    pub(crate) fn is_inside(&self) -> bool {
        self.holders().runs.load(Ordering::Acquire) > 0
    }

    /// Ends the call with the known facts if no handle is left, unless it has already ended.
    pub(super) fn end_unheld(&self) {
        let state = self.lock();
        if state.finished {
            return;
        }
        let open = !state.returned || state.stream.is_some();
        let unobserved = state.unobserved || state.is_unobserved();
        drop(state);
        if std::thread::panicking() && open {
            self.end_with(Outcome::Panicked);
        } else if unobserved {
            self.end_with(Outcome::Unobserved);
        } else {
            self.end();
        }
    }
}
