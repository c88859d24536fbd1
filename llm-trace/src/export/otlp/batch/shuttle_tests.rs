//! The queue and its worker on shuttle's threads and locks, which try thousands of schedules and report deadlocks.

#![allow(clippy::duplicate_mod, reason = "the same code with other locks")]

mod sync {
    pub(super) use shuttle::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
    pub(super) use shuttle::sync::{Arc, Condvar, Mutex, MutexGuard};
    pub(super) use shuttle::thread::{JoinHandle, spawn, yield_now};
    pub(super) use std::sync::PoisonError;
}

use super::record;

#[path = "machine.rs"]
mod machine;
#[path = "queue.rs"]
mod queue;
#[path = "scenario_tests.rs"]
mod scenario;
#[allow(dead_code, reason = "the processor is not part of it")]
#[path = "worker.rs"]
mod worker;

fn explore(scenario: fn()) {
    let mut config = shuttle::Config::new();
    config.stack_size = 1 << 18;
    shuttle::Runner::new(shuttle::scheduler::RandomScheduler::new(1000), config).run(scenario);
}

#[test]
fn records_flushes_and_a_shutdown() {
    explore(scenario::records_flushes_and_a_shutdown);
}

#[test]
fn a_flush_covers_what_came_before_it() {
    explore(scenario::a_flush_covers_what_came_before_it);
}

#[test]
fn a_full_batch_wakes_and_a_dropped_processor_ends() {
    explore(scenario::a_full_batch_wakes_and_a_dropped_processor_ends);
}

#[test]
fn panics_end_no_worker_and_lose_one_batch() {
    explore(scenario::panics_end_no_worker_and_lose_one_batch);
}
