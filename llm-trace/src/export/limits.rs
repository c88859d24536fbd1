//! Limits of queues and batches.

use std::time::Duration;

use super::error::ConfigError;

/// The upper bound of a queue's and a batch's record limit.
pub(crate) const MOST_RECORDS: Bound = Bound { most: 1_000_000, expected: "at most 1000000 spans" };
/// The upper bound of a span's attribute limit.
pub(crate) const MOST_ATTRIBUTES: Bound = Bound { most: 1_000_000, expected: "at most 1000000 attributes" };
/// The upper bound of a queue's byte limit.
pub(crate) const MOST_WAITING: Bound = Bound { most: 1_000_000_000_000, expected: "at most 1000000000000 bytes" };
/// The upper bound of a request's byte limit.
pub(crate) const MOST_AT_ONCE: Bound = Bound { most: 1_000_000_000, expected: "at most 1000000000 bytes" };
/// The longest duration in milliseconds: 24 days.
pub(crate) const LONGEST_MILLIS: Bound = Bound { most: 2_147_483_647, expected: "at most 2147483647 milliseconds" };

/// The largest accepted value of a number, with its text for errors.
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

/// A duration set in code, limited so that it can be added to the current time.
pub(crate) fn at_most_longest(time: Duration) -> Duration {
    time.min(Duration::from_millis(LONGEST_MILLIS.most))
}

/// The limits of a queue and its batches.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Limits {
    /// The maximum number of queued records.
    pub(crate) queue_records: usize,
    /// The maximum number of queued and exporting bytes.
    pub(crate) queue_bytes: usize,
    pub(crate) batch_records: usize,
    /// The maximum number of encoded bytes.
    pub(crate) batch_bytes: usize,
    /// The longest time that a record waits for its batch to fill.
    pub(crate) delay: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            queue_records: 2048,
            queue_bytes: 64 << 20,
            batch_records: 512,
            // gRPC servers accept 4 MiB by default; the difference leaves room for the resource and framing.
            batch_bytes: 3_500_000,
            delay: Duration::from_secs(5),
        }
    }
}

impl Limits {
    /// Returns an error for the first number that is out of bounds, with the name of its method.
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

pub(crate) const EXPORT_TIMEOUT: Duration = Duration::from_secs(10);
