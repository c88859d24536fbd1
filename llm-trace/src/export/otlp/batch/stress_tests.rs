//! The queue and its worker on real threads, with yields at every lock and notification.

#![allow(clippy::duplicate_mod, reason = "the same code with other locks")]

mod sync {
    use std::cell::Cell;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::sync::{LockResult, WaitTimeoutResult};
    use std::time::Duration;

    pub(super) use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
    pub(super) use std::sync::{Arc, MutexGuard, PoisonError};
    pub(super) use std::thread::{JoinHandle, spawn};

    /// Yields up to three times, by a random sequence of this thread.
    pub(super) fn yield_now() {
        static SEED: AtomicU64 = AtomicU64::new(1);
        thread_local! {
            static RANDOM: Cell<u64> =
                Cell::new(SEED.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        }
        let random = RANDOM.with(|random| {
            let mut next = random.get();
            next ^= next << 13;
            next ^= next >> 7;
            next ^= next << 17;
            random.replace(next)
        });
        (0..random % 4).for_each(|_| std::thread::yield_now());
    }

    #[derive(Debug, Default)]
    pub(super) struct Mutex<T>(std::sync::Mutex<T>);

    impl<T> Mutex<T> {
        pub(super) fn new(value: T) -> Self {
            Self(std::sync::Mutex::new(value))
        }

        pub(super) fn lock(&self) -> LockResult<MutexGuard<'_, T>> {
            yield_now();
            let guard = self.0.lock();
            yield_now();
            guard
        }
    }

    #[derive(Debug, Default)]
    pub(super) struct Condvar(std::sync::Condvar);

    impl Condvar {
        pub(super) fn new() -> Self {
            Self::default()
        }

        pub(super) fn wait<'a, T>(&self, guard: MutexGuard<'a, T>) -> LockResult<MutexGuard<'a, T>> {
            yield_now();
            self.0.wait(guard)
        }

        pub(super) fn wait_timeout<'a, T>(
            &self,
            guard: MutexGuard<'a, T>,
            limit: Duration,
        ) -> LockResult<(MutexGuard<'a, T>, WaitTimeoutResult)> {
            yield_now();
            self.0.wait_timeout(guard, limit)
        }

        pub(super) fn notify_one(&self) {
            yield_now();
            self.0.notify_one();
        }
    }
}

use super::record;

#[path = "machine.rs"]
mod machine;
#[path = "queue.rs"]
mod queue;
#[path = "scenario_tests.rs"]
mod scenario;
#[allow(dead_code, reason = "the processor is not part of it")]
#[path = "worker.rs"]
mod worker;

#[test]
fn real_threads_with_yields_keep_all_records() {
    for _ in 0..200 {
        scenario::records_flushes_and_a_shutdown();
        scenario::a_flush_covers_what_came_before_it();
        scenario::a_full_batch_wakes_and_a_dropped_processor_ends();
        scenario::panics_end_no_worker_and_lose_one_batch();
    }
}
