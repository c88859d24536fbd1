//! Concurrent streams over loopback, with the same streams without tracing as the floor.

use std::sync::Arc;
use std::time::{Duration, Instant};

use llm_trace::Capture;
use llm_trace_peers::annotated::Annotated;
use llm_trace_peers::exported::v033;
use llm_trace_peers::plain::Plain;
use llm_trace_peers::{Calls, Error, provider};
use opentelemetry_sdk::trace::SdkTracerProvider;
use plotters::chart::SeriesLabelPosition;
use tokio::runtime::Runtime;
use tracing::Dispatch;
use tracing::instrument::WithSubscriber as _;

use crate::Effort;
use crate::chart::{Chart, Line};
use crate::telemetry::subscriber_of;

const CONCURRENT: [usize; 4] = [1, 10, 100, 1_000];

/// The times of all streams, and their number per second.
struct Measured {
    times: Vec<Duration>,
    per_second: f64,
}

impl Measured {
    /// The milliseconds within which this part of the streams ended.
    fn percentile(&self, part: f64) -> f64 {
        let at = (self.times.len() as f64 * part) as usize;
        self.times.get(at.min(self.times.len().saturating_sub(1))).map_or(0.0, |time| time.as_secs_f64() * 1e3)
    }
}

/// Keeps this number of streams open until the time is over, and each task has made one at least.
async fn measure<C: Calls + Send + Sync + 'static>(
    calls: Arc<C>,
    concurrent: usize,
    time: Duration,
    subscriber: Dispatch,
) -> Result<Measured, Error> {
    let started = Instant::now();
    let tasks: Vec<_> = (0..concurrent)
        .map(|_| {
            let calls = calls.clone();
            let task = async move {
                let mut times = Vec::new();
                while times.is_empty() || started.elapsed() < time {
                    let start = Instant::now();
                    calls.stream().await?;
                    times.push(start.elapsed());
                }
                Ok::<_, Error>(times)
            };
            tokio::spawn(task.with_subscriber(subscriber.clone()))
        })
        .collect();
    let mut times = Vec::new();
    for task in tasks {
        times.append(&mut task.await??);
    }
    let per_second = times.len() as f64 / started.elapsed().as_secs_f64();
    times.sort_unstable();
    Ok(Measured { times, per_second })
}

/// The best values of all rounds: the calls per second, and two percentiles.
#[derive(Clone, Copy)]
struct Best([f64; 3]);

impl Best {
    const START: Best = Best([0.0, f64::MAX, f64::MAX]);

    fn update(&mut self, measured: &Measured) {
        let [per_second, middle, most] = self.0;
        self.0 = [
            per_second.max(measured.per_second),
            middle.min(measured.percentile(0.5)),
            most.min(measured.percentile(0.99)),
        ];
    }
}

/// The floor and the traced streams, with this number at the same time.
fn measure_both(runtime: &Runtime, plain: &Plain, concurrent: usize, effort: Effort) -> Result<[Best; 2], Error> {
    let mut best = [Best::START; 2];
    for _ in 0..effort.rounds {
        let (processor, exported) = v033::processor();
        let provider = SdkTracerProvider::builder().with_span_processor(processor).build();
        let traced = Arc::new(Annotated(plain.clone()));
        let traced = measure(traced, concurrent, effort.time, subscriber_of(&provider, Capture::Off));
        let traced = runtime.block_on(traced)?;
        provider.force_flush()?;
        if exported.totals().spans != traced.times.len() as u64 {
            return Err(format!("{} spans of {} streams", exported.totals().spans, traced.times.len()).into());
        }
        let floor = Arc::new(plain.clone());
        let floor = runtime.block_on(measure(floor, concurrent, effort.time, Dispatch::none()))?;
        best[0].update(&floor);
        best[1].update(&traced);
    }
    Ok(best)
}

/// The calls per second, and the time of a stream.
pub fn charts(effort: Effort) -> Result<[Chart; 2], Error> {
    let plain = Plain::new(&format!("http://{}/v1", provider::start()?));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let names = ["without tracing", "#[llm_call]"];
    let mut rates = names.map(Line::new);
    let mut times =
        ["p50 without tracing", "p99 without tracing", "p50 with #[llm_call]", "p99 with #[llm_call]"].map(Line::new);
    for concurrent in CONCURRENT {
        let x = concurrent as f64;
        for (at, Best([per_second, middle, most])) in
            measure_both(&runtime, &plain, concurrent, effort)?.into_iter().enumerate()
        {
            rates[at].points.push((x, per_second));
            times[2 * at].points.push((x, middle));
            times[2 * at + 1].points.push((x, most));
        }
    }
    let [floor, ours] = rates;
    let [floor_middle, floor_most, middle, most] = times;
    Ok([
        Chart {
            file: "streams-per-second",
            title: "Streams of 50 chunks per second, over loopback",
            x: "concurrent streams",
            y: "streams per second",
            legend: SeriesLabelPosition::LowerLeft,
            floors: vec![floor],
            lines: vec![ours],
        },
        Chart {
            file: "stream-latency",
            title: "Time of a stream of 50 chunks, over loopback",
            x: "concurrent streams",
            y: "milliseconds",
            legend: SeriesLabelPosition::UpperLeft,
            floors: vec![floor_middle, floor_most],
            lines: vec![middle, most],
        },
    ])
}
