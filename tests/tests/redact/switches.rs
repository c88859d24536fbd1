//! A mask that is switched on in the middle of a stream covers the whole call, in every place that the call reaches.

use std::sync::mpsc::channel;
use std::time::Duration;

use futures_util::FutureExt as _;
use llm_trace::export::{Parts, from_lookup};
use llm_trace::{
    Capture, FinishedCall, LlmCall, Policy, PolicyHandle, RedactLogProcessor, RedactProcessor, TraceUpdate, redact,
    scope,
};
use llm_trace_tests::collector::{Answer, Collector};
use llm_trace_tests::lines::Lines;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_appender_tracing::layer::OpenTelemetryTracingBridge;
use opentelemetry_sdk::logs::{SdkLoggerProvider, SimpleLogProcessor};
use opentelemetry_sdk::trace::{SdkTracerProvider, SimpleSpanProcessor};
use serde_json::{Value, json};
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::prelude::*;

const WORD: &str = "SENTINEL";

fn open() -> Policy {
    Policy::new().capture(Capture::SpanAndEvent)
}

fn masked(policy: Policy) -> Policy {
    policy.mask_input(true).mask_output(true)
}

/// A streaming call with the word in its history, its chunks, a merged call and its error. `switch` runs between two
/// chunks.
fn stream(switch: impl FnOnce()) {
    let messages = json!([{"role": "user", "content": WORD}, {"role": "assistant", "content": WORD}]);
    let request = json!({"model": "m", "messages": messages, "stream": true});
    let chunk = |delta: Value| json!({"id": "r", "model": "m", "choices": [{"index": 0, "delta": delta}]});
    scope().update_trace(TraceUpdate::INPUT | TraceUpdate::OUTPUT).run(|| {
        let call = LlmCall::builder("chat").provider("openai").request(&request).start();
        call.chunk(&chunk(json!({"role": "assistant", "content": WORD, "reasoning_content": WORD})));
        call.run(|| LlmCall::builder("chat").provider("openai").request(&request).run(|_| ()));
        switch();
        call.chunk(&chunk(
            json!({"tool_calls": [{"index": 0, "id": "c", "function": {"name": "f", "arguments": WORD}}]}),
        ));
        call.chunk(&json!({"error": {"message": WORD, "type": "server_error"}}));
        call.finish();
    });
}

#[test]
fn a_mask_in_the_middle_of_a_stream_covers_spans_events_and_the_hook() {
    for switches in [false, true] {
        let got = Collector::start();
        let policy = PolicyHandle::new(open());
        let guarded = RedactProcessor::new(SimpleSpanProcessor::new(got.exporter()), &policy);
        let provider = SdkTracerProvider::builder().with_span_processor(guarded).build();
        let (sender, calls) = channel();
        let layer = llm_trace::layer()
            .with_policy(&policy)
            .with_tracer_provider(&provider)
            .with_logger_provider(&got.logger_provider())
            .with_call_hook(move |call: &FinishedCall| drop(sender.send(format!("{call:?}"))));
        let hooks = layer.call_hooks();
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            stream(|| {
                if switches {
                    policy.update(masked)
                }
            });
        });
        assert!(hooks.flush(Duration::from_secs(30)));
        let calls: Vec<String> = calls.try_iter().collect();
        assert!(!calls.is_empty() && !got.logs().is_empty() && !got.spans().is_empty());
        assert_eq!(got.saw(WORD), !switches, "{:?}", got.spans());
        assert_eq!(calls.iter().any(|call| call.contains(WORD)), !switches, "{calls:?}");
    }
}

#[test]
fn a_mask_in_the_middle_of_a_stream_covers_fields() {
    for switches in [false, true] {
        let policy = PolicyHandle::new(open());
        let layer = llm_trace::layer().with_policy(&policy).with_content_fields(true);
        let log = Lines::default();
        let writer = log.clone();
        let fmt = tracing_subscriber::fmt::layer().json().with_span_events(FmtSpan::CLOSE);
        let fmt = fmt.with_writer(move || writer.clone());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer).with(fmt), || {
            stream(|| {
                if switches {
                    policy.update(masked)
                }
            });
        });
        assert!(log.text().contains("gen_ai.request.model"));
        assert_eq!(log.text().contains(WORD), !switches, "{}", log.text());
    }
}

/// A way to add masks in the middle of a call.
type Switch = fn(&PolicyHandle, &LlmCall);

const SWITCHES: [Switch; 3] = [
    |_, call| {
        call.mask_input(true).mask_output(true);
    },
    |policy, _| policy.update(masked),
    |policy, _| policy.update(|policy| policy.capture(Capture::Off)),
];

