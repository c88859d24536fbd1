//! Calls in one trace, with the same number of raw spans of the SDK as the floor.

use llm_trace::{Capture, llm_agent};
use llm_trace_peers::Error;
use opentelemetry::Context;
use opentelemetry::trace::{Span as _, SpanKind, TraceContextExt as _, Tracer as _, TracerProvider as _};
use opentelemetry_sdk::trace::SdkTracer;
use plotters::chart::SeriesLabelPosition;
use serde_json::Value;
use tracing::dispatcher::with_default;

use crate::Effort;
use crate::attributes::{early, late};
use crate::chart::{Chart, Line};
use crate::payload::{request, response};
use crate::prompts::least_micros;
use crate::tasks::call;
use crate::telemetry::{dropping, subscriber};

const SPANS: [u32; 5] = [1, 10, 100, 1_000, 10_000];

/// An agent that makes this number of calls.
#[llm_agent]
fn agent(calls: u32, request: &Value, response: &Value) {
    for _ in 0..calls {
        call(request, response);
    }
}

/// A span with children that have the attributes of a call.
fn raw_spans(tracer: &SdkTracer, spans: u32) {
    let parent = Context::new().with_span(tracer.start("invoke_agent agent"));
    for _ in 0..spans {
        let builder = tracer.span_builder("chat gpt-4o-mini").with_kind(SpanKind::Client).with_attributes(early());
        let mut span = builder.start_with_context(tracer, &parent);
        span.set_attributes(late());
        span.end();
    }
    parent.span().end();
}

pub fn chart(effort: Effort) -> Result<Chart, Error> {
    let (mut floor, mut ours) =
        (Line::new("raw spans of the SDK, 20 attributes"), Line::new("#[llm_call] in #[llm_agent]"));
    let tracer = dropping().tracer("curves");
    let (request, response) = (request(), response());
    for spans in SPANS {
        let (x, per_span) = (f64::from(spans), |micros: f64| micros / f64::from(spans));
        let raw = least_micros(effort, || {
            raw_spans(&tracer, spans);
            Ok(())
        });
        floor.points.push((x, per_span(raw?)));
        let calls = with_default(&subscriber(Capture::Off), || {
            least_micros(effort, || {
                agent(spans, &request, &response);
                Ok(())
            })
        });
        ours.points.push((x, per_span(calls?)));
    }
    Ok(Chart {
        file: "trace-length",
        title: "A call by the number of calls in its trace, without a network",
        x: "calls in the trace",
        y: "microseconds per call",
        legend: SeriesLabelPosition::UpperLeft,
        floors: vec![floor],
        lines: vec![ours],
    })
}
