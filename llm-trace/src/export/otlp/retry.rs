//! Retries: when, and after which delay.

use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant};

use super::refusal::RefusalKind;
use crate::export::shutdown_deadline;
use crate::export::shutdown_deadline::ShutdownDeadline;

/// The time limit of a batch, however often the destination asks for a retry.
const ALL: Duration = Duration::from_secs(60);
const FIRST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(5);
/// The minimum delay, whatever the destination asks for: a `Retry-After` of 0 must not cause a flood.
const FLOOR: Duration = Duration::from_millis(100);

/// The attempts of one batch.
#[derive(Debug)]
pub(crate) struct Tries {
    deadline: ShutdownDeadline,
    /// The limit of one attempt.
    limit: Duration,
    end: Instant,
    next: Duration,
    /// The minimum of the delay that the destination asks for.
    floor: Duration,
    /// The last attempt during the shutdown was made.
    last: bool,
}

impl Tries {
    pub(crate) fn new(deadline: &ShutdownDeadline, limit: Duration) -> Self {
        let end_of_tries = shutdown_deadline::deadline(ALL.max(limit));
        Self { deadline: deadline.clone(), limit, end: end_of_tries, next: FIRST, floor: FLOOR, last: false }
    }

    /// The time limit of the next attempt.
    pub(crate) fn left(&self) -> Duration {
        self.all_left().min(self.limit)
    }

    fn all_left(&self) -> Duration {
        let end = self.deadline.end().map_or(self.end, |closing| closing.min(self.end));
        end.saturating_duration_since(Instant::now())
    }

    /// Waits before the next attempt. Returns false if there is none.
    pub(crate) fn again(&mut self, kind: RefusalKind) -> bool {
        let asked = match kind {
            RefusalKind::Unreachable => None,
            RefusalKind::Later(asked) => asked,
            RefusalKind::Unanswered | RefusalKind::TooLarge | RefusalKind::Rejected => return false,
        };
        let closing = self.deadline.end().is_some();
        // During the shutdown there is one attempt without a delay, in case only the connection was closed.
        if closing && kind == RefusalKind::Unreachable {
            return !std::mem::replace(&mut self.last, true);
        }
        // The minimum rises with every attempt, so that a destination that always asks for short delays is not trusted.
        let wait = asked.map_or_else(|| jitter(self.next), |asked| asked.max(self.floor));
        self.floor = self.floor.saturating_mul(2).min(LONGEST);
        self.next = self.next.saturating_mul(2).min(LONGEST);
        if wait >= self.all_left() {
            return false;
        }
        if closing {
            std::thread::sleep(wait);
        } else {
            self.deadline.wait(wait);
        }
        true
    }
}

/// A random delay between half of `time` and all of it, so that many programs do not retry at the same time.
fn jitter(time: Duration) -> Duration {
    let random = RandomState::new().hash_one(0u8) % 1000;
    time.mul_f64(0.5 + random as f64 / 2000.0)
}
