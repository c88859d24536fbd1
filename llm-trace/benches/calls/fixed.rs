//! The fixed cost of a call, without content.

use std::sync::Barrier;

use llm_trace::llm_call;
use opentelemetry::trace::{Span as _, SpanKind, TraceContextExt as _, Tracer as _, TracerProvider as _};
use serde_json::Value;
use tracing::Dispatch;
use tracing::dispatcher::with_default;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::prelude::*;

use super::attributes::{early, late};
use super::setup::{content_off, ours, provider, request, response, sampled_out};
use super::table::Table;

pub(crate) const FLOOR: &str = "raw SDK span, 20 attributes (the floor)";
pub(crate) const BULK: &str = "trimmed tracing-opentelemetry, one bulk write";

pub(crate) fn floor(table: &mut Table) {
    let tracer = provider().tracer("bench");
    table.row(FLOOR, 1, || {
        let builder = tracer.span_builder("chat gpt-4o-mini").with_kind(SpanKind::Client).with_attributes(early());
        let mut span = builder.start(&tracer);
        span.set_attributes(late());
        span.end();
    });
}

pub(crate) fn bare(request: &Value, response: &Value) -> usize {
    std::hint::black_box(request).as_object().map_or(0, |o| o.len())
        + std::hint::black_box(response).as_object().map_or(0, |o| o.len())
}

#[llm_call(provider = "openai", request = request, server = "https://api.openai.com", response = |_: &usize| response)]
fn call(request: &Value, response: &Value) -> usize {
    bare(request, response)
}

#[tracing::instrument(skip_all, name = "chat", fields(gen_ai.operation.name = "chat", gen_ai.provider.name = "openai",
    gen_ai.request.model = "gpt-4o-mini", gen_ai.response.id = tracing::field::Empty,
    gen_ai.usage.input_tokens = tracing::field::Empty, gen_ai.usage.output_tokens = tracing::field::Empty,
    a1 = tracing::field::Empty, a2 = tracing::field::Empty, a3 = tracing::field::Empty, a4 = tracing::field::Empty,
    a5 = tracing::field::Empty, a6 = tracing::field::Empty, a7 = tracing::field::Empty, a8 = tracing::field::Empty,
    a9 = tracing::field::Empty, b1 = tracing::field::Empty, b2 = tracing::field::Empty, b3 = tracing::field::Empty,
    b4 = tracing::field::Empty, b5 = tracing::field::Empty))]
fn instrumented(request: &Value, response: &Value) -> usize {
    let span = tracing::Span::current();
    for key in ["gen_ai.response.id", "a1", "a2"] {
        span.record(key, "chatcmpl-8d3f");
    }
    for key in ["gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens", "a3", "a4", "a5", "a6", "a7"] {
        span.record(key, 120_i64);
    }
    for key in ["a8", "a9", "b1", "b2", "b3", "b4", "b5"] {
        span.record(key, 0.2);
    }
    bare(request, response)
}

fn bulk(request: &Value, response: &Value) -> usize {
    let span = tracing::info_span!(
        "chat",
        otel.name = "chat gpt-4o-mini",
        otel.kind = "client",
        gen_ai.operation.name = "chat",
        gen_ai.provider.name = "openai",
        gen_ai.request.model = "gpt-4o-mini",
        server.address = "api.openai.com",
        server.port = 443_i64
    );
    let result = span.in_scope(|| bare(request, response));
    span.context().span().set_attributes(late());
    result
}

/// No subscriber or layer records the call.
pub(crate) fn off(table: &mut Table) {
    let (request, response) = (&request(64), &response(64));
    table.row("bare function", 1, || bare(request, response));
    table.row_against("no subscriber", 1, Some("bare function"), || call(request, response));
    let level = Dispatch::new(tracing_subscriber::registry().with(tracing_subscriber::filter::LevelFilter::OFF));
    with_default(&level, || table.row_against("level off", 1, Some("bare function"), || call(request, response)));
    with_default(&Dispatch::new(tracing_subscriber::registry()), || {
        let make =
            || tracing::info_span!("chat", otel.name = "chat gpt-4o-mini", otel.kind = "client", a = 1, b = 2, c = 3);
        table.row("a tracing span, no layer", 1, || make().in_scope(|| bare(request, response)));
        table
            .row_against("layer absent, span enabled", 1, Some("a tracing span, no layer"), || call(request, response));
    });
}

/// Facts only: content is off.
pub(crate) fn metadata(table: &mut Table) {
    let (request, response) = (&request(64), &response(64));
    let plain = Dispatch::new(
        tracing_subscriber::registry().with(tracing_opentelemetry::layer().with_tracer(provider().tracer("bench"))),
    );
    with_default(&plain, || {
        table.row("#[instrument] and record()", 1, || instrumented(request, response));
        table.row("tracing-opentelemetry, one bulk write", 1, || bulk(request, response));
    });
    let trimmed = tracing_opentelemetry::layer()
        .with_tracer(provider().tracer("bench"))
        .with_location(false)
        .with_threads(false)
        .with_target(false)
        .with_tracked_inactivity(false);
    with_default(&Dispatch::new(tracing_subscriber::registry().with(trimmed)), || {
        table.row(BULK, 1, || bulk(request, response));
    });
    with_default(&ours(content_off()), || {
        table.row_against("call, facts only", 1, Some(BULK), || call(request, response));
    });
    let beside = tracing_subscriber::registry()
        .with(tracing_opentelemetry::layer().with_tracer(provider().tracer("bench")))
        .with(llm_trace::layer().with_policy(content_off()));
    with_default(&Dispatch::new(beside), || {
        let base = Some("tracing-opentelemetry, one bulk write");
        table.row_against("call beside a user's layer, facts only", 1, base, || call(request, response));
    });
    let layer = llm_trace::layer().with_policy(content_off()).with_tracer_provider(&sampled_out());
    with_default(&Dispatch::new(tracing_subscriber::registry().with(layer)), || {
        table.row("call, sampled out", 1, || call(request, response));
    });
}

/// The same call on several threads concurrently, compared with the SDK alone.
pub(crate) fn threads(table: &mut Table) {
    let (request, response) = (request(64), response(64));
    for count in [1_usize, 2, 4, 8] {
        let tracer = provider().tracer("bench");
        let sdk = format!("SDK span, {count} threads");
        table.row(&sdk, (count * PER_THREAD) as u64, || {
            on_threads(count, &Dispatch::none(), || {
                let mut span = tracer.span_builder("chat").with_attributes(early()).start(&tracer);
                span.set_attributes(late());
                span.end();
            });
        });
        let dispatch = ours(content_off());
        table.row_against(&format!("call, {count} threads"), (count * PER_THREAD) as u64, Some(&sdk), || {
            on_threads(count, &dispatch, || {
                call(&request, &response);
            });
        });
    }
}

const PER_THREAD: usize = 2_000;

fn on_threads(count: usize, dispatch: &Dispatch, f: impl Fn() + Sync) {
    let barrier = Barrier::new(count);
    std::thread::scope(|scope| {
        for _ in 0..count {
            scope.spawn(|| {
                with_default(dispatch, || {
                    barrier.wait();
                    for _ in 0..PER_THREAD {
                        f();
                    }
                });
            });
        }
    });
}
