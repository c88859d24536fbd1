//! Spans, values and events of another crate, without content, through a plain layer and through `RedactLayer`.

use std::fmt::Debug;
use std::hint::black_box;

use llm_trace::{Capture, Policy};
use tracing::dispatcher::with_default;
use tracing::field::{Empty, Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Dispatch, Event, Subscriber, info, info_span};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::prelude::*;
use tracing_subscriber::registry::LookupSpan;

/// Visits each field and keeps no value.
struct Looks;

struct Look;

impl Visit for Look {
    fn record_debug(&mut self, _: &Field, value: &dyn Debug) {
        black_box(value);
    }
}

impl<S: Subscriber + for<'l> LookupSpan<'l>> Layer<S> for Looks {
    fn on_new_span(&self, attributes: &Attributes<'_>, _: &Id, _: Context<'_, S>) {
        attributes.record(&mut Look);
    }
    fn on_record(&self, _: &Id, values: &Record<'_>, _: Context<'_, S>) {
        values.record(&mut Look);
    }
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        event.record(&mut Look);
    }
}

fn subscriber(redacted: bool) -> Dispatch {
    if !redacted {
        return Dispatch::new(tracing_subscriber::registry().with(Looks));
    }
    let layer = llm_trace::redact(Looks).with_policy(Policy::new().capture(Capture::Span));
    Dispatch::new(tracing_subscriber::registry().with(layer))
}

fn spans(times: u64) {
    for _ in 0..times {
        let span = info_span!("query", db.system = "postgresql", db.name = "app", rows = 3_i64, pooled = true);
        span.in_scope(|| black_box(()));
    }
}

fn records(times: u64) {
    let span = info_span!("query", db.system = "postgresql", rows = Empty);
    for _ in 0..times {
        span.record("rows", black_box(3_i64));
    }
}

fn events(times: u64) {
    let span = info_span!("query", db.system = "postgresql");
    let _entered = span.enter();
    for _ in 0..times {
        info!(rows = black_box(3_i64), "rows were read");
    }
}

/// Runs the workload of this name; returns false if there is none.
///
/// `_after` runs after the program has created a span inside a call, `_below` inside a call without masks.
pub(crate) fn run(workload: &str, times: u64) -> bool {
    let (what, redacted) = workload.split_once('_').map_or((workload, None), |(what, how)| (what, Some(how)));
    let run: fn(u64) = match what {
        "spans" => spans,
        "records" => records,
        "events" => events,
        _ => return false,
    };
    with_default(&subscriber(redacted.is_some()), || {
        match redacted {
            None | Some("redacted") => run(times),
            Some("after") => {
                llm_trace::scope().run(|| spans(1));
                run(times);
            }
            Some("below") => llm_trace::scope().run(|| run(times)),
            Some(_) => return false,
        }
        true
    })
}
