//! The guards that are alive in this process, for `check()`.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use super::providers::Targets;
use super::stats::{Stats, StatsHandle};

static GUARDS: Mutex<Vec<Guarded>> = Mutex::new(Vec::new());

/// What one guard keeps going, or what the last one kept going until it was dropped.
#[derive(Debug)]
struct Guarded {
    id: u64,
    targets: Targets,
    stats: StatsHandle,
    alive: bool,
}

/// A guard's entry, to be given back when it is dropped.
#[derive(Debug)]
pub(super) struct Active(u64);

impl Active {
    pub(super) fn new(targets: Targets, stats: StatsHandle) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        with_guards(|guards| {
            guards.retain(|guard| guard.alive);
            guards.push(Guarded { id, targets, stats, alive: true });
        });
        Self(id)
    }

    /// The guard is dropped. If it was the last one, what it counted can still be asked for.
    pub(super) fn end(self) {
        with_guards(|guards| {
            guards.iter_mut().filter(|guard| guard.id == self.0).for_each(|guard| guard.alive = false);
            if guards.iter().any(|guard| guard.alive) {
                guards.retain(|guard| guard.alive);
            }
        });
    }
}

/// Where the telemetry of the newest guard goes, its counts, and whether the guard is alive.
pub(crate) fn active() -> Option<(Targets, Stats, bool)> {
    with_guards(|guards| guards.last().map(|guard| (guard.targets.clone(), guard.stats.get(), guard.alive)))
}

fn with_guards<T>(act: impl FnOnce(&mut Vec<Guarded>) -> T) -> T {
    act(&mut GUARDS.lock().unwrap_or_else(PoisonError::into_inner))
}
