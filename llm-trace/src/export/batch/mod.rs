//! A batch processor that counts bytes as well as spans.
//!
//! The SDK's counts spans only. Spans of LLM calls are large: 512 of 100 KB are refused whole by a collector that
//! takes 4 MB, and a queue of 2,048 of them is 200 MB. Here the queue is bounded in both, and so is a batch; when the
//! queue is full the newest span's content gives way first, then the span; and every drop is counted with its reason.

mod queue;
mod size;
mod worker;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use opentelemetry::Context;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::{Span, SpanData, SpanExporter, SpanProcessor};

use super::closing::{Closing, deadline};
use super::limits::Limits;
use super::stats::Ledger;
use queue::Queue;
pub(crate) use size::span_size;
use worker::{Order, Worker};

const FLUSH_LIMIT: Duration = Duration::from_secs(5);

/// Hands spans to an exporter on a thread of its own, in batches.
pub(crate) struct BatchProcessor {
    queue: Arc<Queue>,
    closing: Closing,
}

impl std::fmt::Debug for BatchProcessor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BatchProcessor").finish_non_exhaustive()
    }
}

impl BatchProcessor {
    pub(crate) fn start(
        exporter: impl SpanExporter + 'static,
        limits: Limits,
        closing: Closing,
        ledger: Ledger,
    ) -> std::io::Result<Self> {
        // One place more than spans may wait: a wake-up call needs one too.
        let (sender, receiver) = sync_channel(limits.queue_spans.saturating_add(1));
        let queue = Arc::new(Queue::new(sender, limits, ledger.clone()));
        let worker = Worker::new(exporter, receiver, Arc::downgrade(&queue), limits, closing.clone(), ledger);
        std::thread::Builder::new().name("llm-trace-export".into()).spawn(move || worker.run())?;
        Ok(Self { queue, closing })
    }

    fn order(&self, limit: Duration, order: impl FnOnce(std::sync::mpsc::SyncSender<()>) -> Order) -> OTelSdkResult {
        let (done, wait) = sync_channel(1);
        self.queue.give(order(done));
        match wait.recv_timeout(limit) {
            Ok(()) => Ok(()),
            Err(std::sync::mpsc::RecvTimeoutError::Timeout) => Err(OTelSdkError::Timeout(limit)),
            Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => Err(OTelSdkError::AlreadyShutdown),
        }
    }
}

impl SpanProcessor for BatchProcessor {
    fn on_start(&self, _span: &mut Span, _cx: &Context) {}

    fn on_end(&self, span: SpanData) {
        if span.span_context.is_sampled() {
            self.queue.push(span);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.order(FLUSH_LIMIT, Order::Flush)
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.queue.close();
        self.closing.close_by(deadline(timeout));
        self.order(timeout, Order::Shutdown)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.queue.give(Order::Resource(Box::new(resource.clone())));
    }
}
