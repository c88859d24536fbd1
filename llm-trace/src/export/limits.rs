//! How much may wait, and how much goes at once.

use std::time::Duration;

use super::error::ConfigError;

/// The most records that may wait, or go at once.
pub(crate) const MOST_RECORDS: Bound = Bound { most: 1_000_000, expected: "at most 1000000 spans" };
/// The most attributes of a span.
pub(crate) const MOST_ATTRIBUTES: Bound = Bound { most: 1_000_000, expected: "at most 1000000 attributes" };
/// The most bytes that may wait.
pub(crate) const MOST_WAITING: Bound = Bound { most: 1_000_000_000_000, expected: "at most 1000000000000 bytes" };
/// The most bytes in one request.
pub(crate) const MOST_AT_ONCE: Bound = Bound { most: 1_000_000_000, expected: "at most 1000000000 bytes" };
/// The longest time, in milliseconds: 24 days.
pub(crate) const LONGEST_MILLIS: Bound = Bound { most: 2_147_483_647, expected: "at most 2147483647 milliseconds" };

/// The largest value of a number from outside, in words as well.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bound {
    pub(crate) most: u64,
    pub(crate) expected: &'static str,
}

impl Bound {
    pub(crate) fn allows(self, number: usize) -> bool {
        u64::try_from(number).is_ok_and(|number| number <= self.most)
    }
}

/// A time from code, cut to what a clock can add to now.
pub(crate) fn at_most_longest(time: Duration) -> Duration {
    time.min(Duration::from_millis(LONGEST_MILLIS.most))
}

/// How much waits, and how much goes at once.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Limits {
    /// Records that may wait.
    pub(crate) queue_records: usize,
    /// Bytes that may wait, those being sent included.
    pub(crate) queue_bytes: usize,
    pub(crate) batch_records: usize,
    /// Of encoded records.
    pub(crate) batch_bytes: usize,
    /// The longest that a record waits for others.
    pub(crate) delay: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            queue_records: 2048,
            queue_bytes: 64 << 20,
            batch_records: 512,
            // gRPC servers take 4 MiB unless told otherwise; the rest is for resource and framing.
            batch_bytes: 3_500_000,
            delay: Duration::from_secs(5),
        }
    }
}

impl Limits {
    /// An error that names the first number that is out of bounds, by the name of its method.
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        let numbers = [
            ("max_queue_spans", self.queue_records, MOST_RECORDS),
            ("max_batch_spans", self.batch_records, MOST_RECORDS),
            ("max_queue_bytes", self.queue_bytes, MOST_WAITING),
            ("max_batch_bytes", self.batch_bytes, MOST_AT_ONCE),
        ];
        match numbers.into_iter().find(|(_, number, bound)| !bound.allows(*number)) {
            None => Ok(()),
            Some((name, number, bound)) => Err(ConfigError::Number {
                variable: name.to_owned(),
                value: number.to_string(),
                expected: bound.expected,
            }),
        }
    }
}
