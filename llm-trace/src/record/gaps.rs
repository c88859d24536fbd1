//! The times between a stream's chunks, in constant memory.

use crate::semconv::metric::SECONDS;

/// Times between chunks, counted in the histogram's buckets.
///
/// Metric attributes are known only at the end of the stream, and the number of chunks is unlimited. The values
/// recorded then have the same count per bucket, sum, minimum and maximum.
#[derive(Clone, Debug)]
pub(crate) struct Gaps([Gap; SECONDS.len() + 1]);

#[derive(Clone, Copy, Debug)]
struct Gap {
    count: u64,
    sum: f64,
    least: f64,
    greatest: f64,
}

impl Default for Gaps {
    fn default() -> Self {
        Self([Gap { count: 0, sum: 0.0, least: f64::INFINITY, greatest: 0.0 }; SECONDS.len() + 1])
    }
}

impl Gaps {
    /// Adds a time in seconds.
    pub(crate) fn add(&mut self, seconds: f64) {
        let gap = &mut self.0[SECONDS.partition_point(|bound| *bound < seconds)];
        gap.count += 1;
        gap.sum += seconds;
        gap.least = gap.least.min(seconds);
        gap.greatest = gap.greatest.max(seconds);
    }

    /// Passes each time to `record`, in seconds.
    pub(crate) fn each(&self, mut record: impl FnMut(f64)) {
        for gap in self.0.iter().filter(|gap| gap.count > 0) {
            record(gap.greatest);
            if gap.count > 1 {
                record(gap.least);
            }
            if gap.count > 2 {
                let between = (gap.count - 2) as f64;
                // Rounding must not move the mean to another bucket.
                let mean = ((gap.sum - gap.least - gap.greatest) / between).clamp(gap.least, gap.greatest);
                for _ in 2..gap.count {
                    record(mean);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_sum_least_and_greatest_are_those_of_the_times() {
        let times: Vec<f64> = (1..500).map(|n| f64::from(n * n) * 0.0005).chain([0.01, 0.02, 900.0]).collect();
        let mut gaps = Gaps::default();
        times.iter().for_each(|time| gaps.add(*time));
        let mut recorded = Vec::new();
        gaps.each(|time| recorded.push(time));
        let histogram = |times: &[f64]| {
            let mut counts = [0; SECONDS.len() + 1];
            times.iter().for_each(|time| counts[SECONDS.iter().filter(|bound| *bound < time).count()] += 1);
            counts
        };
        assert_eq!(histogram(&recorded), histogram(&times));
        let sums: (f64, f64) = (recorded.iter().sum(), times.iter().sum());
        assert!((sums.0 - sums.1).abs() < 1e-6, "{sums:?}");
        assert_eq!(recorded.iter().copied().fold(0.0, f64::max), 900.0);
        assert_eq!(recorded.iter().copied().fold(f64::MAX, f64::min), 0.0005);
    }
}
