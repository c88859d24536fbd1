//! The way from the program to the exporting thread. It never blocks.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::SyncSender;
use std::sync::{Mutex, PoisonError};

use opentelemetry_sdk::trace::SpanData;

use super::super::limits::Limits;
use super::super::stats::{Count, Ledger};
use super::span_size;
use super::worker::Order;
use crate::diag;
use crate::redact::shrink::drop_content;

/// What goes through the channel.
pub(super) enum Item {
    Span(Box<SpanData>, usize),
    /// There is an order to look at.
    Wake,
}

pub(super) struct Queue {
    sender: SyncSender<Item>,
    spans: AtomicUsize,
    bytes: AtomicUsize,
    closed: AtomicBool,
    /// Rare, so a lock does: no span passes here.
    orders: Mutex<Vec<Order>>,
    ordered: AtomicBool,
    limits: Limits,
    ledger: Ledger,
}

impl Queue {
    pub(super) fn new(sender: SyncSender<Item>, limits: Limits, ledger: Ledger) -> Self {
        Self {
            sender,
            spans: AtomicUsize::new(0),
            bytes: AtomicUsize::new(0),
            closed: AtomicBool::new(false),
            orders: Mutex::new(Vec::new()),
            ordered: AtomicBool::new(false),
            limits,
            ledger,
        }
    }

    /// Takes a span, without its content if need be, or counts it as dropped.
    pub(super) fn push(&self, mut span: SpanData) {
        if self.closed.load(Ordering::Acquire) {
            return self.ledger.add(Count::Shutdown, 1);
        }
        if self.spans.fetch_add(1, Ordering::AcqRel) >= self.limits.queue_spans {
            self.spans.fetch_sub(1, Ordering::AcqRel);
            return self.overflow();
        }
        let mut size = span_size(&span);
        if !self.reserve(size) {
            let cut = drop_content(&mut span);
            size = span_size(&span);
            if !self.reserve(size) {
                self.spans.fetch_sub(1, Ordering::AcqRel);
                return self.overflow();
            }
            if cut {
                self.ledger.add(Count::ContentDropped, 1);
                diag::warn_rarely("content-dropped", "too much waits to be sent: spans go without their content");
            }
        }
        if self.sender.try_send(Item::Span(Box::new(span), size)).is_err() {
            self.release(1, size);
            self.overflow();
        }
    }

    fn overflow(&self) {
        self.ledger.add(Count::QueueFull, 1);
        diag::warn_rarely("queue-full", "too many spans wait to be sent: new ones are dropped");
    }

    fn reserve(&self, size: usize) -> bool {
        let fits = self.bytes.fetch_add(size, Ordering::AcqRel).saturating_add(size) <= self.limits.queue_bytes;
        if !fits {
            self.bytes.fetch_sub(size, Ordering::AcqRel);
        }
        fits
    }

    /// Gives back the room of spans that wait no longer.
    pub(super) fn release(&self, spans: usize, bytes: usize) {
        self.spans.fetch_sub(spans, Ordering::AcqRel);
        self.bytes.fetch_sub(bytes, Ordering::AcqRel);
    }

    /// The spans on their way.
    pub(super) fn waiting(&self) -> usize {
        self.spans.load(Ordering::Acquire)
    }

    /// From now on spans come too late.
    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::Release);
    }

    pub(super) fn give(&self, order: Order) {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner).push(order);
        self.ordered.store(true, Ordering::Release);
        // A full channel wakes the worker as well.
        let _ = self.sender.try_send(Item::Wake);
    }

    pub(super) fn orders(&self) -> Vec<Order> {
        if !self.ordered.swap(false, Ordering::AcqRel) {
            return Vec::new();
        }
        std::mem::take(&mut *self.orders.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