/// A call with content, a span of other code in it, and a switch while both are open.
fn call_with_other_code(policy: &PolicyHandle, switch: Switch) {
    let request = json!({"model": "m", "messages": [{"role": "user", "content": format!("{WORD}-of-the-call")}]});
    LlmCall::builder("chat").provider("openai").request(&request).run(|call| {
        tracing::info!("asked {WORD}");
        tracing::info_span!("work", prompt = WORD).in_scope(|| {
            tracing::info!("asked {WORD}");
            switch(policy, call);
        });
    });
}

/// Layers rewrite the values of other code when they arrive.
#[test]
fn a_late_mask_needs_a_processor_to_cover_what_other_code_recorded_before_it() {
    for switch in SWITCHES {
        for (is_guarded, is_wrapped) in [(false, false), (true, false), (false, true)] {
            let got = Collector::start();
            let policy = PolicyHandle::new(open());
            let exporting = SimpleSpanProcessor::new(got.exporter());
            let provider = match is_guarded {
                true => SdkTracerProvider::builder().with_span_processor(RedactProcessor::new(exporting, &policy)),
                false => SdkTracerProvider::builder().with_span_processor(exporting),
            };
            let provider = provider.build();
            let subscriber: tracing::Dispatch = match is_wrapped {
                true => tracing_subscriber::registry()
                    .with(llm_trace::layer().with_policy(&policy).with_content_fields(true))
                    .with(redact(tracing_opentelemetry::layer().with_tracer(provider.tracer("app"))))
                    .into(),
                false => tracing_subscriber::registry()
                    .with(llm_trace::layer().with_policy(&policy).with_tracer_provider(&provider))
                    .into(),
            };
            tracing::dispatcher::with_default(&subscriber, || call_with_other_code(&policy, switch));
            assert_eq!(got.spans().len(), 2);
            assert_eq!(got.saw(WORD), !is_guarded, "{is_wrapped} {:?}", got.spans());
            assert!(!got.saw("SENTINEL-of-the-call"), "{:?}", got.spans());
        }
    }
}

#[test]
fn a_mask_of_an_agent_does_not_reach_calls_and_records_of_before() {
    let policy = PolicyHandle::new(open());
    let got = Collector::start();
    let exporting = SimpleLogProcessor::new(got.log_exporter());
    let loggers = SdkLoggerProvider::builder().with_log_processor(RedactLogProcessor::new(exporting, &policy)).build();
    let spans = RedactProcessor::new(SimpleSpanProcessor::new(got.exporter()), &policy);
    let provider = SdkTracerProvider::builder().with_span_processor(spans).build();
    let layer = llm_trace::layer().with_policy(&policy).with_tracer_provider(&provider);
    let subscriber = tracing_subscriber::registry().with(layer).with(OpenTelemetryTracingBridge::new(&loggers));
    tracing::subscriber::with_default(subscriber, || {
        LlmCall::builder("invoke_agent").agent("planner").run(|agent| {
            let request = json!({"model": "m", "messages": [{"role": "user", "content": format!("{WORD}-before")}]});
            LlmCall::builder("chat").provider("openai").request(&request).run(|_| ());
            tracing::info!("asked {WORD}-before");
            agent.mask_input(true).mask_output(true);
            let request = json!({"model": "m", "messages": [{"role": "user", "content": format!("{WORD}-after")}]});
            LlmCall::builder("chat").provider("openai").request(&request).run(|_| ());
            tracing::info!("asked {WORD}-after");
        });
    });
    let (spans, logs) = (format!("{:?}", got.spans()), format!("{:?}", got.logs()));
    for (text, shown) in [("SENTINEL-before", true), ("SENTINEL-after", false)] {
        assert_eq!((spans.contains(text), logs.contains(text)), (shown, shown), "{spans} {logs}");
    }
}

/// Sets a mask when it is dropped.
struct MasksAtTheEnd(Option<LlmCall>);

impl Drop for MasksAtTheEnd {
    fn drop(&mut self) {
        self.0.take().unwrap_or_else(LlmCall::current).mask_input(true);
    }
}

#[test]
fn a_value_that_is_dropped_with_a_cancelled_call_masks_it_by_a_kept_handle_only() {
    for keeps in [false, true] {
        let got = crate::support::export(open(), None, || {
            let request = json!({"model": "m", "messages": [{"role": "user", "content": WORD}]});
            let call = LlmCall::builder("chat").provider("openai").request(&request).instrument(async move {
                let _masks = MasksAtTheEnd(keeps.then(LlmCall::current));
                std::future::pending::<()>().await
            });
            assert!(call.now_or_never().is_none());
        });
        assert_eq!(got.spans()[0].attribute("llm_trace.outcome"), Some("cancelled".into()));
        assert_eq!(got.saw(WORD), !keeps, "{:?}", got.spans());
    }
}

