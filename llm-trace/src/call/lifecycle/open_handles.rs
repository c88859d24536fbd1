//! Counts the handles that keep a call open.

use std::sync::atomic::{AtomicUsize, Ordering};

/// The handles of a call and the runs of its function.
#[derive(Debug, Default)]
pub(crate) struct OpenHandles {
    handles: AtomicUsize,
    /// A stream that is read inside the function does not end the call.
    runs: AtomicUsize,
}

impl OpenHandles {
    pub(crate) fn retain(&self) {
        self.handles.fetch_add(1, Ordering::Relaxed);
    }

    /// Releases a handle. Returns whether it was the last one.
    pub(crate) fn release(&self) -> bool {
        self.handles.fetch_sub(1, Ordering::AcqRel) == 1
    }

    pub(crate) fn has_one(&self) -> bool {
        self.handles.load(Ordering::Acquire) == 1
    }

    pub(crate) fn set_running(&self, running: bool) {
        if running {
            self.runs.fetch_add(1, Ordering::AcqRel);
        } else {
            self.runs.fetch_sub(1, Ordering::AcqRel);
        }
    }

    pub(crate) fn is_running(&self) -> bool {
        self.runs.load(Ordering::Acquire) > 0
    }
}
