//! The figures of one row, as its process reports them.

use serde::{Deserialize, Serialize};

/// The least that a block used, per call.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct Least {
    /// Processor time.
    pub micros: f64,
    /// `None` outside of Rust.
    pub allocations: Option<f64>,
}

/// The cost of whole calls and of streams.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct Cost {
    pub call: Least,
    pub stream: Least,
}

/// The exported data of the traced calls.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
pub struct Exports {
    /// The traced calls, whole and as streams.
    pub calls: u64,
    pub spans: u64,
    /// Per whole call.
    pub bytes: f64,
    /// Of the span of a whole call, and of a stream.
    pub attributes: [f64; 2],
}

/// One row, absolute.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct Figures {
    /// The same calls without tracing.
    pub floor: Cost,
    /// The calls with tracing, and their exported data.
    pub traced: Option<(Cost, Exports)>,
    /// Resident bytes in the end.
    pub memory: Option<u64>,
}

/// The middle of these values.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

impl Least {
    /// More than any block uses.
    pub const START: Least = Least { micros: f64::MAX, allocations: None };

    /// The lesser of both.
    pub fn and(self, other: Least) -> Least {
        let allocations = self.allocations.into_iter().chain(other.allocations).reduce(f64::min);
        Least { micros: self.micros.min(other.micros), allocations }
    }

    fn minus(self, floor: Least) -> Least {
        let allocations = self.allocations.zip(floor.allocations).map(|(all, floor)| all - floor);
        Least { micros: self.micros - floor.micros, allocations }
    }
}

impl Figures {
    /// The figures of one row in several processes: the least floor, and the middle of the cost of tracing in relation
    /// to it.
    pub fn merge(all: &[Figures]) -> Option<Figures> {
        let last = *all.last()?;
        let floor = all.iter().map(|figures| figures.floor).reduce(Cost::and)?;
        let costs = || all.iter().filter_map(|figures| Some((figures.traced?.0, figures.floor)));
        let call = median(costs().map(|(cost, floor)| cost.call.micros / floor.call.micros).collect());
        let stream = median(costs().map(|(cost, floor)| cost.stream.micros / floor.stream.micros).collect());
        let traced = last.traced.map(|(cost, exports)| {
            let mut cost = costs().map(|(cost, _)| cost).fold(cost, Cost::and);
            cost.call.micros = floor.call.micros * call;
            cost.stream.micros = floor.stream.micros * stream;
            (cost, exports)
        });
        Some(Figures { floor, traced, memory: all.iter().filter_map(|figures| figures.memory).max() })
    }
}

impl Cost {
    /// The lesser of both.
    pub fn and(self, other: Cost) -> Cost {
        Cost { call: self.call.and(other.call), stream: self.stream.and(other.stream) }
    }

    /// The amount added to `floor`.
    pub fn minus(self, floor: Cost) -> Cost {
        Cost { call: self.call.minus(floor.call), stream: self.stream.minus(floor.stream) }
    }

    /// The cost of one chunk: the difference between a stream and a whole call.
    pub fn chunk(self) -> Least {
        let chunks = f64::from(llm_trace_peers::provider::CHUNKS);
        let more = self.stream.minus(self.call);
        Least { micros: more.micros / chunks, allocations: more.allocations.map(|all| all / chunks) }
    }
}