#[test]
fn each_processor_follows_its_own_policy() {
    let (all, none) = (Collector::start(), Collector::start());
    let provider = SdkTracerProvider::builder()
        .with_span_processor(RedactProcessor::new(SimpleSpanProcessor::new(all.exporter()), open()))
        .with_span_processor(RedactProcessor::new(SimpleSpanProcessor::new(none.exporter()), masked(open())))
        .build();
    let layer = llm_trace::layer().with_policy(open()).with_tracer_provider(&provider);
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || stream(|| ()));
    assert!(all.saw(WORD));
    assert!(!none.saw(WORD) && !none.spans().is_empty(), "{:?}", none.spans());
}

/// The parts for this collector, with this capture in the environment.
fn parts_for(collector: &Collector, capture: &str) -> Parts {
    let parts = from_lookup(&|name| match name {
        "OTEL_ENDPOINT" => Some(collector.endpoint()),
        "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT" => Some(capture.to_owned()),
        "OTEL_BSP_SCHEDULE_DELAY" => Some("10".to_owned()),
        _ => None,
    });
    parts.unwrap()
}

#[test]
fn a_request_that_is_being_retried_is_sent_unchanged() {
    let collector = Collector::start();
    collector.answer_next([Answer::Status(503, Some(1))]);
    let parts = parts_for(&collector, "span_only");
    let call = |text: &str| {
        let request = json!({"model": "m", "messages": [{"role": "user", "content": text}]});
        tracing::subscriber::with_default(tracing_subscriber::registry().with(parts.layer()), || {
            LlmCall::builder("chat").provider("openai").request(&request).run(|_| ());
        });
    };
    call(WORD);
    collector.wait_for(Duration::from_secs(30), |requests| !requests.is_empty());
    call("ANOTHER");
    parts.policy.update(masked);
    collector.clear();
    assert!(parts.telemetry.flush());
    assert!(collector.saw(WORD) && !collector.saw("ANOTHER") && collector.saw("[REDACTED]"));
}

/// The guards in front of the exporters have the policy that the program gives to the layer, whatever the environment says.
#[test]
fn a_policy_of_the_layer_is_that_of_its_exporters() {
    for (variable, policy, is_open) in
        [("span_only", masked(open()), false), ("span_only", Policy::new(), false), ("no_content", open(), true)]
    {
        let collector = Collector::start();
        let (parts, policy) = (parts_for(&collector, variable), PolicyHandle::new(policy));
        let layer = parts.layer().with_policy(&policy);
        let run = || {
            tracing::info_span!("foreign", gen_ai.prompt = "FOREIGN").in_scope(|| {
                let request = json!({"model": "m", "messages": [{"role": "user", "content": WORD}]});
                LlmCall::builder("chat").provider("openai").request(&request).run(|_| tracing::info!("NOTE"));
            });
            assert!(parts.telemetry.flush());
            let seen = [WORD, "FOREIGN", "NOTE"].map(|word| collector.saw(word));
            collector.clear();
            seen
        };
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            assert_eq!(run(), [is_open; 3], "{variable}");
            policy.set(if is_open { masked(open()) } else { open() });
            assert_eq!(run(), [!is_open; 3], "{variable}");
        });
    }
}

/// All layers of one `Parts`, its handle, and the handle that was given last share one policy.
#[test]
fn the_last_policy_of_a_layer_counts_and_a_change_through_either_handle_is_one_of_both() {
    let start = || {
        let collector = Collector::start();
        (parts_for(&collector, "no_content"), collector)
    };
    let ((parts, collector), (others, _other)) = (start(), start());
    let [replaced, handle] = [open(), masked(open())].map(PolicyHandle::new);
    let layer = parts.layer().with_policy(&replaced).with_policy(&handle);
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        let sees = || {
            let request = json!({"model": "m", "messages": [{"role": "user", "content": WORD}]});
            LlmCall::builder("chat").provider("openai").request(&request).run(|_| ());
            assert!(parts.telemetry.flush());
            let saw = collector.saw(WORD);
            collector.clear();
            saw
        };
        replaced.set(open());
        assert!(!sees(), "a handle that was replaced changes nothing");
        handle.set(open());
        assert!(sees());
        parts.policy.set(masked(open()));
        handle.update(|policy| policy.text_limit(100));
        assert!(!sees(), "a mask set through the other handle stays");
        drop(parts.layer::<tracing_subscriber::Registry>().with_policy(open()));
        assert!(sees(), "the last policy counts, whichever layer it was given to");
        drop(parts.layer::<tracing_subscriber::Registry>().with_policy(&others.policy));
        drop(others.layer::<tracing_subscriber::Registry>().with_policy(&parts.policy));
        parts.policy.update(|policy| {
            others.policy.set(open());
            masked(policy)
        });
        assert!(!sees());
        others.policy.set(open());
        assert!(sees());
    });
}
