//! The guards that exist in this process, for `check()`.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use super::stats::{Stats, StatsHandle};
use super::targets::Targets;

static GUARDS: Mutex<Vec<Guarded>> = Mutex::new(Vec::new());

/// The telemetry of one guard. That of the last guard is kept after it is dropped.
#[derive(Debug)]
struct Guarded {
    id: u64,
    targets: Targets,
    stats: StatsHandle,
    alive: bool,
}

/// A guard's registration.
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

    /// Marks the guard as dropped. The counts of the last guard stay available.
    pub(super) fn end(self) {
        with_guards(|guards| {
            guards.iter_mut().filter(|guard| guard.id == self.0).for_each(|guard| guard.alive = false);
            if guards.iter().any(|guard| guard.alive) {
                guards.retain(|guard| guard.alive);
            }
        });
    }
}

/// The targets and the counts of the newest guard, and whether that guard still exists.
pub(crate) fn active() -> Option<(Targets, Stats, bool)> {
    with_guards(|guards| guards.last().map(|guard| (guard.targets.clone(), guard.stats.get(), guard.alive)))
}

fn with_guards<T>(act: impl FnOnce(&mut Vec<Guarded>) -> T) -> T {
    act(&mut GUARDS.lock().unwrap_or_else(PoisonError::into_inner))
}
