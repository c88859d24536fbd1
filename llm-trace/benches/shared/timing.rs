//! Time measurement.

use std::hint::black_box;
use std::time::{Duration, Instant};

/// Nanoseconds per call, the minimum of several rounds within a budget, because disturbances can only add time.
pub(crate) fn nanos<R>(budget: Duration, mut f: impl FnMut() -> R) -> f64 {
    let once = Instant::now();
    black_box(f());
    let once = once.elapsed().max(Duration::from_nanos(20));
    let rounds = 12;
    let per_round = (budget.as_nanos() / rounds / once.as_nanos()).clamp(1, 5_000_000) as u32;
    let mut best = f64::MAX;
    for _ in 0..rounds {
        let started = Instant::now();
        for _ in 0..per_round {
            black_box(f());
        }
        best = best.min(started.elapsed().as_nanos() as f64 / f64::from(per_round));
    }
    best
}
