//! A batch processor for spans and log records that limits bytes as well as records.
//!
//! The SDK's processors only count records. Spans of LLM calls are large: a collector with a 4 MB limit rejects 512
//! spans of 100 KB as a whole, and a queue of 2,048 of them takes 200 MB. This processor limits the queue and each
//! batch by both. If the queue is full, the newest record first loses its content and is then dropped. Every drop is
//! counted with its reason.

mod machine;
mod queue;
pub(super) mod record;
mod worker;

#[cfg(test)]
mod machine_tests;
#[cfg(test)]
mod shuttle_tests;
#[cfg(test)]
mod stress_tests;
#[cfg(test)]
mod tests;

/// The synchronization of the queue and its worker. Tests compile them with other implementations.
mod sync {
    pub(super) use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
    pub(super) use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
}

use std::sync::Arc;
use std::time::Duration;

use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};

use crate::export::counters::ExportCounters;
use crate::export::limits::Limits;
use crate::export::otlp::quiet::Quiet;
use crate::export::shutdown_deadline::{ShutdownDeadline, deadline};
use crate::process::Process;
use crate::threads;
use machine::Order;
use queue::{Done, Incomplete, Queue};
pub(crate) use record::Record;
pub(crate) use worker::{BatchExporter, Upkeep};
use worker::{FLUSH_LIMIT, Worker};

/// Passes records to an exporter in batches, on a separate thread.
pub(crate) struct BatchProcessor<R: Record> {
    queue: Arc<Queue<R>>,
    deadline: ShutdownDeadline,
    counters: ExportCounters,
    /// The process of the worker. In a forked child, the worker may have locked the queue for ever.
    process: Process,
}

impl<R: Record> std::fmt::Debug for BatchProcessor<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BatchProcessor").finish_non_exhaustive()
    }
}

impl<R: Record> BatchProcessor<R> {
    pub(crate) fn start(
        exporter: impl BatchExporter<R>,
        upkeep: impl Upkeep,
        limits: Limits,
        deadline: ShutdownDeadline,
        counters: ExportCounters,
    ) -> std::io::Result<Self> {
        let queue = Arc::new(Queue::new(limits, counters.clone()));
        let worker = Worker::new(exporter, upkeep, Arc::clone(&queue), deadline.clone());
        let run = move || {
            let _quiet = Quiet::here();
            worker.run();
        };
        threads::spawn("export", Box::new(run))?;
        Ok(Self { queue, deadline, counters, process: Process::current() })
    }

    pub(super) fn push(&self, record: R) {
        if self.process.is_current() {
            self.queue.push(record);
        } else {
            self.counters.lose_in_forked_child();
        }
    }

    fn request(&self, limit: Duration, order: impl FnOnce(Done) -> Order<Done>) -> OTelSdkResult {
        if !self.process.is_current() {
            return Err(OTelSdkError::AlreadyShutdown);
        }
        self.queue.request(limit, order).map_err(|incomplete| match incomplete {
            Incomplete::Timeout => OTelSdkError::Timeout(limit),
            Incomplete::Ended => OTelSdkError::AlreadyShutdown,
        })
    }

    pub(super) fn flush(&self) -> OTelSdkResult {
        self.request(FLUSH_LIMIT, Order::Flush)
    }

    pub(super) fn shut_down(&self, limit: Duration) -> OTelSdkResult {
        if self.process.is_current() {
            self.queue.close();
            self.deadline.close_by(deadline(limit));
        }
        self.request(limit, Order::Shutdown)
    }

    pub(super) fn resource(&self, resource: &Resource) {
        self.queue.order(Order::Resource(Box::new(resource.clone())));
    }
}

impl<R: Record> Drop for BatchProcessor<R> {
    fn drop(&mut self) {
        if self.process.is_current() {
            self.queue.detach();
        }
    }
}
