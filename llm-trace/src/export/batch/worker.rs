//! The exporting thread: it gathers a batch, hands it on, and does what it is ordered to.

use std::sync::Weak;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::time::{Duration, Instant};

use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SpanData, SpanExporter};

use super::super::closing::Closing;
use super::super::limits::Limits;
use super::super::quiet::Quiet;
use super::super::stats::{Count, Ledger};
use super::queue::{Item, Queue};

/// What the worker is told, and how to say that it is done.
pub(super) enum Order {
    Flush(SyncSender<()>),
    Shutdown(SyncSender<()>),
    Resource(Box<Resource>),
}

pub(super) struct Worker<E> {
    exporter: E,
    receiver: Receiver<Item>,
    /// Weak, so that a processor that is forgotten ends its thread.
    queue: Weak<Queue>,
    limits: Limits,
    closing: Closing,
    ledger: Ledger,
    batch: Vec<SpanData>,
    bytes: usize,
    since: Option<Instant>,
}

impl<E: SpanExporter> Worker<E> {
    pub(super) fn new(
        exporter: E,
        receiver: Receiver<Item>,
        queue: Weak<Queue>,
        limits: Limits,
        closing: Closing,
        ledger: Ledger,
    ) -> Self {
        Self { exporter, receiver, queue, limits, closing, ledger, batch: Vec::new(), bytes: 0, since: None }
    }

    pub(super) fn run(mut self) {
        let _quiet = Quiet::here();
        loop {
            let received = match self.since {
                None => self.receiver.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(since) => self.receiver.recv_timeout(self.limits.delay.saturating_sub(since.elapsed())),
            };
            match received {
                Ok(Item::Span(span, size)) => self.take(*span, size),
                Ok(Item::Wake) => {}
                Err(RecvTimeoutError::Timeout) => self.export(),
                Err(RecvTimeoutError::Disconnected) => return self.export(),
            }
            if !self.obey() {
                return;
            }
        }
    }

    /// Does what was ordered; false when that was to end.
    fn obey(&mut self) -> bool {
        let Some(queue) = self.queue.upgrade() else { return true };
        for order in queue.orders() {
            match order {
                Order::Resource(resource) => self.exporter.set_resource(&resource),
                Order::Flush(done) => {
                    self.flush(&queue);
                    let _ = done.try_send(());
                }
                Order::Shutdown(done) => {
                    self.finish(&queue);
                    let left = self.closing.end().map(|end| end.saturating_duration_since(Instant::now()));
                    let _ = self.exporter.shutdown_with_timeout(left.unwrap_or_default());
                    let _ = done.try_send(());
                    return false;
                }
            }
        }
        true
    }

    /// Sends what is waiting now; what comes meanwhile waits for its turn.
    fn flush(&mut self, queue: &Queue) {
        let mut waiting = queue.waiting().saturating_sub(self.batch.len());
        while waiting > 0 {
            match self.receiver.try_recv() {
                Ok(Item::Span(span, size)) => {
                    waiting -= 1;
                    self.take(*span, size);
                }
                Ok(Item::Wake) => {}
                Err(_) => break,
            }
        }
        self.export();
    }

    /// Sends all there is, as far as there is time. The queue is closed, so it comes to an end.
    fn finish(&mut self, queue: &Queue) {
        while queue.waiting() > self.batch.len() && !self.is_over() {
            // A span may be on its way still: it has been counted and is not here yet.
            if let Ok(Item::Span(span, size)) = self.receiver.recv_timeout(Duration::from_millis(1)) {
                self.take(*span, size);
            }
        }
        if !self.is_over() {
            self.export();
        }
        self.ledger.add(Count::Shutdown, queue.waiting() as u64);
    }

    fn is_over(&self) -> bool {
        self.closing.end().is_some_and(|end| end <= Instant::now())
    }

    fn take(&mut self, span: SpanData, size: usize) {
        if !self.batch.is_empty() && self.bytes + size > self.limits.batch_bytes {
            self.export();
        }
        self.since.get_or_insert_with(Instant::now);
        self.batch.push(span);
        self.bytes += size;
        if self.batch.len() >= self.limits.batch_spans || self.bytes >= self.limits.batch_bytes {
            self.export();
        }
    }

    fn export(&mut self) {
        self.since = None;
        let (batch, bytes) = (std::mem::take(&mut self.batch), std::mem::take(&mut self.bytes));
        if batch.is_empty() {
            return;
        }
        let count = batch.len();
        // The exporter counts what became of them.
        let _ = futures_executor::block_on(self.exporter.export(batch));
        if let Some(queue) = self.queue.upgrade() {
            queue.release(count, bytes);
        }
    }
}
