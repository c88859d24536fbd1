//! Trying again: when, and how long to wait before.

use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant};

use super::shutdown_deadline;
use super::shutdown_deadline::ShutdownDeadline;
use super::transport::RefusalKind;

/// The bound for one batch, however often the other side asks for another try.
const ALL: Duration = Duration::from_secs(60);
const FIRST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(5);
/// The least that is waited, whatever the other side asks for: a `Retry-After` of 0 must not make a flood.
const FLOOR: Duration = Duration::from_millis(100);

/// The tries of one batch.
#[derive(Debug)]
pub(crate) struct Tries {
    deadline: ShutdownDeadline,
    /// For one try.
    limit: Duration,
    end: Instant,
    next: Duration,
    /// For the time that the other side asks for.
    floor: Duration,
    /// A last try was had on the way out.
    last: bool,
}

impl Tries {
    pub(crate) fn new(deadline: &ShutdownDeadline, limit: Duration) -> Self {
        let end_of_tries = shutdown_deadline::deadline(ALL.max(limit));
        Self { deadline: deadline.clone(), limit, end: end_of_tries, next: FIRST, floor: FLOOR, last: false }
    }

    /// The time for the next try.
    pub(crate) fn left(&self) -> Duration {
        self.all_left().min(self.limit)
    }

    fn all_left(&self) -> Duration {
        let end = self.deadline.end().map_or(self.end, |closing| closing.min(self.end));
        end.saturating_duration_since(Instant::now())
    }

    /// Waits for the next try and says whether there is one.
    pub(crate) fn again(&mut self, kind: RefusalKind) -> bool {
        let asked = match kind {
            RefusalKind::Unreachable => None,
            RefusalKind::Later(asked) => asked,
            RefusalKind::Unanswered | RefusalKind::TooLarge | RefusalKind::Rejected => return false,
        };
        let closing = self.deadline.end().is_some();
        // On the way out nobody waits for an endpoint that is not there; a connection that was closed is made anew.
        if closing && kind == RefusalKind::Unreachable {
            return !std::mem::replace(&mut self.last, true);
        }
        // What is asked for again and again is not believed: the floor rises with every try.
        let wait = asked.map_or_else(|| jitter(self.next), |asked| asked.max(self.floor));
        self.floor = (self.floor * 2).min(LONGEST);
        self.next = (self.next * 2).min(LONGEST);
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

/// Between half and all of it, so that many programs do not come back at once.
fn jitter(time: Duration) -> Duration {
    let random = RandomState::new().hash_one(0u8) % 1000;
    time / 2 + time.mul_f64(random as f64 / 2000.0)
}
