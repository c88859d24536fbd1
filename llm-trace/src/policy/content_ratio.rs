//! Selects a share of the traces by trace id.

use crate::otel::TraceId;

/// A share of all traces. Every process with the same ratio selects the same traces.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Share(u64);

impl Default for Share {
    fn default() -> Self {
        Self::ALL
    }
}

impl Share {
    const ALL: Share = Share(u64::MAX);

    /// Takes a ratio from 0 to 1. NaN counts as 0.
    pub(super) fn new(ratio: f64) -> Self {
        // The cast saturates, and maps NaN to 0.
        Self((ratio * u64::MAX as f64) as u64)
    }

    pub(super) fn is_all(self) -> bool {
        self == Self::ALL
    }

    /// Whether the trace is in the share. Spans without a trace are included only if the share is 1.
    pub(super) fn has(self, trace: TraceId) -> bool {
        self.is_all() || (trace != TraceId::INVALID && mixed(trace) < self.0)
    }

    /// The ratio, from 0 to 1.
    pub(super) fn ratio(self) -> f64 {
        self.0 as f64 / u64::MAX as f64
    }
}

/// Mixes the bits of the id. Samplers use its last bytes directly, so an unmixed share would depend on the sampling.
fn mixed(trace: TraceId) -> u64 {
    let id = u128::from_be_bytes(trace.to_bytes());
    let mut bits = (id as u64) ^ ((id >> 64) as u64).rotate_left(32);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids() -> impl Iterator<Item = TraceId> {
        (1..=10_000u128).map(|n| TraceId::from(n.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)))
    }

    #[test]
    fn a_share_is_as_large_as_it_says_and_part_of_every_larger_one() {
        for (ratio, least, most) in
            [(0.0, 0, 0), (0.01, 50, 150), (0.1, 850, 1150), (0.5, 4800, 5200), (1.0, 10_000, 10_000)]
        {
            let share = Share::new(ratio);
            let count = ids().filter(|id| share.has(*id)).count();
            assert!((least..=most).contains(&count), "{ratio}: {count}");
            assert!(ids().all(|id| !share.has(id) || Share::new(ratio + 0.2).has(id)));
            assert!((share.ratio() - ratio).abs() < 1e-9);
        }
        assert_eq!([f64::NAN, -1.0, f64::NEG_INFINITY].map(Share::new), [Share::new(0.0); 3]);
        assert!([1.0, 7.0, f64::INFINITY].map(Share::new).iter().all(|share| share.is_all()));
        assert!(!Share::new(0.999).has(TraceId::INVALID) && Share::ALL.has(TraceId::INVALID));
    }

    #[test]
    fn it_does_not_go_with_what_a_sampler_keeps() {
        // The SDK's sampler compares the last 8 bytes, halved, with the ratio.
        let sampled =
            |id: &TraceId| u64::from_be_bytes(id.to_bytes()[8..].try_into().unwrap_or_default()) >> 1 < u64::MAX / 20;
        let share = Share::new(0.5);
        let (all, kept) =
            ids().filter(sampled).fold((0, 0), |(all, kept), id| (all + 1, kept + u32::from(share.has(id))));
        assert!(all > 500 && (all * 2 / 5..=all * 3 / 5).contains(&kept), "{kept} of {all}");
    }
}
