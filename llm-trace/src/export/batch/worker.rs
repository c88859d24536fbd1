//! The exporting thread: it takes a batch, hands it on, and does what it is ordered to.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use opentelemetry_sdk::Resource;

use super::queue::{Order, Queue, Work};
use super::record::Record;
use crate::diag;
use crate::export::quiet::Quiet;
use crate::export::shutdown_deadline::{ShutdownDeadline, deadline};

/// Sends batches of one kind of record, and settles each record with the counters.
pub(crate) trait BatchExporter<R>: Send + 'static {
    fn export(&self, batch: Vec<R>);

    fn set_resource(&mut self, resource: &Resource);
}

/// What an exporter does between batches.
pub(crate) trait Upkeep: Send + 'static {
    /// When [`run`](Self::run) wants to be called, if at all.
    fn wake_in(&self) -> Option<Duration> {
        None
    }

    fn run(&self) {}

    /// Whether batches are handed over also when there is no more time for the network.
    fn writes_to_disk(&self) -> bool {
        false
    }

    /// Nothing comes any more.
    fn close(&self) {}
}

impl Upkeep for () {}

pub(super) struct Worker<R: Record, E> {
    exporter: E,
    upkeep: Box<dyn Upkeep>,
    queue: Arc<Queue<R>>,
    deadline: ShutdownDeadline,
}

impl<R: Record, E: BatchExporter<R>> Worker<R, E> {
    pub(super) fn new(exporter: E, upkeep: impl Upkeep, queue: Arc<Queue<R>>, deadline: ShutdownDeadline) -> Self {
        Self { exporter, upkeep: Box::new(upkeep), queue, deadline }
    }

    pub(super) fn run(mut self) {
        let _quiet = Quiet::here();
        loop {
            let idle = self.upkeep.wake_in().map(deadline);
            match self.queue.next(idle) {
                Work::Export => drop(self.export(usize::MAX)),
                Work::Idle => {
                    self.guarded("its upkeep", || self.upkeep.run());
                    // However much there is to do between batches, they go on.
                    if self.queue.has_batch() {
                        self.export(usize::MAX);
                    }
                }
                Work::End => return self.upkeep.close(),
                Work::Obey(Order::Resource(resource)) => self.exporter.set_resource(&resource),
                Work::Obey(Order::Flush(done)) => {
                    self.flush();
                    let _ = done.try_send(());
                }
                Work::Obey(Order::Shutdown(done)) => {
                    self.finish();
                    // First the exporter is dropped, and with it what it holds: whoever waits may want it.
                    drop(self);
                    let _ = done.try_send(());
                    return;
                }
            }
        }
    }

    /// Sends what is queued now; what comes meanwhile waits for its turn.
    fn flush(&self) {
        let mut left = self.queue.len();
        while left > 0 {
            match self.export(left) {
                0 => return,
                sent => left -= sent,
            }
        }
    }

    /// Sends all there is, as far as there is time. The queue is closed, so it comes to an end.
    fn finish(&self) {
        while (!self.deadline.is_over() || self.upkeep.writes_to_disk()) && self.export(usize::MAX) > 0 {}
        self.queue.end();
        self.upkeep.close();
    }

    /// Sends one batch of at most so many records. Returns how many there were.
    fn export(&self, most: usize) -> usize {
        let batch = self.queue.take(most);
        let count = batch.records.len();
        if count > 0 {
            self.guarded("an export", || self.exporter.export(batch.records));
            self.queue.counters.lock().end_export(batch.bytes);
        }
        count
    }

    /// Code that panics must not take the thread with it, nor the counts.
    fn guarded(&self, work: &str, run: impl FnOnce()) {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(run)) {
            // What a panic carries may panic when it is dropped.
            let _ = catch_unwind(AssertUnwindSafe(|| drop(panic)));
            diag::warn_rarely("export-panic", &format!("{work} of {} panicked: they are lost", R::RECORDS));
        }
    }
}

/// However the thread ends, nobody waits for it.
impl<R: Record, E> Drop for Worker<R, E> {
    fn drop(&mut self) {
        self.queue.end();
    }
}

/// How long a flush may take.
pub(super) const FLUSH_LIMIT: Duration = Duration::from_secs(5);
