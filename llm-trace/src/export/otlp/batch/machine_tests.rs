//! Every order of events up to a length, applied to the queue's state machine.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use super::machine::{Order, QueueMachine, Step};
use crate::export::counters::{Admission, Offer, QueueState};
use crate::export::limits::Limits;
use crate::export::record_outcome::RecordOutcome;

#[derive(Clone, Copy, Debug)]
enum Event {
    Offer,
    Flush,
    Shutdown,
    Close,
    Detach,
    Step(Now),
}

/// What holds at a step of the worker.
#[derive(Clone, Copy, Debug, Default)]
struct Now {
    /// The delay of the oldest record has passed.
    late: bool,
    upkeep: bool,
    is_over: bool,
    /// The export panics.
    panics: bool,
}

const EVENTS: &[Event] = &[
    Event::Offer,
    Event::Flush,
    Event::Shutdown,
    Event::Close,
    Event::Detach,
    Event::Step(Now { late: false, upkeep: false, is_over: false, panics: false }),
    Event::Step(Now { late: true, upkeep: false, is_over: false, panics: false }),
    Event::Step(Now { late: true, upkeep: true, is_over: false, panics: false }),
    Event::Step(Now { late: false, upkeep: false, is_over: true, panics: false }),
    Event::Step(Now { late: true, upkeep: false, is_over: false, panics: true }),
];

#[derive(Clone, Debug, Default)]
struct World {
    machine: QueueMachine<usize, usize>,
    counts: QueueState,
    offered: usize,
    /// The records that were admitted, and those that left for an export.
    admitted: Vec<usize>,
    left: Vec<usize>,
    /// For each flush, the number of records admitted before it.
    flushes: Vec<usize>,
    shutdowns: usize,
    answered: Vec<usize>,
    ended: bool,
}

/// The number of the first shutdown; flushes have smaller ones.
const SHUTDOWN: usize = 100;

struct Clock(Instant);

impl World {
    fn apply(&mut self, event: Event, clock: &Clock, limits: &Limits) {
        match event {
            Event::Offer => {
                self.offered += 1;
                let offer = (Offer::Last, self.offered, 10);
                match self.machine.offer(&mut self.counts, offer, clock.0, limits) {
                    Ok(_) => self.admitted.push(self.offered),
                    Err((refused, _)) => assert!(matches!(refused, Admission::QueueFull | Admission::Closed)),
                }
            }
            Event::Flush => {
                self.machine.order(Order::Flush(self.flushes.len()));
                self.flushes.push(self.admitted.len());
            }
            Event::Shutdown => {
                // As the processor does it.
                self.counts.close();
                self.machine.order(Order::Shutdown(SHUTDOWN + self.shutdowns));
                self.shutdowns += 1;
            }
            Event::Close => self.counts.close(),
            Event::Detach => self.machine.detach(),
            Event::Step(_) if self.ended => {}
            Event::Step(now) => {
                let time = if now.late { clock.0 + limits.delay } else { clock.0 };
                self.step(now, time, limits);
            }
        }
    }

    /// Returns whether the worker would wait.
    fn step(&mut self, now: Now, time: Instant, limits: &Limits) -> bool {
        let upkeep = now.upkeep.then_some(time);
        match self.machine.step(&mut self.counts, time, upkeep, now.is_over, limits) {
            Step::Export(batch) => {
                assert!(!batch.is_empty() && batch.len() <= limits.batch_records, "{batch:?}");
                if now.panics {
                    self.counts.restart();
                } else {
                    self.counts.settle(RecordOutcome::Exported, batch.len());
                    self.counts.end_export();
                }
                self.left.extend(batch);
            }
            Step::Flushed(flush) => {
                assert!(self.left.len() >= self.flushes[flush], "flush {flush} of {self:?}");
                self.answered.push(flush);
            }
            Step::End(done) => {
                let detached = done.is_none();
                self.answered.extend(done);
                assert!(!detached || self.left == self.admitted, "{self:?}");
                drop(self.machine.end(&mut self.counts));
                self.ended = true;
                return true;
            }
            Step::Wait(_) => return true,
            Step::Upkeep => {}
            Step::Resource(_) => unreachable!("no resource is set"),
        }
        false
    }

    fn check(&self, clock: &Clock, limits: &Limits) {
        let stats = self.counts.stats();
        assert_eq!(stats.exported + stats.dropped() + stats.in_flight, self.offered as u64, "{self:?}");
        // Records leave in their order, and each once.
        assert_eq!(self.left, self.admitted[..self.left.len()], "{self:?}");
        let mut answered = self.answered.clone();
        answered.sort_unstable();
        answered.dedup();
        assert_eq!(answered.len(), self.answered.len(), "an order was answered twice: {self:?}");
        // Whatever came before, the worker finishes everything by itself and then waits or ends.
        let mut rest = self.clone();
        for step in 1..50 {
            if rest.ended || rest.step(Now::default(), clock.0 + limits.delay * (2 * step), limits) {
                break;
            }
        }
        assert_eq!(rest.counts.stats().in_flight, 0, "{self:?}");
        if rest.ended {
            // The remaining orders were dropped, which notifies the waiting threads.
            let left = rest.machine.step(&mut rest.counts, clock.0, None, false, limits);
            assert!(matches!(left, Step::End(None)), "{rest:?}");
        } else {
            assert_eq!(rest.answered.len(), rest.flushes.len() + rest.shutdowns, "{rest:?}");
        }
    }
}

#[test]
fn every_order_of_events_keeps_all_records_and_answers_all_orders() {
    let limits = Limits { queue_records: 3, batch_records: 2, delay: Duration::from_secs(60), ..Limits::default() };
    let clock = Clock(Instant::now());
    let mut seen = HashSet::new();
    let mut edge = vec![World::default()];
    for _ in 0..7 {
        let mut next = Vec::new();
        for world in &edge {
            for event in EVENTS {
                let mut world = world.clone();
                world.apply(*event, &clock, &limits);
                if seen.insert(format!("{world:?}")) {
                    world.check(&clock, &limits);
                    next.push(world);
                }
            }
        }
        edge = next;
    }
    assert!(seen.len() > 5_000, "{}", seen.len());
}

#[test]
fn upkeep_that_is_always_due_holds_up_no_records() {
    let limits = Limits { batch_records: 2, ..Limits::default() };
    let now = Instant::now();
    let (mut machine, mut counts) = (QueueMachine::<usize, usize>::default(), QueueState::default());
    for record in 0..4 {
        assert!(machine.offer(&mut counts, (Offer::Whole, record, 1), now, &limits).is_ok());
    }
    let steps: Vec<_> = (0..5)
        .map(|_| match machine.step(&mut counts, now, Some(now), false, &limits) {
            Step::Upkeep => 0,
            Step::Export(batch) => batch.len(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(steps, [0, 2, 0, 2, 0]);
}
