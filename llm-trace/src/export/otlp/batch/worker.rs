//! The exporting thread: exports batches and executes orders.

use std::time::Duration;

use opentelemetry_sdk::Resource;

use super::machine::Step;
use super::queue::{Done, Queue};
use super::record::Record;
use super::sync::Arc;
use crate::export::otlp::recovery::{PAUSE, survive};
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

    /// Works until the shutdown. A panic ends neither the thread nor its orders: the batch that was being exported is
    /// counted as failed, and the work starts again.
    pub(super) fn run(mut self) {
        let thread = format!("the thread that exports {}", R::RECORDS);
        let done = loop {
            match survive(&thread, || self.work()) {
                Some(done) => break done,
                None => {
                    self.queue.restart();
                    self.deadline.wait(PAUSE);
                }
            }
        };
        self.queue.end();
        let _ = survive(&thread, || self.upkeep.close());
        // Drops the exporter and its resources before the waiting thread is notified.
        let _ = survive(&thread, || drop(self));
        if let Some(done) = done {
            let _ = done.try_send(());
        }
    }

    /// Returns when the worker must end.
    fn work(&mut self) -> Option<Done> {
        loop {
            let is_over = || self.deadline.is_over() && !self.upkeep.writes_to_disk();
            match self.queue.next(self.upkeep.wake_in().map(deadline), is_over) {
                Step::Export(batch) => {
                    self.exporter.export(batch);
                    self.queue.end_export();
                }
                Step::Upkeep => self.upkeep.run(),
                Step::Resource(resource) => self.exporter.set_resource(&resource),
                Step::Flushed(done) => drop(done.try_send(())),
                Step::End(done) => return done,
                Step::Wait(_) => {}
            }
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
