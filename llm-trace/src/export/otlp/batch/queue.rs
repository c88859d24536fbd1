//! The queue between the program and the exporting thread. Pushing a record only blocks on a short lock.

use std::time::{Duration, Instant};

use super::machine::{Order, QueueMachine, Step};
use super::record::Record;
use super::sync::{Condvar, Mutex, MutexGuard, PoisonError, RecvTimeoutError, SyncSender, sync_channel};
use crate::diag;
use crate::export::counters::{Admission, ExportCounters, Offer};
use crate::export::limits::Limits;

/// Notifies the thread that waits for an order.
pub(super) type Done = SyncSender<()>;

/// Why an order was not completed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Incomplete {
    Timeout,
    /// The worker has ended.
    Ended,
}

/// A [`QueueMachine`] shared by the program and its worker.
pub(super) struct Queue<R> {
    machine: Mutex<QueueMachine<R, Done>>,
    changed: Condvar,
    limits: Limits,
    counters: ExportCounters,
}

impl<R: Record> Queue<R> {
    pub(super) fn new(limits: Limits, counters: ExportCounters) -> Self {
        Self { machine: Mutex::new(QueueMachine::default()), changed: Condvar::new(), limits, counters }
    }

    fn lock(&self) -> MutexGuard<'_, QueueMachine<R, Done>> {
        self.machine.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues a record, without its content if necessary, or counts it as dropped.
    pub(super) fn push(&self, record: R) {
        let mut result = self.offer(Offer::Whole, record);
        if let Err((Admission::TooManyBytes, mut record)) = result {
            let offer = if record.drop_content() { Offer::WithoutContent } else { Offer::Last };
            result = self.offer(offer, record);
            if offer == Offer::WithoutContent && result.is_ok() {
                let text = format!("too many bytes are queued: {} are exported without their content", R::RECORDS);
                diag::warn_rarely("content-dropped", &text);
            }
        }
        if let Err((Admission::QueueFull, _)) = result {
            diag::warn_rarely("queue-full", &format!("too many {} are queued: new ones are dropped", R::RECORDS));
        }
    }

    fn offer(&self, offer: Offer, record: R) -> Result<(), (Admission, R)> {
        let size = record.size();
        let mut machine = self.lock();
        // Admits and queues under one lock, so that a closed queue receives no more records.
        let wakes = machine.offer(&mut self.counters.lock(), (offer, record, size), Instant::now(), &self.limits)?;
        drop(machine);
        if wakes {
            self.changed.notify_one();
        }
        Ok(())
    }

    /// Waits for the next task of the worker. `upkeep` is the time when upkeep is due.
    pub(super) fn next(&self, upkeep: Option<Instant>, is_over: impl Fn() -> bool) -> Step<R, Done> {
        let mut machine = self.lock();
        loop {
            let (now, is_over) = (Instant::now(), is_over());
            let step = machine.step(&mut self.counters.lock(), now, upkeep, is_over, &self.limits);
            machine = match step {
                Step::Wait(None) => self.changed.wait(machine).unwrap_or_else(PoisonError::into_inner),
                Step::Wait(Some(until)) => {
                    let left = until.saturating_duration_since(now);
                    self.changed.wait_timeout(machine, left).unwrap_or_else(PoisonError::into_inner).0
                }
                step => return step,
            };
        }
    }

    /// Counts the records of the last batch that have no outcome as failed, and releases its bytes.
    pub(super) fn end_export(&self) {
        self.counters.lock().end_export();
    }

    /// Counts a failure of the worker, which starts again.
    pub(super) fn restart(&self) {
        self.counters.lock().restart();
    }

    /// Closes the queue: later records are counted as dropped by the shutdown.
    pub(super) fn close(&self) {
        let _machine = self.lock();
        self.counters.lock().close();
    }

    /// Marks the worker as ended, and drops the remaining records and orders.
    pub(super) fn end(&self) {
        let mut machine = self.lock();
        let left = machine.end(&mut self.counters.lock());
        drop(machine);
        drop(left);
    }

    /// Gives an order to the worker and waits for its completion.
    pub(super) fn request(&self, limit: Duration, order: impl FnOnce(Done) -> Order<Done>) -> Result<(), Incomplete> {
        let (done, completed) = sync_channel(1);
        self.order(order(done));
        completed.recv_timeout(limit).map_err(|error| match error {
            RecvTimeoutError::Timeout => Incomplete::Timeout,
            RecvTimeoutError::Disconnected => Incomplete::Ended,
        })
    }

    /// Gives an order to the worker.
    pub(super) fn order(&self, order: Order<Done>) {
        self.lock().order(order);
        self.changed.notify_one();
    }

    /// Marks the processor as dropped: the worker exports the remaining records and ends.
    pub(super) fn detach(&self) {
        self.lock().detach();
        self.changed.notify_one();
    }
}
