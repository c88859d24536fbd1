//! What the threads of a program do with a queue and its worker. The tests run it with different synchronization.

use std::panic::resume_unwind;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use opentelemetry_sdk::Resource;

use super::machine::Order;
use super::queue::{Incomplete, Queue};
use super::record::Record;
use super::sync::{Arc, Receiver, SyncSender, spawn, sync_channel, yield_now};
use super::worker::{BatchExporter, Upkeep, Worker};
use crate::export::counters::ExportCounters;
use crate::export::limits::Limits;
use crate::export::record_outcome::RecordOutcome;
use crate::export::shutdown_deadline::ShutdownDeadline;
use crate::export::stats::SignalStats;

/// The records of one thread, numbered from the thread's number times 100.
const RECORDS: u64 = 3;
const LONG: Duration = Duration::from_secs(60);

struct Number(u64);

impl Record for Number {
    const RECORDS: &'static str = "numbers";

    fn size(&self) -> usize {
        10
    }

    fn drop_content(&mut self) -> bool {
        false
    }
}

#[derive(Clone, Copy, Default)]
struct Behaviour {
    /// The export of every batch with an even number panics.
    panics: bool,
    /// Upkeep is always due, and panics with the above.
    upkeep: bool,
}

struct Exporter {
    behaviour: Behaviour,
    counters: ExportCounters,
    exported: std::sync::Arc<std::sync::Mutex<Vec<u64>>>,
    /// Receives the size of each exported batch.
    batches: SyncSender<usize>,
}

impl BatchExporter<Number> for Exporter {
    fn export(&self, batch: Vec<Number>) {
        yield_now();
        if self.behaviour.panics && batch.iter().any(|number| number.0 % 2 == 0) {
            // Unlike `panic!`, it prints nothing.
            resume_unwind(Box::new("an export panics"));
        }
        self.counters.settle(RecordOutcome::Exported, batch.len());
        let size = batch.len();
        self.exported.lock().unwrap_or_else(PoisonError::into_inner).extend(batch.into_iter().map(|number| number.0));
        let _ = self.batches.try_send(size);
    }

    fn set_resource(&mut self, _: &Resource) {
        if self.behaviour.panics {
            resume_unwind(Box::new("a resource panics"));
        }
    }
}

struct Always(Behaviour);

impl Upkeep for Always {
    fn wake_in(&self) -> Option<Duration> {
        self.0.upkeep.then_some(Duration::ZERO)
    }

    fn run(&self) {
        yield_now();
        if self.0.panics {
            resume_unwind(Box::new("the upkeep panics"));
        }
    }

    fn close(&self) {
        if self.0.panics {
            resume_unwind(Box::new("the end panics"));
        }
    }
}

struct Running {
    queue: Arc<Queue<Number>>,
    counters: ExportCounters,
    exported: std::sync::Arc<std::sync::Mutex<Vec<u64>>>,
    batches: Receiver<usize>,
}

fn start(behaviour: Behaviour, queue_records: usize) -> Running {
    let counters = ExportCounters::default();
    // No batch is exported because of the delay.
    let delay = Duration::from_secs(3600);
    let limits = Limits { queue_records, batch_records: 2, delay, ..Limits::default() };
    let queue = Arc::new(Queue::new(limits, counters.clone()));
    let deadline = ShutdownDeadline::default();
    // Pauses end at once, and the deadline is not reached.
    deadline.close_by(Instant::now() + Duration::from_secs(3600));
    let (sender, batches) = sync_channel(64);
    let exported = std::sync::Arc::default();
    let exporter =
        Exporter { behaviour, counters: counters.clone(), exported: std::sync::Arc::clone(&exported), batches: sender };
    let worker = Worker::new(exporter, Always(behaviour), Arc::clone(&queue), deadline);
    drop(spawn(move || worker.run()));
    Running { queue, counters, exported, batches }
}

