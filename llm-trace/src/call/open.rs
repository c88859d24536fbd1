//! Calls that have not ended, so that a shutdown can end them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::live::Live;
use crate::apart::Apart;

/// The open calls of one layer.
///
/// [`init`](crate::init)'s guard ends them by itself. With a provider of your own, end them
/// before you shut it down: a span that ends later is dropped by the SDK.
///
/// ```
/// # use opentelemetry_sdk::trace::SdkTracerProvider;
/// # use tracing_subscriber::Registry;
/// # let provider = SdkTracerProvider::builder().build();
/// let layer = llm_trace::layer::<Registry>().with_tracer_provider(&provider);
/// let open = layer.open_calls();
/// // … the program …
/// open.finish();
/// let _ = provider.shutdown();
/// ```
#[derive(Clone, Debug, Default)]
pub struct OpenCalls(Arc<Shards>);

const SHARDS: usize = 16;

/// Sharded, so that no lock is shared by all callers.
#[derive(Debug, Default)]
struct Shards {
    shards: [Apart<Mutex<Shard>>; SHARDS],
}

thread_local! {
    /// The shard of this thread's calls.
    static HERE: usize = {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        NEXT.fetch_add(1, Ordering::Relaxed) % SHARDS
    };
}

#[derive(Debug, Default)]
struct Shard {
    calls: Vec<Option<Weak<Live>>>,
    free: Vec<usize>,
}

/// Where a call stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slot {
    shard: usize,
    at: usize,
}

impl OpenCalls {
    /// How many calls have begun and not ended.
    pub fn len(&self) -> usize {
        self.0.shards.iter().map(lock).map(|shard| shard.calls.len() - shard.free.len()).sum()
    }

    /// Whether every call has ended.
    ///
    /// ```
    /// let open = llm_trace::layer::<tracing_subscriber::Registry>().open_calls();
    /// assert!(open.is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Ends all open calls, with outcome [`Unfinished`](crate::Outcome::Unfinished) and what is
    /// known of them. Returns how many there were.
    pub fn finish(&self) -> usize {
        let shards = self.0.shards.iter();
        let mut calls: Vec<_> = shards
            .flat_map(|shard| lock(shard).calls.iter().flatten().filter_map(Weak::upgrade).collect::<Vec<_>>())
            .collect();
        // What a call is told by those inside of it must be told before it ends.
        calls.sort_by_key(|call| call.outer().is_none());
        calls.iter().for_each(|call| call.end_unfinished());
        calls.len()
    }

    pub(crate) fn insert(&self, call: Weak<Live>) -> Slot {
        // At the end of a thread its number may be gone.
        let shard = HERE.try_with(|shard| *shard).unwrap_or_default();
        let mut calls = lock(&self.0.shards[shard]);
        let at = match calls.free.pop() {
            Some(at) => {
                calls.calls[at] = Some(call);
                at
            }
            None => {
                calls.calls.push(Some(call));
                calls.calls.len() - 1
            }
        };
        Slot { shard, at }
    }

    pub(crate) fn remove(&self, slot: Slot) {
        let mut calls = lock(&self.0.shards[slot.shard]);
        if calls.calls[slot.at].take().is_some() {
            calls.free.push(slot.at);
        }
    }
}

fn lock(shard: &Apart<Mutex<Shard>>) -> MutexGuard<'_, Shard> {
    shard.0.lock().unwrap_or_else(PoisonError::into_inner)
}
