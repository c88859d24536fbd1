//! The exporting thread: exports batches and executes orders.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use opentelemetry_sdk::Resource;

use super::queue::{Order, Queue, Work};
use super::record::Record;
use crate::diag;
use crate::export::quiet::Quiet;
use crate::export::shutdown_deadline::{ShutdownDeadline, deadline};

/// Exports batches of one kind of record, and counts the outcome of each record.
pub(crate) trait BatchExporter<R>: Send + 'static {
    fn export(&self, batch: Vec<R>);

    fn set_resource(&mut self, resource: &Resource);
}

/// The work of an exporter between batches.
pub(crate) trait Upkeep: Send + 'static {
    /// The time until [`run`](Self::run) is due; `None` if it is not needed.
    fn wake_in(&self) -> Option<Duration> {
        None
    }

    fn run(&self) {}

    /// Whether the exporter takes batches after the shutdown deadline, because it writes them to disk.
    fn writes_to_disk(&self) -> bool {
        false
    }

    /// Called after the last batch.
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
                    // Batches are exported even if upkeep is always due.
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
                    // Drops the exporter and its resources before waiting threads are notified.
                    drop(self);
                    let _ = done.try_send(());
                    return;
                }
            }
        }
    }

    /// Exports the records that are queued now, but not later ones.
    fn flush(&self) {
        let mut left = self.queue.len();
        while left > 0 {
            match self.export(left) {
                0 => return,
                sent => left -= sent,
            }
        }
    }

    /// Exports all remaining records until the deadline. The queue is closed, so this terminates.
    fn finish(&self) {
        while (!self.deadline.is_over() || self.upkeep.writes_to_disk()) && self.export(usize::MAX) > 0 {}
        self.queue.end();
        self.upkeep.close();
    }

    /// Exports one batch of up to `most` records. Returns the number of records.
    fn export(&self, most: usize) -> usize {
        let batch = self.queue.take(most);
        let count = batch.records.len();
        if count > 0 {
            self.guarded("an export", || self.exporter.export(batch.records));
            self.queue.counters.lock().end_export(batch.bytes);
        }
        count
    }

    /// Catches panics, so that the thread and its counts survive.
    fn guarded(&self, work: &str, run: impl FnOnce()) {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(run)) {
            // A panic payload can panic when dropped.
            let _ = catch_unwind(AssertUnwindSafe(|| drop(panic)));
            diag::warn_rarely("export-panic", &format!("{work} of {} panicked: they were dropped", R::RECORDS));
        }
    }
}

/// Notifies waiting threads however the worker's thread ends.
impl<R: Record, E> Drop for Worker<R, E> {
    fn drop(&mut self) {
        self.queue.end();
    }
}

/// The time limit of a flush.
pub(super) const FLUSH_LIMIT: Duration = Duration::from_secs(5);
