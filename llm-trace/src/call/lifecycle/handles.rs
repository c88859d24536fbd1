//! The handles of a call, and its end without any.

use super::ActiveCall;
use crate::model::Outcome;

impl ActiveCall {
    pub(crate) fn retain(&self) {
        self.holders().retain();
    }

    /// Releases a handle. The last one ends the call explicitly, because a thread inside its span may hold it longer.
    pub(crate) fn release(&self) {
        if self.holders().release() {
            self.end_unheld();
        }
    }

    pub(crate) fn has_one_handle(&self) -> bool {
        self.holders().has_one()
    }

    pub(crate) fn set_running(&self, running: bool) {
        self.holders().set_running(running);
    }

    pub(crate) fn is_running(&self) -> bool {
        self.holders().is_running()
    }

    /// Ends the call with the known facts if no handle is left, unless it has already ended.
    pub(crate) fn end_unheld(&self) {
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
