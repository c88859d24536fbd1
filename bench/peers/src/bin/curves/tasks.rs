//! Calls of many tasks without a network, with raw spans of the SDK as the floor.

use std::sync::Arc;
use std::time::{Duration, Instant};

use llm_trace::{Capture, llm_call};
use llm_trace_peers::Error;
use opentelemetry::trace::{Span as _, SpanKind, Tracer as _, TracerProvider as _};
use opentelemetry_sdk::trace::SdkTracer;
use plotters::chart::SeriesLabelPosition;
use serde_json::Value;
use tokio::runtime::Runtime;
use tracing::Dispatch;
use tracing::instrument::WithSubscriber as _;

use crate::Effort;
use crate::attributes::{early, late};
use crate::chart::{Chart, Line};
use crate::payload::{request, response};
use crate::telemetry::{dropping, subscriber};

const TASKS_PER_CORE: [usize; 3] = [1, 4, 16];

/// A call that takes no time of its own.
#[llm_call(provider = "openai", request = request, server = "https://api.openai.com", response = |_: &usize| response)]
pub fn call(request: &Value, response: &Value) -> usize {
    request.as_object().map_or(0, |fields| fields.len()) + response.as_object().map_or(0, |fields| fields.len())
}

/// A span with the attributes of a call.
fn raw_span(tracer: &SdkTracer) {
    let builder = tracer.span_builder("chat gpt-4o-mini").with_kind(SpanKind::Client).with_attributes(early());
    let mut span = builder.start(tracer);
    span.set_attributes(late());
    span.end();
}

/// Runs `work` in this number of tasks for a time, and returns how often it ran per second.
fn per_second(
    runtime: &Runtime,
    tasks: usize,
    time: Duration,
    subscriber: &Dispatch,
    work: impl Fn() + Clone + Send + 'static,
) -> Result<f64, Error> {
    let started = Instant::now();
    let ran = runtime.block_on(async {
        let spawn = |_| {
            let work = work.clone();
            let task = async move {
                let mut ran = 0_u32;
                while ran == 0 || started.elapsed() < time {
                    work();
                    ran += 1;
                    tokio::task::yield_now().await;
                }
                ran
            };
            tokio::spawn(task.with_subscriber(subscriber.clone()))
        };
        let tasks: Vec<_> = (0..tasks).map(spawn).collect();
        let mut ran = 0_u64;
        for task in tasks {
            ran += u64::from(task.await?);
        }
        Ok::<_, Error>(ran)
    })?;
    Ok(ran as f64 / started.elapsed().as_secs_f64())
}

pub fn chart(effort: Effort) -> Result<Chart, Error> {
    let cores = std::thread::available_parallelism()?.get();
    let runtime = tokio::runtime::Builder::new_multi_thread().build()?;
    let (mut floor, mut ours) = (Line::new("raw spans of the SDK, 20 attributes"), Line::new("#[llm_call]"));
    let payload = Arc::new((request(), response()));
    for per_core in TASKS_PER_CORE {
        let mut best = [0.0_f64; 2];
        for _ in 0..effort.rounds {
            let (tracer, payload) = (dropping().tracer("curves"), payload.clone());
            let spans = move || raw_span(&tracer);
            let calls = move || {
                call(&payload.0, &payload.1);
            };
            let tasks = cores * per_core;
            best[0] = best[0].max(per_second(&runtime, tasks, effort.time, &Dispatch::none(), spans)?);
            best[1] = best[1].max(per_second(&runtime, tasks, effort.time, &subscriber(Capture::Off), calls)?);
        }
        let x = per_core as f64;
        floor.points.push((x, best[0]));
        ours.points.push((x, best[1]));
    }
    Ok(Chart {
        file: "tasks-per-core",
        title: "Calls per second of all cores, without a network",
        x: "tasks per core",
        y: "calls per second",
        legend: SeriesLabelPosition::LowerLeft,
        floors: vec![floor],
        lines: vec![ours],
    })
}
