//! The same tests for events and metrics alone, so that a span cannot hide their content.

use llm_trace::{Capture, LlmCall, Policy, PolicyHandle, RedactLogProcessor, RedactProcessor, scope};
use llm_trace_tests::collector::Collector;
use opentelemetry::logs::{Logger as _, LoggerProvider as _};
use opentelemetry::metrics::MeterProvider as _;
use opentelemetry::trace::{Span as _, Tracer as _, TracerProvider as _};
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState};
use opentelemetry::{Context, InstrumentationScope, KeyValue};
use opentelemetry_sdk::logs::{SdkLoggerProvider, SimpleLogProcessor};
use opentelemetry_sdk::trace::{SdkTracerProvider, SimpleSpanProcessor};
use tracing_subscriber::prelude::*;

use crate::support::{CONTENT, ENDINGS, ERROR, Ending, FREE, Got, INPUT, OUTPUT, export_all, run};

const NONE: Vec<&str> = Vec::new();

fn events() -> Policy {
    Policy::new().capture(Capture::Event)
}

/// The sentinels in the bytes of one signal. Asserts that the signal has data.
fn shown<'s>(got: &Got, signal: &str, sentinels: impl IntoIterator<Item = &'s &'s str>) -> Vec<&'s str> {
    let sent: Vec<Vec<u8>> =
        got.requests().iter().filter(|sent| sent.path.contains(signal)).map(|sent| sent.body.to_vec()).collect();
    assert!(!sent.is_empty(), "no {signal}");
    let holds = |needle: &str| sent.iter().any(|raw| raw.windows(needle.len()).any(|at| at == needle.as_bytes()));
    sentinels.into_iter().filter(|sentinel| holds(sentinel)).copied().collect()
}

fn all() -> impl Iterator<Item = &'static &'static str> {
    INPUT.iter().chain(&OUTPUT).chain(&ERROR).chain(&FREE)
}

#[test]
fn an_event_holds_nothing_that_is_masked() {
    for ending in ENDINGS {
        for (input, output) in [(true, false), (false, true), (true, true)] {
            let by_policy = events().mask_input(input).mask_output(output);
            let by_scope = || scope().mask_input(input).mask_output(output).run(|| run((false, false), ending));
            for got in [
                export_all(by_policy, None, || run((false, false), ending)),
                export_all(events(), None, || run((input, output), ending)),
                export_all(events(), None, by_scope),
            ] {
                let what = format!("{ending:?} {input} {output}");
                if input {
                    assert_eq!(shown(&got, "logs", &INPUT), NONE, "{what}");
                }
                if output {
                    assert_eq!(shown(&got, "logs", &OUTPUT), NONE, "{what}");
                }
                assert_eq!(shown(&got, "logs", ERROR.iter().chain(&FREE)), NONE, "{what}");
            }
        }
    }
}

#[test]
fn content_of_events_is_under_the_conventions_keys_and_on_no_span() {
    let got = export_all(events(), Some(PolicyHandle::new(events())), || run((false, false), Ending::Answer));
    let logs = got.logs();
    let holders = |sentinel: &str| -> Vec<(String, String)> {
        let attributes = logs.iter().flat_map(|log| log.attributes().into_iter().map(move |of| (log, of)));
        attributes
            .filter(|(_, (_, value))| value.to_string().contains(sentinel))
            .map(|(log, (key, _))| (log.record.event_name.clone(), key))
            .collect()
    };
    let expected = |sentinel: &str| match sentinel {
        "SENTINEL-schema" | "SENTINEL-description" => "gen_ai.tool.definitions",
        sentinel if INPUT.contains(&sentinel) => "gen_ai.input.messages",
        _ => "gen_ai.output.messages",
    };
    for sentinel in INPUT.iter().chain(&OUTPUT) {
        let details = ("gen_ai.client.inference.operation.details".to_owned(), expected(sentinel).to_owned());
        assert_eq!(holders(sentinel), [details], "{sentinel}");
    }
    assert_eq!(shown(&got, "trace", INPUT.iter().chain(&OUTPUT)), NONE);
    // The call's own events contain no text of other crates.
    for log in logs.iter().filter(|log| log.scope.name == "llm-trace") {
        assert!(!FREE.iter().any(|sentinel| format!("{log:?}").contains(sentinel)), "{log:?}");
    }
}

