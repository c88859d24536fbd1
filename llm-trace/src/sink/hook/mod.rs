//! The user's own hook: a closure that is given each finished call.

mod finished_call;
mod queue;
#[cfg(feature = "serde")]
mod serialize;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

pub use finished_call::FinishedCall;
use queue::Counts;
pub(crate) use queue::Hook;

/// The closures that a layer's [`on_call`](crate::LlmLayer::on_call) was given, with their queues.
///
/// The guard of [`init`](crate::init) and of [`export`](crate::export) flushes them when it ends. With a provider of
/// your own, flush them before the program ends: what is in a queue then is lost.
///
/// ```
/// use std::time::Duration;
///
/// # use tracing_subscriber::Registry;
/// let layer = llm_trace::layer::<Registry>().on_call(|call| println!("{}: {:?}", call.name(), call.cost()));
/// let hooks = layer.call_hooks();
/// // … the program …
/// if !hooks.flush(Duration::from_secs(5)) || hooks.dropped() > 0 {
///     eprintln!("{} calls came through, {} wait", hooks.handed_over(), hooks.waiting());
/// }
/// ```
#[derive(Clone, Debug, Default)]
pub struct CallHooks(Arc<Mutex<Vec<Arc<Hook>>>>);

impl CallHooks {
    /// Waits until every call that has finished is handed over, at most for `limit`. Returns whether they are.
    ///
    /// Blocks the calling thread meanwhile; it needs no runtime. Called by a closure of `on_call` it returns `false` at
    /// once.
    pub fn flush(&self, limit: Duration) -> bool {
        let now = Instant::now();
        // A time that no clock can hold is some days away.
        let end = now.checked_add(limit).unwrap_or_else(|| now + Duration::from_secs(1 << 18));
        // All of them, also where one is late.
        self.hooks().iter().fold(true, |all, hook| hook.flush(end) && all)
    }

    /// The number of calls that wait in queues or are being handed over.
    pub fn waiting(&self) -> u64 {
        self.sum(|counts| counts.waiting)
    }

    /// The number of calls that closures were given, and returned from.
    pub fn handed_over(&self) -> u64 {
        self.sum(|counts| counts.handed_over)
    }

    /// The number of calls that closures missed: their queue was full, or they panicked.
    pub fn dropped(&self) -> u64 {
        self.sum(|counts| counts.dropped)
    }

    /// The number of calls that were handed over without their content, since a queue held too much of it.
    pub fn content_dropped(&self) -> u64 {
        self.sum(|counts| counts.content_dropped)
    }

    pub(crate) fn add(&self, hook: Arc<Hook>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(hook);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.hooks().is_empty()
    }

    fn hooks(&self) -> Vec<Arc<Hook>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn sum(&self, count: impl Fn(&Counts) -> u64) -> u64 {
        self.hooks().iter().map(|hook| count(&hook.counts())).sum()
    }
}
