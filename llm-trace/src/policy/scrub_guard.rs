//! A scrubber under watch: it is the user's code, and may panic, be slow or never return.
//!
//! Nothing can interrupt it. What can be done is to let it cost few texts and few threads: a text whose
//! scrubber fails is masked, a scrubber that keeps overrunning its time rests, and while one run hangs
//! no other is begun.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::place::Place;
use super::scrub::Scrub;
use crate::guarded;
use crate::guarded::UserCode;

/// After so many overruns in a row a scrubber rests.
const OVERRUNS: u32 = 3;

/// How long it rests before it is tried again.
const REST: Duration = Duration::from_secs(60);

/// Whether this thread runs a scrubber. It has no current call: a text that it recorded there would come to it again.
pub(crate) fn is_running() -> bool {
    guarded::is_running(UserCode::Scrubber)
}

/// Why a text has to be masked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Failed {
    Panicked,
    TooLong,
    /// Another text's run hangs.
    Hangs,
    Rests,
    /// It is a text of a call that a scrubber makes.
    Inside,
}

impl Failed {
    pub(super) fn tell(self) {
        let (code, text) = match self {
            // The door has told.
            Failed::Panicked => return,
            Failed::TooLong => ("scrubber-time", "a scrubber took too long: the text it was given is masked"),
            Failed::Hangs => {
                ("scrubber-hangs", "a scrubber has not returned for too long: until it does, texts for it are masked")
            }
            Failed::Rests => (
                "scrubber-rests",
                "a scrubber took too long three times in a row: for a minute texts for it are masked; make it faster, \
                 or give it more time with Policy::scrub_time",
            ),
            Failed::Inside => {
                ("scrubber-inside", "a scrubber made a call of its own: the texts of that one are masked")
            }
        };
        crate::diag::warn_once(code, text);
    }
}

/// See the module.
pub(super) struct Watched {
    scrubber: Box<dyn Scrub>,
    /// How often in a row it overran its time.
    overruns: AtomicU32,
    /// Until when it rests.
    rests: AtomicU64,
    /// Since when a run goes on, of one of them where there are several; 0 where none does.
    since: AtomicU64,
}

impl Watched {
    pub(super) fn new(scrubber: impl Scrub + 'static) -> Self {
        let zero = || AtomicU64::new(0);
        Self { scrubber: Box::new(scrubber), overruns: AtomicU32::new(0), rests: zero(), since: zero() }
    }

    /// The changed text, or `None` if there was nothing to change. `begun` is when the text's first
    /// scrubber was begun; all of them together have `limit`.
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
        if now < self.rests.load(Ordering::Relaxed) {
            return Err(Failed::Rests);
        }
        let since = self.since.load(Ordering::Relaxed);
        if since != 0 && now.saturating_sub(since) > micros(limit) {
            return Err(Failed::Hangs);
        }
        let first = self.since.compare_exchange(0, now, Ordering::Relaxed, Ordering::Relaxed).is_ok();
        let result = guarded::run(UserCode::Scrubber, || self.scrubber.scrub(text, place, hit));
        if first {
            self.since.store(0, Ordering::Relaxed);
        }
        let changed = result.ok_or(Failed::Panicked)?;
        if begun.elapsed() > limit {
            if self.overruns.fetch_add(1, Ordering::Relaxed) + 1 >= OVERRUNS {
                self.rests.store(self::now() + micros(REST), Ordering::Relaxed);
            }
            return Err(Failed::TooLong);
        }
        self.overruns.store(0, Ordering::Relaxed);
        Ok(changed)
    }
}

/// Microseconds since the first scrubber ran; never 0.
fn now() -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    micros(START.get_or_init(Instant::now).elapsed()) + 1
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX / 2).min(u64::MAX / 2)
}
