//! The queue between the program and the exporting thread. Pushing a record only blocks on a short lock.

use std::collections::VecDeque;
use std::sync::mpsc::SyncSender;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use opentelemetry_sdk::Resource;

use super::record::Record;
use crate::diag;
use crate::export::counters::{Admission, ExportCounters, Offer};
use crate::export::limits::Limits;

/// A request to the worker, with a channel for its completion.
pub(super) enum Order {
    Flush(SyncSender<()>),
    Shutdown(SyncSender<()>),
    Resource(Box<Resource>),
}

/// The worker's next task.
pub(super) enum Work {
    /// Export a batch.
    Export,
    Obey(Order),
    /// Run the exporter's upkeep, which is due.
    Idle,
    /// Stop: the processor was dropped.
    End,
}

/// Records taken from the queue, with their size in bytes.
pub(super) struct Batch<R> {
    pub(super) records: Vec<R>,
    pub(super) bytes: usize,
}

pub(super) struct Queue<R> {
    inner: Mutex<Inner<R>>,
    changed: Condvar,
    limits: Limits,
    pub(super) counters: ExportCounters,
}

struct Inner<R> {
    records: VecDeque<(R, usize)>,
    bytes: usize,
    /// The time when the oldest of these records was queued.
    since: Option<Instant>,
    orders: VecDeque<Order>,
    /// The processor was dropped, so no record can be pushed.
    detached: bool,
    /// The worker has ended.
    ended: bool,
}

impl<R> Inner<R> {
    fn is_batch(&self, limits: &Limits) -> bool {
        self.records.len() >= limits.batch_records || self.bytes >= limits.batch_bytes
    }
}

impl<R: Record> Queue<R> {
    pub(super) fn new(limits: Limits, counters: ExportCounters) -> Self {
        let inner = Inner {
            records: VecDeque::new(),
            bytes: 0,
            since: None,
            orders: VecDeque::new(),
            detached: false,
            ended: false,
        };
        Self { inner: Mutex::new(inner), changed: Condvar::new(), limits, counters }
    }

    fn lock(&self) -> MutexGuard<'_, Inner<R>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues a record, without its content if necessary, or counts it as dropped.
    pub(super) fn push(&self, record: R) {
        let size = record.size();
        let mut result = self.offer(Offer::Whole, record, size);
        if let Err((Admission::TooManyBytes, mut record)) = result {
            let offer = if record.drop_content() { Offer::WithoutContent } else { Offer::Last };
            let size = record.size();
            result = self.offer(offer, record, size);
            if offer == Offer::WithoutContent && result.is_ok() {
                let text = format!("too many bytes are queued: {} are exported without their content", R::RECORDS);
                diag::warn_rarely("content-dropped", &text);
            }
        }
        if let Err((Admission::QueueFull, _)) = result {
            diag::warn_rarely("queue-full", &format!("too many {} are queued: new ones are dropped", R::RECORDS));
        }
    }

    fn offer(&self, offer: Offer, record: R, size: usize) -> Result<(), (Admission, R)> {
        let mut inner = self.lock();
        // Admits and queues under one lock, so that a closed queue receives no more records.
        match self.counters.lock().admit(offer, size, &self.limits) {
            Admission::Queued => {}
            refused => return Err((refused, record)),
        }
        let was_batch = inner.is_batch(&self.limits);
        let first = inner.records.is_empty();
        if first {
            inner.since = Some(Instant::now());
        }
        inner.records.push_back((record, size));
        inner.bytes += size;
        let wakes = first || (!was_batch && inner.is_batch(&self.limits));
        drop(inner);
        if wakes {
            self.changed.notify_one();
        }
        Ok(())
    }

    /// Waits for the next task, at the latest until `idle`.
    pub(super) fn next(&self, idle: Option<Instant>) -> Work {
        let mut inner = self.lock();
        loop {
            if let Some(order) = inner.orders.pop_front() {
                return Work::Obey(order);
            }
            if inner.detached {
                return if inner.records.is_empty() { Work::End } else { Work::Export };
            }
            let now = Instant::now();
            if idle.is_some_and(|idle| idle <= now) {
                return Work::Idle;
            }
            let due = inner.since.and_then(|since| since.checked_add(self.limits.delay));
            let left = due.into_iter().chain(idle).min().map(|then| then.saturating_duration_since(now));
            inner = match left {
                _ if inner.is_batch(&self.limits) => return Work::Export,
                Some(left) if left.is_zero() => return Work::Export,
                Some(left) => self.changed.wait_timeout(inner, left).unwrap_or_else(PoisonError::into_inner).0,
                None => self.changed.wait(inner).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    /// Takes up to `most` records that fit into one request.
    pub(super) fn take(&self, most: usize) -> Batch<R> {
        let mut inner = self.lock();
        let mut batch = Batch { records: Vec::new(), bytes: 0 };
        while batch.records.len() < self.limits.batch_records.min(most) {
            let Some((_, size)) = inner.records.front() else { break };
            if !batch.records.is_empty() && batch.bytes + size > self.limits.batch_bytes {
                break;
            }
            let Some((record, size)) = inner.records.pop_front() else { break };
            batch.records.push(record);
            batch.bytes += size;
        }
        inner.bytes -= batch.bytes;
        inner.since = (!inner.records.is_empty()).then(Instant::now);
        self.counters.lock().begin_export(batch.records.len());
        batch
    }

    /// Whether a full batch is queued.
    pub(super) fn has_batch(&self) -> bool {
        self.lock().is_batch(&self.limits)
    }

    /// The number of queued records.
    pub(super) fn len(&self) -> usize {
        self.lock().records.len()
    }

    /// Closes the queue: later records are counted as dropped by the shutdown.
    pub(super) fn close(&self) {
        let _inner = self.lock();
        self.counters.lock().close();
    }

    /// Marks the worker as ended, and drops the remaining records and orders.
    pub(super) fn end(&self) {
        let mut inner = self.lock();
        inner.ended = true;
        let orders = std::mem::take(&mut inner.orders);
        let left = std::mem::take(&mut inner.records);
        (inner.bytes, inner.since) = (0, None);
        let mut state = self.counters.lock();
        state.close();
        state.abandon();
        drop((state, inner));
        drop((left, orders));
    }

    /// Sends an order to the worker. If the worker has ended, the order's channel is closed.
    pub(super) fn order(&self, order: Order) {
        let mut inner = self.lock();
        if inner.ended {
            return;
        }
        inner.orders.push_back(order);
        drop(inner);
        self.changed.notify_one();
    }

    /// Marks the processor as dropped: the worker exports the remaining records and ends.
    pub(super) fn detach(&self) {
        self.lock().detached = true;
        self.changed.notify_one();
    }
}
