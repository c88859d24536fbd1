//! A guard whose policy is stricter than that of the layer, around the exporter of the calls.

use llm_trace::{Capture, LlmCall, LlmLayer, Operation, Policy, RedactProcessor, redact, scope};
use llm_trace_tests::collector::Collector;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::trace::{SdkTracerProvider, SimpleSpanProcessor};
use serde_json::json;
use tracing::{Dispatch, Subscriber};
use tracing_subscriber::prelude::*;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{Layer, Registry, registry};

use crate::support::seen;

/// The texts of a call's start, of its end, and of other code inside it.
const START: [&str; 1] = ["SENTINEL-name"];
const END: [&str; 5] = ["SENTINEL-question", "SENTINEL-answer", "SENTINEL-attribute", "SENTINEL-tag", "SENTINEL-error"];
const INSIDE: [&str; 2] = ["SENTINEL-event", "SENTINEL-field"];

/// Two calls: one with an answer and one with an error.
fn calls() {
    let request = json!({"model": "m", "messages": [{"role": "user", "content": END[0]}]});
    let answer = json!({"id": "c", "object": "chat.completion", "choices": [
        {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": END[1]}}]});
    let call = || LlmCall::builder(Operation::Chat).provider("openai").span_name(START[0]).request(&request);
    scope().tags([END[3]]).run(|| {
        call().run(|call| {
            tracing::info!("said {}", INSIDE[0]);
            tracing::info_span!("work", field = INSIDE[1]).in_scope(|| ());
            call.attribute("app.note", END[2]).response(&answer);
        });
        call().run(|call| call.fail(&std::io::Error::other(END[4])));
    });
}

fn strict() -> Policy {
    Policy::new().lock_masked().mask_metadata(true)
}

fn ours() -> LlmLayer<Registry> {
    llm_trace::layer().with_policy(Policy::new().capture(Capture::Span)).with_content_fields(true)
}

fn otel<S>(provider: &SdkTracerProvider) -> impl Layer<S> + use<S>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    tracing_opentelemetry::layer().with_tracer(provider.tracer("app"))
}

type Setup = fn(&SdkTracerProvider) -> Dispatch;

fn exported(setup: Setup, guarded: bool) -> Collector {
    let collector = Collector::start();
    let exporting = SimpleSpanProcessor::new(collector.exporter());
    let provider = match guarded {
        true => SdkTracerProvider::builder().with_span_processor(RedactProcessor::new(exporting, strict())),
        false => SdkTracerProvider::builder().with_span_processor(exporting),
    };
    tracing::dispatcher::with_default(&setup(&provider.build()), calls);
    assert_eq!(collector.spans().len(), 3);
    collector
}

/// A layer sees fields only. Attributes of a call pass processors.
#[test]
fn the_own_policy_of_a_wrapped_layer_covers_fields_and_not_the_attributes_that_a_call_writes() {
    let setups: [(Setup, bool, &[&str]); 6] = [
        (|to| registry().with(ours().with_tracer_provider(to)).into(), false, &[&START[..], &END, &INSIDE].concat()),
        (|to| registry().with(redact(ours().with_tracer_provider(to)).with_policy(strict())).into(), false, &END),
        (|to| registry().with(ours()).with(redact(otel(to)).with_policy(strict())).into(), false, &END),
        (
            |to| {
                registry().with(redact(ours().with_tracer_provider(to).with_fields(true)).with_policy(strict())).into()
            },
            false,
            &[],
        ),
        (
            |to| registry().with(ours().with_fields(true)).with(redact(otel(to)).with_policy(strict())).into(),
            false,
            &[],
        ),
        (|to| registry().with(ours().with_tracer_provider(to)).into(), true, &[]),
    ];
    for (number, (setup, guarded, shown)) in setups.into_iter().enumerate() {
        let got = exported(setup, guarded);
        assert_eq!(seen(&got, [&START[..], &END, &INSIDE].concat().iter()), shown, "{number}");
    }
}
