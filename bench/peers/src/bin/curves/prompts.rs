//! One call with a prompt of growing length as JSON bytes, with parsing and printing of the same bytes as the floor.

use std::hint::black_box;
use std::time::Instant;

use llm_trace::{Capture, llm_call};
use llm_trace_peers::Error;
use plotters::chart::SeriesLabelPosition;
use serde_json::Value;
use tracing::dispatcher::with_default;

use crate::Effort;
use crate::chart::{Chart, Line};
use crate::payload::{long_request, response};
use crate::telemetry::subscriber;

const LENGTHS: [usize; 5] = [1_000, 10_000, 100_000, 1_000_000, 10_000_000];

/// A call that takes no time of its own.
#[llm_call(provider = "openai", request = request, server = "https://api.openai.com", response = |_: &usize| response)]
fn call(request: &[u8], response: &[u8]) -> usize {
    request.len() + response.len()
}

/// Reads a request and a response into values, and prints them.
fn parse_and_print(request: &[u8], response: &[u8]) -> Result<(), Error> {
    for text in [request, response] {
        let parsed: Value = serde_json::from_slice(text)?;
        black_box(serde_json::to_vec(&parsed)?);
    }
    Ok(())
}

/// The least microseconds of one run.
pub fn least_micros(effort: Effort, mut work: impl FnMut() -> Result<(), Error>) -> Result<f64, Error> {
    let started = Instant::now();
    let mut least = f64::MAX;
    while least == f64::MAX || started.elapsed() < effort.time {
        let start = Instant::now();
        work()?;
        least = least.min(start.elapsed().as_secs_f64() * 1e6);
    }
    Ok(least)
}

pub fn chart(effort: Effort) -> Result<Chart, Error> {
    let mut floor = Line::new("serde_json: parse and print");
    let (mut off, mut on) = (Line::new("#[llm_call], content off"), Line::new("#[llm_call], content on"));
    let response = response().to_string();
    for length in LENGTHS {
        let (request, response) = (long_request(length).to_string(), response.as_str());
        let (request, response) = (request.as_bytes(), response.as_bytes());
        let x = length as f64;
        floor.points.push((x, least_micros(effort, || parse_and_print(request, response))?));
        for (line, capture) in [(&mut off, Capture::Off), (&mut on, Capture::Span)] {
            let micros = with_default(&subscriber(capture), || {
                least_micros(effort, || {
                    call(request, response);
                    Ok(())
                })
            });
            line.points.push((x, micros?));
        }
    }
    Ok(Chart {
        file: "prompt-length",
        title: "A call by the length of its prompt, without a network",
        x: "bytes of the prompt",
        y: "microseconds",
        legend: SeriesLabelPosition::UpperLeft,
        floors: vec![floor],
        lines: vec![off, on],
    })
}
