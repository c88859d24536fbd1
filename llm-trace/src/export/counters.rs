//! The export counts of one signal for one destination.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::export_operation::{ExportOperation, OperationDurations};
use super::limits::Limits;
use super::record_outcome::RecordOutcome;
use super::stats::SignalStats;
use crate::diag;
use crate::process::PerProcess;

/// An attempt to queue a record.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) enum Offer {
    Whole,
    /// A second attempt, after its content was dropped.
    WithoutContent,
    /// A last attempt of a record without content to drop.
    Last,
}

/// The result of an attempt to queue a record.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) enum Admission {
    Queued,
    /// The byte limit is exceeded: the record can be offered again when it is smaller.
    TooManyBytes,
    QueueFull,
    Closed,
}

/// The state of all records of one queue. It is a value without locks, clocks or I/O, so that tests can explore every
/// order of events.
///
/// Every record offered is at any time either queued, exporting, or counted with one outcome.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub(crate) struct QueueState {
    queued: usize,
    exporting: usize,
    /// The bytes of all queued and exporting records.
    bytes: usize,
    exporting_bytes: usize,
    closed: bool,
    counts: SignalStats,
}

impl QueueState {
    /// Tries to queue a record of this size.
    pub(crate) fn admit(&mut self, offer: Offer, size: usize, limits: &Limits) -> Admission {
        if self.closed {
            add(&mut self.counts.shutdown, 1);
            return Admission::Closed;
        }
        let bytes = self.bytes.saturating_add(size);
        let full = self.queued.saturating_add(self.exporting) >= limits.queue_records;
        if !full && bytes > limits.queue_bytes && offer == Offer::Whole {
            return Admission::TooManyBytes;
        }
        if full || bytes > limits.queue_bytes {
            add(&mut self.counts.queue_full, 1);
            return Admission::QueueFull;
        }
        self.queued = self.queued.saturating_add(1);
        self.bytes = bytes;
        add(&mut self.counts.content_dropped, u64::from(offer == Offer::WithoutContent));
        Admission::Queued
    }

    /// Moves records from the queue to an export.
    pub(crate) fn begin_export(&mut self, records: usize, bytes: usize) {
        let records = records.min(self.queued);
        self.queued = self.queued.saturating_sub(records);
        self.exporting = self.exporting.saturating_add(records);
        self.exporting_bytes = self.exporting_bytes.saturating_add(bytes);
    }

    /// Starts an export of records that were not queued.
    pub(crate) fn begin_unqueued(&mut self, records: usize) {
        self.exporting = self.exporting.saturating_add(records);
    }

    /// Counts the outcome of records in the running export.
    pub(crate) fn settle(&mut self, outcome: RecordOutcome, records: usize) {
        let records = records.min(self.exporting);
        self.exporting = self.exporting.saturating_sub(records);
        let count = match outcome {
            RecordOutcome::Exported => &mut self.counts.exported,
            RecordOutcome::TooLarge => &mut self.counts.too_large,
            RecordOutcome::Rejected => &mut self.counts.rejected,
            RecordOutcome::Unreachable => &mut self.counts.unreachable,
            RecordOutcome::Failed => &mut self.counts.failed,
            RecordOutcome::Spilled => &mut self.counts.spilled,
        };
        add(count, records as u64);
    }

    /// Moves records from disk to an export; an earlier process wrote the `recovered` ones.
    pub(crate) fn begin_unspill(&mut self, records: usize, recovered: bool) {
        self.leave_disk(records as u64, recovered);
        self.exporting = self.exporting.saturating_add(records);
    }

    /// Returns records from an export to disk, because they were not accepted.
    pub(crate) fn keep_on_disk(&mut self, records: usize, recovered: bool) {
        let records = records.min(self.exporting);
        self.exporting = self.exporting.saturating_sub(records);
        if recovered {
            self.counts.recovered = self.counts.recovered.saturating_sub(records as u64);
        } else {
            add(&mut self.counts.spilled, records as u64);
        }
    }

    /// Counts records that were removed from disk to make room for newer ones.
    pub(crate) fn drop_spilled(&mut self, records: u64, recovered: bool) {
        self.leave_disk(records, recovered);
        add(&mut self.counts.spill_full, records);
    }

    fn leave_disk(&mut self, records: u64, recovered: bool) {
        if recovered {
            add(&mut self.counts.recovered, records);
        } else {
            self.counts.spilled = self.counts.spilled.saturating_sub(records);
        }
    }

    /// Ends the running export and releases its bytes. Records without an outcome count as failed.
    pub(crate) fn end_export(&mut self) {
        self.settle(RecordOutcome::Failed, self.exporting);
        self.bytes = self.bytes.saturating_sub(std::mem::take(&mut self.exporting_bytes));
    }

    /// Ends the running export, because the exporting thread panicked and starts again.
    pub(crate) fn restart(&mut self) {
        self.end_export();
        add(&mut self.counts.restarts, 1);
    }

    /// Closes the queue to new records.
    pub(crate) fn close(&mut self) {
        self.closed = true;
    }

    /// Drops the queued records at the shutdown deadline.
    pub(crate) fn abandon(&mut self) {
        add(&mut self.counts.shutdown, self.queued as u64);
        self.queued = 0;
    }

    /// The counts, including records in flight.
    pub(crate) fn stats(&self) -> SignalStats {
        SignalStats { in_flight: self.queued.saturating_add(self.exporting) as u64, ..self.counts }
    }

