//! Subscribers and payloads.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use llm_trace::{Capture, LlmLayer, Policy};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider, Span, SpanData, SpanProcessor};
use serde_json::{Value, json};
use tracing::Dispatch;
use tracing::dispatcher::with_default;
use tracing_subscriber::Registry;
use tracing_subscriber::prelude::*;

use super::null::Null;

/// Adds up the sizes of the spans' attributes.
#[derive(Debug, Default)]
struct Sizes(Arc<AtomicU64>);

impl SpanProcessor for Sizes {
    fn on_start(&self, _: &mut Span, _: &Context) {}
    fn on_end(&self, span: SpanData) {
        let size = |attribute: &KeyValue| attribute.key.as_str().len() + attribute.value.as_str().len();
        self.0.fetch_add(span.attributes.iter().map(size).sum::<usize>() as u64, Ordering::Relaxed);
    }
    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }
    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}

/// The number of bytes in the keys and values of the spans that `f` exports.
pub(crate) fn exported<R>(policy: Policy, f: impl FnOnce() -> R) -> u64 {
    let sizes = Sizes::default();
    let sum = sizes.0.clone();
    let provider = SdkTracerProvider::builder().with_span_processor(sizes).build();
    let layer: LlmLayer<Registry> = llm_trace::layer().with_policy(policy).with_tracer_provider(&provider);
    with_default(&Dispatch::new(tracing_subscriber::registry().with(layer)), f);
    sum.load(Ordering::Relaxed)
}

pub(crate) fn provider() -> SdkTracerProvider {
    SdkTracerProvider::builder().with_span_processor(Null).build()
}

pub(crate) fn sampled_out() -> SdkTracerProvider {
    SdkTracerProvider::builder().with_span_processor(Null).with_sampler(Sampler::AlwaysOff).build()
}

/// A subscriber with our layer and this policy.
pub(crate) fn ours(policy: Policy) -> Dispatch {
    let layer: LlmLayer<Registry> = llm_trace::layer().with_policy(policy);
    Dispatch::new(tracing_subscriber::registry().with(layer.with_tracer_provider(&provider())))
}

pub(crate) fn content_off() -> Policy {
    Policy::new()
}

pub(crate) fn content_on() -> Policy {
    Policy::new().capture(Capture::Span)
}

/// A request with a prompt of this length.
pub(crate) fn request(bytes: usize) -> Value {
    json!({
        "model": "gpt-4o-mini", "temperature": 0.2, "top_p": 0.9, "max_tokens": 400, "seed": 7,
        "frequency_penalty": 0.1, "presence_penalty": 0.1, "stop": ["END"],
        "messages": [{"role": "system", "content": "You are brief."}, {"role": "user", "content": text(bytes)}]
    })
}

/// A response with a text of this length.
pub(crate) fn response(bytes: usize) -> Value {
    json!({
        "id": "chatcmpl-8d3f", "object": "chat.completion", "created": 1_790_000_000, "model": "gpt-4o-mini-2024-07-18",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text(bytes)}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 120, "completion_tokens": 30, "prompt_tokens_details": {"cached_tokens": 100},
            "completion_tokens_details": {"reasoning_tokens": 4}},
        "service_tier": "default", "system_fingerprint": "fp_50906f2aac"
    })
}

fn text(bytes: usize) -> String {
    "The quick brown fox said \"yes\" and jumped over it.\n".chars().cycle().take(bytes).collect()
}
