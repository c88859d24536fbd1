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
            self.finish_unheld();
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
    pub(crate) fn finish_unheld(&self) {
        let record = self.lock();
        if record.finished {
            return;
        }
        let open = !record.returned || record.stream.is_some();
        let unobserved = record.unobserved || record.is_unobserved();
        drop(record);
        if std::thread::panicking() && open {
            self.finish_as(Outcome::Panicked);
        } else if unobserved {
            self.finish_as(Outcome::Unobserved);
        } else {
            self.finish();
        }
    }
}
