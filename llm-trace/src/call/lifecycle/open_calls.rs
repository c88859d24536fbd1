//! The registry of open calls, so that a shutdown can end them.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use crate::cache_padded::CachePadded;

/// The open calls of one layer.
///
/// The guard of [`init`](crate::export::init) ends them. With your own provider, end them before you shut it down,
/// because the SDK drops spans that end later.
///
/// ```
/// # use opentelemetry_sdk::trace::SdkTracerProvider;
/// # use tracing_subscriber::Registry;
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let provider = SdkTracerProvider::builder().build();
/// let layer = llm_trace::layer::<Registry>().with_tracer_provider(&provider);
/// let open = layer.open_calls();
/// // … the program …
/// open.finish();
/// provider.shutdown()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct OpenCalls(Arc<Shards>);

const SHARDS: usize = 16;

/// Sharded, so that callers do not share one lock.
#[derive(Debug, Default)]
struct Shards {
    shards: [CachePadded<Mutex<Shard>>; SHARDS],
}

thread_local! {
    /// The shard for calls of this thread.
    static THREAD_SHARD: usize = {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        NEXT.fetch_add(1, Ordering::Relaxed) % SHARDS
    };
}

/// A call that a shutdown can end.
pub(crate) trait OpenCall: fmt::Debug + Send + Sync {
    /// Whether it was merged into an outer call.
    fn is_nested(&self) -> bool;

    /// Ends it with the facts known so far.
    fn finish_early(&self);
}

type Shard = Table<Weak<dyn OpenCall>>;

/// Entries in reusable slots. It is independent of locks and threads, so that its tests can try every order of steps.
#[derive(Debug)]
struct Table<T> {
    slots: Vec<Option<T>>,
    free: Vec<usize>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { slots: Vec::new(), free: Vec::new() }
    }
}

impl<T> Table<T> {
    fn insert(&mut self, entry: T) -> usize {
        match self.free.pop() {
            Some(slot) => {
                self.slots[slot] = Some(entry);
                slot
            }
            None => {
                self.slots.push(Some(entry));
                self.slots.len() - 1
            }
        }
    }

    /// Removes an entry. Returns `None` the second time.
    fn remove(&mut self, slot: usize) -> Option<T> {
        let entry = self.slots.get_mut(slot)?.take()?;
        self.free.push(slot);
        Some(entry)
    }

    fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    fn entries(&self) -> impl Iterator<Item = &T> {
        self.slots.iter().flatten()
    }
}

/// The slot of a call in its shard.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OpenCallSlot {
    shard: usize,
    slot: usize,
}

impl OpenCalls {
    /// The number of open calls.
    pub fn len(&self) -> usize {
        self.0.shards.iter().map(lock).map(|shard| shard.len()).sum()
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

    /// Ends all open calls with the outcome [`Unfinished`](crate::Outcome::Unfinished) and the facts known so far.
    /// Returns their number.
    pub fn finish(&self) -> usize {
        let shards = self.0.shards.iter();
        let calls = shards.flat_map(|shard| lock(shard).entries().filter_map(Weak::upgrade).collect::<Vec<_>>());
        // Nested calls must end first, because they report to their outer calls.
        let (nested, outer): (Vec<_>, Vec<_>) = calls.partition(|call| call.is_nested());
        nested.iter().chain(&outer).for_each(|call| call.finish_early());
        nested.len() + outer.len()
    }

    /// Adds a call. The slot is stored before the call is visible, because the thread that ends it removes it.
    pub(crate) fn insert(&self, call: Weak<dyn OpenCall>, set_slot: impl FnOnce(OpenCallSlot)) {
        // The thread-local may be destroyed at the end of a thread.
        let shard = THREAD_SHARD.try_with(|shard| *shard).unwrap_or_default();
        let mut calls = lock(&self.0.shards[shard]);
        let slot = calls.insert(call);
        set_slot(OpenCallSlot { shard, slot });
    }

    pub(crate) fn remove(&self, slot: OpenCallSlot) {
        let removed = lock(&self.0.shards[slot.shard]).remove(slot.slot);
        drop(removed);
    }
}

fn lock(shard: &CachePadded<Mutex<Shard>>) -> MutexGuard<'_, Shard> {
    shard.0.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use shuttle::sync::{Arc, Mutex};
    use shuttle::{check_random, thread};

    use super::Table;

    /// A call as the table sees it: ended once, and removed by the thread that ends it.
    #[derive(Default)]
    struct Call {
        slot: Mutex<Option<usize>>,
        ended: Mutex<u32>,
    }

    type Open = Arc<Mutex<Table<Arc<Call>>>>;

    /// Registers a call.
    fn begin(open: &Open) -> Arc<Call> {
        let call = Arc::new(Call::default());
        let mut table = open.lock().unwrap();
        let slot = table.insert(Arc::clone(&call));
        *call.slot.lock().unwrap() = Some(slot);
        call
    }

    /// Ends a call: only the first end counts, and it removes the call.
    fn end(open: &Open, call: &Call) {
        let mut ended = call.ended.lock().unwrap();
        *ended += 1;
        if *ended > 1 {
            return;
        }
        drop(ended);
        let slot = call.slot.lock().unwrap().expect("a call that can be found has a slot");
        drop(open.lock().unwrap().remove(slot));
    }

    #[test]
    fn whoever_ends_a_call_it_is_removed_once_and_none_is_left() {
        check_random(
            || {
                let open = Open::default();
                let callers: Vec<_> = (0..3)
                    .map(|_| {
                        let open = open.clone();
                        thread::spawn(move || {
                            for _ in 0..2 {
                                let call = begin(&open);
                                thread::yield_now();
                                end(&open, &call);
                            }
                        })
                    })
                    .collect();
                // A concurrent shutdown.
                let found: Vec<_> = open.lock().unwrap().entries().cloned().collect();
                found.iter().for_each(|call| end(&open, call));
                callers.into_iter().for_each(|caller| caller.join().unwrap());
                let table = open.lock().unwrap();
                assert_eq!((table.len(), table.entries().count()), (0, 0));
                // Calls that the shutdown is about to remove still hold their slots.
                assert!(table.slots.len() <= 6, "slots are used again");
            },
            2000,
        );
    }
}
