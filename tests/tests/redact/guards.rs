//! Each guard with the other two off.

use llm_trace::{Capture, Policy, PolicyHandle};

use crate::support::{ENDINGS, ERROR, Ending, FREE, INPUT, OUTPUT, export, run, seen};

const NONE: Vec<&str> = Vec::new();

fn open() -> Policy {
    Policy::new().capture(Capture::Span)
}

/// All that a call's own span is written from passes the source gate; what others write does not.
#[test]
fn the_source_gate_alone_keeps_a_calls_own_content_in() {
    for policy in [Policy::new(), open().mask_input(true).mask_output(true), open().lock_masked()] {
        for ending in ENDINGS {
            let got = export(policy.clone(), None, || run((false, false), ending));
            for sentinels in [&INPUT[..], &OUTPUT, &ERROR] {
                assert_eq!(seen(&got, sentinels), NONE, "{ending:?}");
            }
        }
    }
}

/// The gate is open here: every text of the call reaches the processor.
#[test]
fn the_processor_alone_keeps_everything_in() {
    for ending in ENDINGS {
        let closed = PolicyHandle::new(open().mask_input(true).mask_output(true));
        let got = export(open(), Some(closed), || run((false, false), ending));
        for sentinels in [&INPUT[..], &OUTPUT, &ERROR, &FREE] {
            assert_eq!(seen(&got, sentinels), NONE, "{ending:?}");
        }
    }
}

#[test]
fn two_processors_can_hold_two_policies() {
    let closed = export(open(), Some(PolicyHandle::default()), || run((false, false), Ending::Answer));
    let open = export(open(), Some(PolicyHandle::new(open())), || run((false, false), Ending::Answer));
    assert_eq!(seen(&closed, &INPUT), NONE);
    assert_eq!(seen(&open, &INPUT), INPUT);
}

#[test]
fn no_call_that_ends_after_the_switch_shows_content_while_it_is_thrown_by_64_threads() {
    let handle = PolicyHandle::new(open());
    let collector = {
        use llm_trace_tests::collector::Collector;
        use opentelemetry_sdk::trace::{SdkTracerProvider, SimpleSpanProcessor};
        use tracing_subscriber::prelude::*;
        let collector = Collector::start();
        let provider =
            SdkTracerProvider::builder().with_span_processor(SimpleSpanProcessor::new(collector.exporter())).build();
        let layer = llm_trace::layer().with_policy(&handle).with_tracer_provider(&provider);
        let dispatch = tracing::Dispatch::new(tracing_subscriber::registry().with(layer));
        std::thread::scope(|scope| {
            for thread in 0..64 {
                let (handle, dispatch) = (handle.clone(), dispatch.clone());
                scope.spawn(move || {
                    tracing::dispatcher::with_default(&dispatch, || {
                        for turn in 0..4 {
                            if (thread + turn) % 5 == 0 {
                                handle.update(|policy| policy.mask_input(turn % 2 == 0));
                            }
                            drop(run((false, false), Ending::Answer));
                        }
                    });
                });
            }
        });
        // From here on every call ends after the switch.
        collector.clear();
        handle.update(|policy| policy.mask_input(true).mask_output(true));
        tracing::dispatcher::with_default(&dispatch, || drop(run((false, false), Ending::Answer)));
        collector
    };
    assert_eq!(seen(&collector, INPUT.iter().chain(&OUTPUT)), NONE);
    assert!(collector.saw("[REDACTED]"));
}

#[test]
fn content_that_the_user_adds_as_an_attribute_passes_the_source_gate_too() {
    let add = || {
        let call = llm_trace::LlmCall::current();
        for key in ["gen_ai.input.messages", "input.value", "gen_ai.prompt.0.content"] {
            call.attribute(key, "SENTINEL-attribute");
        }
        call.attribute("plan", "gold");
    };
    #[llm_trace::llm_call(provider = "openai", model = "m")]
    fn call(add: impl FnOnce()) -> String {
        add();
        "hi".to_owned()
    }
    for policy in [Policy::new(), open().mask_input(true)] {
        let got = export(policy, None, || call(add));
        assert_eq!(seen(&got, &["SENTINEL-attribute"]), NONE);
        assert_eq!(got.span("chat m").attribute("plan"), Some("gold".into()));
    }
}
