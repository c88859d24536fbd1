//! Guards against scrubbers, which are user code, that panic, are slow or never return.
//!
//! A running scrubber cannot be interrupted. The guard limits the damage: the text of a failed scrubber is masked, a
//! scrubber that repeatedly exceeds its time limit is suspended, and no new run starts while one hangs.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::place::Place;
use super::scrub::Scrub;
use crate::user_code::{self, UserCode};

/// The number of timeouts in a row after which a scrubber is suspended.
const OVERRUNS: u32 = 3;

/// The duration of a suspension.
const SUSPENSION: Duration = Duration::from_secs(60);

/// Whether this thread is running a scrubber. It then has no current call: text recorded there would be scrubbed again.
pub(crate) fn is_running() -> bool {
    user_code::is_running(UserCode::Scrubber)
}

/// The reason to mask a text.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Failed {
    Panicked,
    TooLong,
    /// A run for another text hangs.
    Hangs,
    Suspended,
    /// The text is recorded by a call that a scrubber makes.
    Inside,
}

impl Failed {
    pub(super) fn warn(self) {
        let (code, text) = match self {
            // `user_code` has reported it.
            Failed::Panicked => return,
            Failed::TooLong => ("scrubber-time", "a scrubber took too long: its text is masked"),
            Failed::Hangs => ("scrubber-hangs", "a scrubber has not returned in time: texts are masked until it does"),
            Failed::Suspended => (
                "scrubber-suspended",
                "a scrubber took too long three times in a row: texts are masked for a minute; make it faster, or \
                 increase Policy::scrub_time",
            ),
            Failed::Inside => ("scrubber-inside", "a scrubber made an LLM call: the texts of that call are masked"),
        };
        crate::diag::warn_once(code, text);
    }
}

/// A scrubber with its timeouts.
pub(super) struct Watched {
    scrubber: Box<dyn Scrub>,
    /// Timeouts in a row.
    overruns: AtomicU32,
    /// End of the suspension, in microseconds since the first run.
    suspended_until: AtomicU64,
    /// Start of one of the current runs; 0 if there is none.
    since: AtomicU64,
}

impl Watched {
    pub(super) fn new(scrubber: impl Scrub + 'static) -> Self {
        let zero = || AtomicU64::new(0);
        Self { scrubber: Box::new(scrubber), overruns: AtomicU32::new(0), suspended_until: zero(), since: zero() }
    }

    /// Returns the changed text, or `None` if nothing changed. `begun` is the start of the text's first scrubber; all
    /// its scrubbers share `limit`.
    pub(super) fn run(
        &self,
        text: &str,
        place: &Place<'_>,
        limit: Duration,
        begun: Instant,
        hit: &mut dyn FnMut(&str),
    ) -> Result<Option<String>, Failed> {
        if is_running() {
            return Err(Failed::Inside);
        }
        let now = now();
        if now < self.suspended_until.load(Ordering::Relaxed) {
            return Err(Failed::Suspended);
        }
        let since = self.since.load(Ordering::Relaxed);
        if since != 0 && now.saturating_sub(since) > micros(limit) {
            return Err(Failed::Hangs);
        }
        let first = self.since.compare_exchange(0, now, Ordering::Relaxed, Ordering::Relaxed).is_ok();
        let result = user_code::run(UserCode::Scrubber, || self.scrubber.scrub(text, place, hit));
        if first {
            self.since.store(0, Ordering::Relaxed);
        }
        let changed = result.ok_or(Failed::Panicked)?;
        if begun.elapsed() > limit {
            if self.overruns.fetch_add(1, Ordering::Relaxed) + 1 >= OVERRUNS {
                self.suspended_until.store(self::now() + micros(SUSPENSION), Ordering::Relaxed);
            }
            return Err(Failed::TooLong);
        }
        self.overruns.store(0, Ordering::Relaxed);
        Ok(changed)
    }
}

/// Microseconds since the first run; never 0.
fn now() -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    micros(START.get_or_init(Instant::now).elapsed()) + 1
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX / 2).min(u64::MAX / 2)
}