#[test]
fn no_event_holds_content_that_was_not_asked_for_there() {
    for policy in [Policy::new(), Policy::new().capture(Capture::Span)] {
        for ending in ENDINGS {
            let got = export_all(policy.clone(), None, || run((false, false), ending));
            assert_eq!(shown(&got, "logs", INPUT.iter().chain(&OUTPUT)), NONE, "{policy:?} {ending:?}");
        }
    }
}

/// The meters accept every label, and some of the policies allow all content.
#[test]
fn no_metric_holds_content_under_any_policy() {
    let open = Policy::new().capture(Capture::SpanAndEvent).error_text(true);
    for policy in [Policy::new(), open.clone(), open.mask_input(true).mask_output(true)] {
        for ending in ENDINGS {
            let got = export_all(policy.clone(), None, || run((false, false), ending));
            assert_eq!(shown(&got, "metrics", all()), NONE, "{policy:?} {ending:?}");
        }
        let got = export_all(policy, None, || {
            let call = CONTENT
                .iter()
                .fold(LlmCall::builder("chat").provider("openai"), |call, key| call.attribute(*key, "SENTINEL-user"));
            call.run(|_| ());
        });
        assert_eq!(shown(&got, "metrics", all()), NONE);
    }
}

#[test]
fn metrics_of_other_code_scopes_and_the_tracestate_are_exported_unchanged() {
    let got = Collector::start();
    let policy = PolicyHandle::new(Policy::new().lock_masked());
    let guarded = RedactProcessor::new(SimpleSpanProcessor::new(got.exporter()), &policy);
    let provider = SdkTracerProvider::builder().with_span_processor(guarded).build();
    let scope =
        InstrumentationScope::builder("my tracer").with_attributes([KeyValue::new("prompt", "of a scope")]).build();
    let state = TraceState::from_key_value([("vendor", "of-a-caller")]).expect("a state");
    let remote = SpanContext::new(TraceId::from(5), SpanId::from(6), TraceFlags::SAMPLED, true, state);
    provider
        .tracer_with_scope(scope)
        .start_with_context("handler", &Context::new().with_remote_span_context(remote))
        .end();
    let guarded = RedactLogProcessor::new(SimpleLogProcessor::new(got.log_exporter()), &policy);
    let logger = SdkLoggerProvider::builder().with_log_processor(guarded).build().logger("my logger");
    logger.emit(logger.create_log_record());
    let meters = got.meter_provider();
    meters.meter("app").u64_counter("orders").build().add(1, &[KeyValue::new("prompt", "of a metric")]);
    meters.force_flush().expect("metrics");
    for text in ["my tracer", "of a scope", "of-a-caller", "my logger", "of a metric"] {
        assert!(got.saw(text), "{text}");
    }
}

/// The SDK adds up series until the process ends.
#[test]
fn series_of_before_a_switch_keep_their_labels() {
    let got = Collector::start();
    let (meters, policy) = (got.meter_provider(), PolicyHandle::new(Policy::new()));
    let layer = llm_trace::layer().with_policy(&policy).with_meter_provider(&meters);
    let layer = layer.with_metric_attributes(["user.id", "llm_trace.metadata.k"]);
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        let call = |user: &str| {
            let scope = scope().user(user).metadata("k", user);
            scope.run(|| LlmCall::builder("chat").provider("openai").model("m").run(|_| ()));
        };
        call("SENTINEL-before");
        policy.update(|policy| policy.hash_identity("key").mask_metadata(true));
        call("SENTINEL-after");
    });
    meters.force_flush().expect("metrics");
    assert!(got.saw("SENTINEL-before") && !got.saw("SENTINEL-after"), "{:?}", got.series());
}
