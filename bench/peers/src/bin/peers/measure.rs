//! Measures one row in this process.

use llm_trace_peers::exported::{Exported, Totals};
use llm_trace_peers::provider::{stream_length, whole_length};
use llm_trace_peers::resources::{Used, resident};
use llm_trace_peers::{Calls, Error};
use tokio::runtime::Runtime;
use tracing::Dispatch;
use tracing::dispatcher::with_default;

use crate::figures::{Cost, Exports, Figures, Least, median};

/// The subscriber of the calls, and the exporter that counts.
pub struct Tracing {
    pub subscriber: Dispatch,
    pub exported: Exported,
    pub flush: Box<dyn Fn() -> Result<(), Error>>,
}

/// The number of blocks of whole calls and of streams, and of the calls in each.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    pub whole_blocks: u32,
    pub stream_blocks: u32,
    pub calls: u32,
}

#[derive(Clone, Copy)]
enum Kind {
    Whole,
    Stream,
}

/// Makes the calls of one block, and returns their cost per call.
fn block(runtime: &Runtime, calls: &impl Calls, kind: Kind, times: u32) -> Result<Least, Error> {
    let used = Used::now();
    runtime.block_on(async {
        for _ in 0..times {
            let (length, expected) = match kind {
                Kind::Whole => (calls.whole().await?, whole_length()),
                Kind::Stream => (calls.stream().await?, stream_length()),
            };
            if length != expected {
                return Err(format!("an answer has {length} bytes, not {expected}").into());
            }
        }
        Ok::<(), Error>(())
    })?;
    Ok(per_call(used, times))
}

/// The same with tracing, until all spans are exported. Returns the exported data, too.
fn traced_block(
    runtime: &Runtime,
    (calls, tracing): (&impl Calls, &Tracing),
    kind: Kind,
    times: u32,
) -> Result<(Least, Totals), Error> {
    let (before, used) = (tracing.exported.totals(), Used::now());
    with_default(&tracing.subscriber, || block(runtime, calls, kind, times))?;
    (tracing.flush)()?;
    Ok((per_call(used, times), tracing.exported.totals().since(before)))
}

fn per_call(used: Used, times: u32) -> Least {
    let (used, times) = (used.until_now(), f64::from(times));
    Least { micros: used.processor.as_secs_f64() * 1e6 / times, allocations: Some(used.allocations as f64 / times) }
}

/// Measures `floor` alone, or in turns with the traced calls.
pub fn measure(size: Size, floor: &impl Calls, traced: Option<(&impl Calls, &Tracing)>) -> Result<Figures, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let warm_up = size.calls.min(50);
    let kinds = [(Kind::Whole, size.whole_blocks), (Kind::Stream, size.stream_blocks)];
    let mut floors = [Least::START; 2];
    let mut costs = [Least::START; 2];
    let mut ratios = [Vec::new(), Vec::new()];
    let mut totals = [Totals::default(); 2];
    for (at, (kind, blocks)) in kinds.into_iter().enumerate() {
        // The traced calls come first: a callsite that is first met without a subscriber stays disabled.
        if let Some(traced) = traced {
            traced_block(&runtime, traced, kind, warm_up)?;
        }
        block(&runtime, floor, kind, warm_up)?;
        for _ in 0..blocks {
            let floor = block(&runtime, floor, kind, size.calls)?;
            floors[at] = floors[at].and(floor);
            if let Some(traced) = traced {
                let (cost, exported) = traced_block(&runtime, traced, kind, size.calls)?;
                costs[at] = costs[at].and(cost);
                ratios[at].push(cost.micros / floor.micros);
                totals[at].add(exported);
            }
        }
    }
    // Other programs slow down a block and its floor alike, so that their ratio varies less than both.
    for ((cost, floor), ratios) in costs.iter_mut().zip(floors).zip(ratios) {
        cost.micros = floor.micros * median(ratios);
    }
    let cost = |[call, stream]: [Least; 2]| Cost { call, stream };
    let [whole, stream] = totals;
    let exports = Exports {
        calls: u64::from(size.whole_blocks + size.stream_blocks) * u64::from(size.calls),
        spans: whole.spans + stream.spans,
        bytes: whole.bytes as f64 / f64::from(size.whole_blocks * size.calls),
        attributes: totals.map(|totals| totals.attributes as f64 / totals.spans.max(1) as f64),
    };
    Ok(Figures { floor: cost(floors), traced: traced.map(|_| (cost(costs), exports)), memory: resident() })
}
