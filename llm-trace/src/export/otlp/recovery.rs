//! Keeps the exporting threads alive.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use crate::{diag, user_code};

/// The pause after a panic, so that a failure that repeats does not occupy a core.
pub(crate) const PAUSE: Duration = Duration::from_millis(100);

/// Runs a part of an exporting thread. Returns `None`, with a report, if it panics: the thread then starts again.
pub(crate) fn survive<T>(thread: &str, work: impl FnOnce() -> T) -> Option<T> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(value) => Some(value),
        Err(payload) => {
            user_code::discard(payload);
            diag::warn_rarely("export-panic", &format!("{thread} panicked and starts again"));
            None
        }
    }
}
