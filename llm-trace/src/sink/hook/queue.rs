//! The bounded queue between calls and a closure, and the thread that empties it.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::finished_call::FinishedCall;
use crate::diag;
use crate::process::Process;
use crate::user_code::{self, UserCode};

/// Maximum number of queued calls.
const MOST_CALLS: usize = 4096;

/// Maximum size of queued calls, in bytes. Content is dropped first.
const MOST_BYTES: usize = 32 << 20;

type Closure = Box<dyn FnMut(&FinishedCall) + Send>;

/// A closure with its queue. Its thread ends when the last handle is dropped and the queue is empty.
pub(crate) struct Hook(Arc<Queue>);

struct Queue {
    state: Mutex<State>,
    /// Signals that there is work.
    work: Condvar,
    /// Signals that a call was processed.
    done: Condvar,
    /// Locked only by the running thread of the queue, so a blocked closure blocks nothing else.
    closure: Mutex<Closure>,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<(Arc<FinishedCall>, usize)>,
    /// Size of the queued calls and the one being processed.
    bytes: usize,
    counts: Counts,
    /// The number of calls that nobody needs to wait for: processed, or left to the parent process.
    settled: u64,
    /// The number of threads in `flush`.
    flushing: usize,
    /// The queue's thread is waiting for work.
    idle: bool,
    /// The process that runs the queue's thread. A forked child has none of its parent's threads.
    process: Option<Process>,
    ended: bool,
}

/// Counts of calls by result.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    /// The calls in the queue, including the one being processed.
    pub(crate) waiting: u64,
    pub(crate) handed_over: u64,
    pub(crate) queue_full: u64,
    pub(crate) panicked: u64,
    /// Passed without their content.
    pub(crate) content_dropped: u64,
    taken: u64,
}

impl std::fmt::Debug for Hook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hook").field("counts", &self.counts()).finish()
    }
}

impl Drop for Hook {
    fn drop(&mut self) {
        self.0.lock().ended = true;
        self.0.work.notify_one();
    }
}

impl Hook {
    pub(crate) fn new(closure: impl FnMut(&FinishedCall) + Send + 'static) -> Self {
        Self(Arc::new(Queue {
            state: Mutex::default(),
            work: Condvar::new(),
            done: Condvar::new(),
            closure: Mutex::new(Box::new(closure)),
        }))
    }

    /// Queues a call, without its content if necessary, or counts it as dropped. It only takes a short lock.
    pub(crate) fn push(&self, mut call: Arc<FinishedCall>) {
        let queue = &self.0;
        let mut state = queue.lock();
        state.start_thread(queue);
        let mut size = call.size();
        if !state.has_room(size) && !call.content.is_empty() && state.has_room(size - call.content_size()) {
            size -= call.content_size();
            Arc::make_mut(&mut call).content = Arc::default();
            state.counts.content_dropped += 1;
        }
        if !state.has_room(size) {
            state.counts.queue_full += 1;
            drop(state);
            diag::warn_rarely(
                "hook-full",
                "the closure of with_call_hook is too slow: its queue is full and calls are not passed to it",
            );
            return;
        }
        state.bytes += size;
        state.counts.taken += 1;
        state.waiting.push_back((call, size));
        let wakes = std::mem::take(&mut state.idle);
        drop(state);
        if wakes {
            queue.work.notify_one();
        }
    }

    /// Waits until all calls pushed before are processed, at most until `end`. Returns false on a timeout.
    pub(crate) fn flush(&self, end: Instant) -> bool {
        // On its own thread the hook would wait for itself.
        if user_code::is_running(UserCode::Hook) {
            return false;
        }
        let mut state = self.0.lock();
        // A forked child does not wait for the call that its parent processes.
        if !state.waiting.is_empty() || state.process.is_some() {
            state.start_thread(&self.0);
        }
        let wanted = state.counts.taken;
        while state.settled < wanted {
            let left = end.saturating_duration_since(Instant::now());
            if left == Duration::ZERO {
                return false;
            }
            state.flushing += 1;
            state = self.0.done.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
            state.flushing -= 1;
        }
        true
    }

    /// Simulates a forked child as far as possible in one process.
    #[cfg(test)]
    pub(super) fn start_as_in_child(&self) {
        self.0.lock().process = Some(Process::other());
    }

    pub(crate) fn counts(&self) -> Counts {
        let state = self.0.lock();
        Counts { waiting: state.counts.taken.saturating_sub(state.settled), ..state.counts }
    }
}

impl State {
    fn has_room(&self, size: usize) -> bool {
        self.waiting.len() < MOST_CALLS && self.bytes.saturating_add(size) <= MOST_BYTES
    }

    /// Starts the thread if this process has none: for the first call, or the first one after a fork.
    fn start_thread(&mut self, queue: &Arc<Queue>) {
        let here = Process::current();
        if self.process == Some(here) {
            return;
        }
        if self.process.is_some() {
            // These calls belong to the parent process, which processes them.
            self.waiting.clear();
            self.bytes = 0;
            self.settled = self.counts.taken;
        }
        let queue = Arc::clone(queue);
        let started = crate::threads::spawn("hook", Box::new(move || queue.run()));
        // Without a thread the queue fills up, and the next call tries again.
        self.process = started.ok().map(|_| here);
    }
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self) {
        loop {
            let mut state = self.lock();
            while state.waiting.is_empty() && !state.ended {
                state.idle = true;
                state = self.work.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            state.idle = false;
            let Some((call, size)) = state.waiting.pop_front() else { return };
            drop(state);
            let mut closure = self.closure.lock().unwrap_or_else(PoisonError::into_inner);
            let handed = user_code::run(UserCode::Hook, || closure(&call));
            drop((closure, call));
            let mut state = self.lock();
            state.bytes = state.bytes.saturating_sub(size);
            state.settled += 1;
            match handed {
                Some(()) => state.counts.handed_over += 1,
                None => state.counts.panicked += 1,
            }
            let awaited = state.flushing > 0;
            drop(state);
            if awaited {
                self.done.notify_all();
            }
        }
    }
}