impl Running {
    /// Starts a thread that queues records.
    fn produce(&self, thread: u64) -> super::sync::JoinHandle<()> {
        let queue = Arc::clone(&self.queue);
        spawn(move || {
            for number in 0..RECORDS {
                queue.push(Number(thread * 100 + number));
                yield_now();
            }
        })
    }

    fn shut_down(&self) -> Result<(), Incomplete> {
        self.queue.close();
        self.queue.request(LONG, Order::Shutdown)
    }

    /// Checks that each of the records has exactly one outcome. Returns the counts.
    fn check(&self, made: u64) -> SignalStats {
        let stats = self.counters.stats();
        assert_eq!((stats.exported + stats.dropped(), stats.in_flight), (made, 0), "{stats:?}");
        let mut exported = self.exported.lock().unwrap_or_else(PoisonError::into_inner).clone();
        exported.sort_unstable();
        exported.dedup();
        assert_eq!(exported.len() as u64, stats.exported, "{exported:?}");
        stats
    }
}

/// Threads queue records and flush while another one shuts down.
pub(super) fn records_flushes_and_a_shutdown() {
    let running = start(Behaviour::default(), 4);
    let producers = [running.produce(1), running.produce(2)];
    let queue = Arc::clone(&running.queue);
    let flushing = spawn(move || queue.request(LONG, Order::Flush));
    assert_eq!(running.shut_down(), Ok(()));
    for producer in producers {
        producer.join().unwrap();
    }
    // It was completed, or the shutdown was first.
    assert!(matches!(flushing.join().unwrap(), Ok(()) | Err(Incomplete::Ended)));
    assert_eq!(running.queue.request(LONG, Order::Flush), Err(Incomplete::Ended));
    assert_eq!(running.shut_down(), Err(Incomplete::Ended));
    running.check(2 * RECORDS);
}

/// What a thread queued before its flush is exported after it.
pub(super) fn a_flush_covers_what_came_before_it() {
    let running = start(Behaviour { upkeep: true, ..Behaviour::default() }, 64);
    let other = running.produce(2);
    running.produce(1).join().unwrap();
    assert_eq!(running.queue.request(LONG, Order::Flush), Ok(()));
    let exported = running.exported.lock().unwrap_or_else(PoisonError::into_inner).clone();
    assert!((100..100 + RECORDS).all(|number| exported.contains(&number)), "{exported:?}");
    other.join().unwrap();
    assert_eq!(running.shut_down(), Ok(()));
    assert_eq!(running.check(2 * RECORDS).exported, 2 * RECORDS);
}

/// A full batch wakes the worker without an order, and a dropped processor ends it after the last record.
pub(super) fn a_full_batch_wakes_and_a_dropped_processor_ends() {
    let running = start(Behaviour::default(), 64);
    let producers = [running.produce(1), running.produce(2)];
    let mut exported = 0;
    while exported < 6 {
        exported += running.batches.recv_timeout(LONG).unwrap();
        if exported == 5 {
            break;
        }
    }
    for producer in producers {
        producer.join().unwrap();
    }
    running.queue.detach();
    // The worker drops its exporter at its end.
    while running.batches.recv_timeout(LONG).is_ok() {}
    assert_eq!(running.check(2 * RECORDS).exported, 2 * RECORDS);
}

/// The worker survives panics of every step, and counts the records of a batch whose export panicked.
pub(super) fn panics_end_no_worker_and_lose_one_batch() {
    let running = start(Behaviour { panics: true, upkeep: true }, 64);
    running.queue.order(Order::Resource(Box::new(Resource::builder_empty().build())));
    let producers = [running.produce(1), running.produce(2)];
    assert_eq!(running.queue.request(LONG, Order::Flush), Ok(()));
    for producer in producers {
        producer.join().unwrap();
    }
    assert_eq!(running.shut_down(), Ok(()));
    let stats = running.check(2 * RECORDS);
    // 100, 102, 200 and 202 panic, each perhaps with a neighbour.
    assert!((4..=6).contains(&stats.failed) && stats.restarts >= 2, "{stats:?}");
}
