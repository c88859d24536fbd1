//! The way from the program to the exporting thread. It never blocks on anything but a short lock.

use std::collections::VecDeque;
use std::sync::mpsc::SyncSender;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use opentelemetry_sdk::Resource;

use super::record::Record;
use crate::diag;
use crate::export::counters::{Admission, ExportCounters, Offer};
use crate::export::limits::Limits;

/// What the worker is ordered to do, and where it reports that it is done.
pub(super) enum Order {
    Flush(SyncSender<()>),
    Shutdown(SyncSender<()>),
    Resource(Box<Resource>),
}

/// What the worker does next.
pub(super) enum Work {
    /// There is a batch to send.
    Export,
    Obey(Order),
    /// The time has come for what is done between batches.
    Idle,
    /// The processor is gone.
    End,
}

/// Records out of the queue, with their size in bytes.
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
    /// When the first of the records came.
    since: Option<Instant>,
    orders: VecDeque<Order>,
    /// No processor is left that could push.
    detached: bool,
    /// No worker is left.
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

    /// Takes a record, without its content if need be, or counts it as dropped.
    pub(super) fn push(&self, record: R) {
        let size = record.size();
        let mut result = self.offer(Offer::Whole, record, size);
        if let Err((Admission::TooManyBytes, mut record)) = result {
            let offer = if record.drop_content() { Offer::WithoutContent } else { Offer::Last };
            let size = record.size();
            result = self.offer(offer, record, size);
            if offer == Offer::WithoutContent && result.is_ok() {
                let text = format!("too many bytes are queued: {} are sent without their content", R::RECORDS);
                diag::warn_rarely("content-dropped", &text);
            }
        }
        if let Err((Admission::QueueFull, _)) = result {
            diag::warn_rarely("queue-full", &format!("too many {} are queued: new ones are dropped", R::RECORDS));
        }
    }

    fn offer(&self, offer: Offer, record: R, size: usize) -> Result<(), (Admission, R)> {
        let mut inner = self.lock();
        // Admitted and queued under one lock: after the queue is closed, nothing is on its way to it.
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

    /// Waits for something to do, until `idle` at the latest.
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

    /// Takes as many records as go into one request, of at most `most`.
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

    /// Whether there is enough for a batch.
    pub(super) fn has_batch(&self) -> bool {
        self.lock().is_batch(&self.limits)
    }

    /// The number of records that wait.
    pub(super) fn len(&self) -> usize {
        self.lock().records.len()
    }

    /// Takes no more records: those that come are counted as too late.
    pub(super) fn close(&self) {
        let _inner = self.lock();
        self.counters.lock().close();
    }

    /// The worker has ended: drops what is left, and every order.
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

    /// Orders something of the worker. Whoever waits for it finds the other end of the channel closed if the worker
    /// has ended.
    pub(super) fn order(&self, order: Order) {
        let mut inner = self.lock();
        if inner.ended {
            return;
        }
        inner.orders.push_back(order);
        drop(inner);
        self.changed.notify_one();
    }

    /// The processor is gone: the worker sends what is left and ends.
    pub(super) fn detach(&self) {
        self.lock().detached = true;
        self.changed.notify_one();
    }
}
