//! The state machine of a queue: pure transitions without locks, clocks or I/O, so that tests can explore every order
//! of events.

use std::collections::VecDeque;
use std::time::Instant;

use opentelemetry_sdk::Resource;

use crate::export::counters::{Admission, Offer, QueueState};
use crate::export::limits::Limits;

/// A request to the worker. `D` notifies the thread that waits for its completion.
#[derive(Clone, Debug)]
pub(super) enum Order<D> {
    Flush(D),
    Shutdown(D),
    Resource(Box<Resource>),
}

/// The worker's next task.
#[derive(Debug)]
pub(super) enum Step<R, D> {
    Export(Vec<R>),
    /// Run the exporter's upkeep, which is due.
    Upkeep,
    Resource(Box<Resource>),
    /// A flush is complete.
    Flushed(D),
    /// Stop, and notify the thread that waits for the shutdown.
    End(Option<D>),
    /// Wait until this time, or until something changes.
    Wait(Option<Instant>),
}

/// A queue with its pending orders. The number and the bytes of its records are counted in a [`QueueState`].
#[derive(Clone, Debug)]
pub(super) struct QueueMachine<R, D> {
    records: VecDeque<(R, usize)>,
    bytes: usize,
    /// The time when the oldest of these records was queued.
    since: Option<Instant>,
    /// The number of records that were ever queued, and of those taken out again.
    queued: u64,
    taken: u64,
    /// Each with the value of `queued` when it was given.
    orders: VecDeque<(Order<D>, u64)>,
    /// The last step was upkeep. Then records that are due come first, even if upkeep is always due.
    had_upkeep: bool,
    /// The processor was dropped, so no record can be pushed.
    detached: bool,
    /// The worker has ended.
    ended: bool,
}

impl<R, D> Default for QueueMachine<R, D> {
    fn default() -> Self {
        Self {
            records: VecDeque::new(),
            bytes: 0,
            since: None,
            queued: 0,
            taken: 0,
            orders: VecDeque::new(),
            had_upkeep: false,
            detached: false,
            ended: false,
        }
    }
}

impl<R, D> QueueMachine<R, D> {
    /// Queues a record. Returns whether the worker must be woken, or the record if it was not admitted.
    pub(super) fn offer(
        &mut self,
        counts: &mut QueueState,
        (offer, record, size): (Offer, R, usize),
        now: Instant,
        limits: &Limits,
    ) -> Result<bool, (Admission, R)> {
        match counts.admit(offer, size, limits) {
            Admission::Queued => {}
            refused => return Err((refused, record)),
        }
        let (first, was_batch) = (self.records.is_empty(), self.is_batch(limits));
        self.since.get_or_insert(now);
        self.records.push_back((record, size));
        self.bytes = self.bytes.saturating_add(size);
        self.queued = self.queued.saturating_add(1);
        Ok(first || (!was_batch && self.is_batch(limits)))
    }

    /// Adds an order, unless the worker has ended: then the order is dropped, which notifies the waiting thread.
    pub(super) fn order(&mut self, order: Order<D>) {
        if !self.ended {
            self.orders.push_back((order, self.queued));
        }
    }

    /// Marks the processor as dropped: the worker exports the remaining records and ends.
    pub(super) fn detach(&mut self) {
        self.detached = true;
    }

    /// The worker's next task. `upkeep` is the time when upkeep is due; `is_over` ends a shutdown before all records
    /// are exported.
    pub(super) fn step(
        &mut self,
        counts: &mut QueueState,
        now: Instant,
        upkeep: Option<Instant>,
        is_over: bool,
        limits: &Limits,
    ) -> Step<R, D> {
        if is_over && let Some(done) = self.take_shutdown() {
            return Step::End(Some(done));
        }
        match self.orders.front() {
            Some((Order::Flush(_), until)) if self.taken < *until => return self.export(counts, now, limits),
            Some((Order::Shutdown(_), _)) if !self.records.is_empty() => return self.export(counts, now, limits),
            _ => {}
        }
        match self.orders.pop_front() {
            Some((Order::Flush(done), _)) => return Step::Flushed(done),
            Some((Order::Shutdown(done), _)) => return Step::End(Some(done)),
            Some((Order::Resource(resource), _)) => return Step::Resource(resource),
            None => {}
        }
        if self.detached || self.ended {
            return if self.records.is_empty() { Step::End(None) } else { self.export(counts, now, limits) };
        }
        let due = self.since.and_then(|since| since.checked_add(limits.delay));
        let is_due = self.is_batch(limits) || due.is_some_and(|due| due <= now);
        if upkeep.is_some_and(|upkeep| upkeep <= now) && !(is_due && self.had_upkeep) {
            self.had_upkeep = true;
            return Step::Upkeep;
        }
        if is_due {
            return self.export(counts, now, limits);
        }
        Step::Wait(due.into_iter().chain(upkeep).min())
    }

    /// Marks the worker as ended, and removes the remaining records and orders.
    pub(super) fn end(&mut self, counts: &mut QueueState) -> Self {
        counts.close();
        counts.abandon();
        std::mem::replace(self, Self { ended: true, ..Self::default() })
    }

    fn is_batch(&self, limits: &Limits) -> bool {
        self.records.len() >= limits.batch_records || self.bytes >= limits.batch_bytes
    }

    fn take_shutdown(&mut self) -> Option<D> {
        let at = self.orders.iter().position(|(order, _)| matches!(order, Order::Shutdown(_)))?;
        match self.orders.remove(at) {
            Some((Order::Shutdown(done), _)) => Some(done),
            _ => None,
        }
    }

    /// Takes records that fit into one request, at least one.
    fn export(&mut self, counts: &mut QueueState, now: Instant, limits: &Limits) -> Step<R, D> {
        let (mut batch, mut bytes) = (Vec::new(), 0_usize);
        while let Some((_, size)) = self.records.front() {
            let larger = bytes.saturating_add(*size);
            if !batch.is_empty() && (batch.len() >= limits.batch_records || larger > limits.batch_bytes) {
                break;
            }
            bytes = larger;
            batch.extend(self.records.pop_front().map(|(record, _)| record));
        }
        self.had_upkeep = false;
        self.bytes = self.bytes.saturating_sub(bytes);
        self.taken = self.taken.saturating_add(batch.len() as u64);
        self.since = (!self.records.is_empty()).then_some(now);
        counts.begin_export(batch.len(), bytes);
        Step::Export(batch)
    }
}