    /// The numbers of queued and of exporting records.
    pub(crate) fn in_flight(&self) -> (usize, usize) {
        (self.queued, self.exporting)
    }
}

fn add(count: &mut u64, more: u64) {
    *count = count.saturating_add(more);
}

/// A [`QueueState`] shared by the queue, its worker and its exporter. A forked child counts from zero, because its
/// parent exports and counts the records that it had.
#[derive(Clone, Debug, Default)]
pub(crate) struct ExportCounters {
    state: Arc<PerProcess<Mutex<QueueState>>>,
    pub(crate) durations: OperationDurations,
}

impl ExportCounters {
    /// Locks the state. While it is locked, no other lock is taken and no foreign code runs.
    pub(crate) fn lock(&self) -> MutexGuard<'_, QueueState> {
        self.state.get().lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn settle(&self, outcome: RecordOutcome, records: usize) {
        self.lock().settle(outcome, records);
    }

    /// Records the duration of an operation that ends now.
    pub(crate) fn end_operation(&self, operation: &ExportOperation) {
        self.durations.record(operation);
    }

    /// Counts records that were dropped before a queue.
    pub(crate) fn queue_full(&self, records: u64) {
        add(&mut self.lock().counts.queue_full, records);
    }

    /// Counts and reports a record that ended in a forked child.
    pub(crate) fn lose_in_forked_child(&self) {
        add(&mut self.lock().counts.forked, 1);
        diag::warn_once(
            "forked",
            "spans and log records that end in a forked child are lost, because the threads that export them run in its \
             parent: call init() in the child, after the fork",
        );
    }

    /// Counts a record whose content was cut because it was too large.
    pub(crate) fn content_cut(&self) {
        add(&mut self.lock().counts.content_cut, 1);
    }

    /// Counts exported records whose file was removed because the directory was full.
    pub(crate) fn expired(&self, records: u64) {
        add(&mut self.lock().counts.expired, records);
    }

    /// Counts a request that is sent again.
    pub(crate) fn retry(&self) {
        add(&mut self.lock().counts.retries, 1);
    }

    pub(crate) fn stats(&self) -> SignalStats {
        self.lock().stats()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{Admission, Offer, QueueState, RecordOutcome};
    use crate::export::limits::Limits;

    #[derive(Clone, Copy, Debug)]
    enum Event {
        Offer(usize),
        /// The record is offered again.
        OfferAgain(usize),
        Begin(usize),
        Settle(RecordOutcome, usize),
        End,
        Close,
        Abandon,
    }

    /// A state, the number of records offered, and the bytes of the queue and of the export.
    type Explored = (QueueState, u64, Vec<usize>, usize);

    fn after((mut state, mut offered, mut sizes, mut exporting): Explored, event: Event, limits: &Limits) -> Explored {
        match event {
            Event::Offer(size) => match state.admit(Offer::Whole, size, limits) {
                Admission::Queued => {
                    offered += 1;
                    sizes.push(size);
                }
                Admission::TooManyBytes => {}
                Admission::QueueFull | Admission::Closed => offered += 1,
            },
            Event::OfferAgain(size) => {
                offered += 1;
                if state.admit(Offer::Last, size, limits) == Admission::Queued {
                    sizes.push(size);
                }
            }
            // Only one export runs at a time.
            Event::Begin(records) if exporting == 0 => {
                let records = records.min(sizes.len());
                exporting = sizes.drain(..records).sum();
                state.begin_export(records, exporting);
            }
            Event::Begin(_) => {}
            Event::Settle(outcome, records) => state.settle(outcome, records),
            Event::End => {
                state.end_export();
                exporting = 0;
            }
            Event::Close => state.close(),
            Event::Abandon => {
                state.close();
                state.abandon();
                sizes.clear();
            }
        }
        (state, offered, sizes, exporting)
    }

    #[test]
    fn every_record_is_counted_once_in_every_order_of_events() {
        let limits = Limits { queue_records: 2, queue_bytes: 5, ..Limits::default() };
        let events = [
            Event::Offer(1),
            Event::Offer(4),
            Event::OfferAgain(2),
            Event::Begin(1),
            Event::Begin(2),
            Event::Settle(RecordOutcome::Exported, 1),
            Event::Settle(RecordOutcome::Rejected, 2),
            Event::End,
            Event::Close,
            Event::Abandon,
        ];
        let mut seen: HashSet<Explored> = HashSet::from([Explored::default()]);
        let mut edge: Vec<Explored> = seen.iter().cloned().collect();
        for _ in 0..7 {
            let next: Vec<Explored> = edge
                .iter()
                .flat_map(|from| events.iter().map(|event| after(from.clone(), *event, &limits)))
                .filter(|to| seen.insert(to.clone()))
                .collect();
            edge = next;
        }
        assert!(seen.len() > 1_000, "{}", seen.len());
        for (state, offered, sizes, exporting) in &seen {
            let stats = state.stats();
            assert_eq!(stats.exported + stats.dropped() + stats.in_flight, *offered, "{state:?}");
            assert_eq!(state.queued, sizes.len(), "{state:?}");
            assert!(state.queued + state.exporting <= 2 && state.bytes <= 5, "{state:?}");
            let abandoned = stats.shutdown > 0 && sizes.is_empty();
            assert!(abandoned || state.bytes == sizes.iter().sum::<usize>() + exporting, "{state:?}");
        }
    }
}
