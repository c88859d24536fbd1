//! Foreign spans: the baseline, tracing-opentelemetry alone, and another crate's span behind the guard.

use std::hint::black_box;

use llm_trace::{Capture, Policy, PolicyHandle, RedactProcessor};
use opentelemetry::KeyValue;
use opentelemetry::trace::{Span as _, SpanKind, TraceContextExt as _, Tracer as _, TracerProvider as _};
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::Dispatch;
use tracing::dispatcher::with_default;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::prelude::*;

use crate::attributes::{early, late};
use crate::null::Null;

/// A raw SDK span with the attributes of a call: the minimum for any implementation.
pub(crate) fn floor(times: u64) {
    let tracer = SdkTracerProvider::builder().with_span_processor(Null).build().tracer("bench");
    for _ in 0..times {
        let builder = tracer.span_builder("chat gpt-4o-mini").with_kind(SpanKind::Client).with_attributes(early());
        let mut span = builder.start(&tracer);
        span.set_attributes(late());
        span.end();
    }
}

/// A `tracing` span with the same attributes, set manually with the smallest possible layer.
pub(crate) fn by_hand(times: u64) {
    let tracer = SdkTracerProvider::builder().with_span_processor(Null).build().tracer("bench");
    let layer = tracing_opentelemetry::layer()
        .with_tracer(tracer)
        .with_location(false)
        .with_threads(false)
        .with_target(false)
        .with_tracked_inactivity(false);
    with_default(&Dispatch::new(tracing_subscriber::registry().with(layer)), || {
        for _ in 0..times {
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
            span.in_scope(|| black_box(()));
            span.context().span().set_attributes(late());
        }
    });
}

/// Attributes that an HTTP client sets for a request.
fn http() -> Vec<KeyValue> {
    vec![
        KeyValue::new("http.request.method", "POST"),
        KeyValue::new("url.full", "https://api.example.com/v1/items?page=2".to_owned()),
        KeyValue::new("server.address", "api.example.com".to_owned()),
        KeyValue::new("server.port", 443_i64),
        KeyValue::new("http.response.status_code", 200_i64),
        KeyValue::new("network.protocol.version", "1.1"),
        KeyValue::new("user_agent.original", "items/1.0"),
        KeyValue::new("http.request.body.size", 512_i64),
        KeyValue::new("http.request.resend_count", 0_i64),
        KeyValue::new("url.template", "/v1/items"),
    ]
}

/// Another crate's spans with ten attributes each; `guarded` adds the guards of `init()`.
pub(crate) fn foreign(times: u64, guarded: bool) {
    let builder = SdkTracerProvider::builder();
    let policy = PolicyHandle::new(Policy::new().capture(Capture::Off));
    let builder = if guarded {
        builder.with_span_processor(RedactProcessor::new(Null, &policy))
    } else {
        builder.with_span_processor(Null)
    };
    let tracer = builder.build().tracer("bench");
    for _ in 0..times {
        let mut span = tracer.span_builder("POST").with_kind(SpanKind::Client).with_attributes(http()).start(&tracer);
        span.end();
    }
}
