//! The user's hook: a closure that receives each finished call.

mod finished_call;
mod hand_over;
mod queue;
mod serialize;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

pub use finished_call::FinishedCall;
use queue::Counts;
pub(crate) use queue::Hook;

/// The closures passed to a layer's [`with_call_hook`](crate::LlmLayer::with_call_hook), with their queues.
///
/// The guard of [`init`](crate::init) and of [`export`](crate::export) flushes them when it is dropped. With your own
/// provider, flush them before the program ends; queued calls are lost otherwise.
///
/// ```
/// use std::time::Duration;
///
/// # use tracing_subscriber::Registry;
/// let layer = llm_trace::layer::<Registry>().with_call_hook(|call| println!("{}: {:?}", call.name(), call.cost()));
/// let hooks = layer.call_hooks();
/// // … the program …
/// if !hooks.flush(Duration::from_secs(5)) || hooks.dropped() > 0 {
///     eprintln!("{} calls processed, {} queued", hooks.handed_over(), hooks.waiting());
///     eprintln!("{} calls dropped, {} without content", hooks.dropped(), hooks.content_dropped());
/// }
/// ```
#[derive(Clone, Debug, Default)]
pub struct CallHooks(Arc<Mutex<Vec<Arc<Hook>>>>);

impl CallHooks {
    /// Waits until every finished call is passed to its closures, at most for `limit`. Returns whether this succeeded.
    ///
    /// Blocks the calling thread; no runtime is needed. Inside a closure of `with_call_hook`, it returns `false` at
    /// once.
    pub fn flush(&self, limit: Duration) -> bool {
        let now = Instant::now();
        // If the clock cannot represent the time, some days are long enough.
        let end = now.checked_add(limit).unwrap_or_else(|| now + Duration::from_secs(1 << 18));
        // All hooks are flushed, even if one of them times out.
        self.hooks().iter().filter(|hook| !hook.flush(end)).count() == 0
    }

    /// The number of calls in queues, including the ones being processed.
    pub fn waiting(&self) -> u64 {
        self.sum(|counts| counts.waiting)
    }

    /// The number of calls that closures have processed.
    pub fn handed_over(&self) -> u64 {
        self.sum(|counts| counts.handed_over)
    }

    /// The number of calls that closures missed, because their queue was full or they panicked.
    pub fn dropped(&self) -> u64 {
        self.sum(|counts| counts.queue_full + counts.panicked)
    }

    /// The number of calls that were passed without their content, because the queue exceeded its size limit.
    pub fn content_dropped(&self) -> u64 {
        self.sum(|counts| counts.content_dropped)
    }

    pub(crate) fn queue_full(&self) -> u64 {
        self.sum(|counts| counts.queue_full)
    }

    pub(crate) fn panicked(&self) -> u64 {
        self.sum(|counts| counts.panicked)
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
