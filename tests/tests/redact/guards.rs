//! Each guard with the other two disabled.

use llm_trace::{Capture, Policy, PolicyHandle, Style};

use crate::support::{ENDINGS, ERROR, Ending, FREE, INPUT, OUTPUT, export, export_guarded, export_with, run, seen};

const NONE: Vec<&str> = Vec::new();

fn open() -> Policy {
    Policy::new().capture(Capture::Span)
}

/// The source gate covers everything that is recorded on a call's own span, but not the attributes of other code.
#[test]
fn the_source_gate_alone_redacts_a_calls_own_content() {
    for policy in [Policy::new(), open().mask_input(true).mask_output(true), open().lock_masked()] {
        for ending in ENDINGS {
            let got = export(policy.clone(), None, || run((false, false), ending));
            for sentinels in [&INPUT[..], &OUTPUT, &ERROR] {
                assert_eq!(seen(&got, sentinels), NONE, "{ending:?}");
            }
        }
    }
}

/// The source gate is open here: every text of the call reaches the processor.
#[test]
fn the_processor_alone_redacts_all_content() {
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

/// Content read with the old policy is redacted again with the current policy.
#[test]
fn a_new_scrubber_or_limit_applies_to_content_read_before() {
    const TEXT: &str = "SENTINEL-project, at some length";
    let changes: [fn(Policy) -> Policy; 2] = [
        |policy| policy.scrub(|text, _| text.contains("SENTINEL").then(|| "[PROJECT]".to_owned())),
        |policy| policy.text_limit(4),
    ];
    for change in changes {
        for nested in [false, true] {
            let handle = PolicyHandle::new(open());
            let call = |request: &serde_json::Value| {
                let inner = llm_trace::LlmCall::builder("chat").provider("openai").request(request);
                inner.run(|call| {
                    call.response(
                        &serde_json::json!({"object": "chat.completion", "id": "chatcmpl-1", "model": "gpt-4o",
                        "choices": [{"index": 0, "message": {"role": "assistant", "content": TEXT}}]}),
                    );
                    handle.update(change);
                });
            };
            let request = serde_json::json!({"model": "gpt-4o", "messages": [{"role": "user", "content": TEXT}],
                "tools": [{"type": "function", "function": {"name": "find", "description": TEXT}}]});
            let got = export_with(&handle, |dispatch| {
                tracing::dispatcher::with_default(dispatch, || match nested {
                    false => call(&request),
                    true => llm_trace::LlmCall::builder("chat").provider("openai").run(|_| call(&request)),
                });
            });
            assert_eq!(got.spans().len(), 1);
            let span = &got.spans()[0];
            assert!(span.attribute("gen_ai.input.messages").is_some(), "{span:?}");
            assert!(span.attribute("gen_ai.output.messages").is_some(), "{span:?}");
            assert!(!got.saw("SENTINEL"), "{span:?}");
        }
    }
}

/// Each thread records which of its calls started after a mask was set and ended before it was removed.
#[test]
fn no_call_that_ends_after_a_mask_shows_content_with_64_threads() {
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicU64, Ordering};

    let handle = PolicyHandle::new(open());
    // The turn is odd while both sides are masked. Only one thread changes the mask at a time.
    let (turns, switch) = (AtomicU64::new(0), Mutex::new(()));
    let masked = Mutex::new(Vec::new());
    let got = export_with(&handle, |dispatch| {
        let throw = || {
            let _one = switch.lock().expect("not poisoned");
            handle.update(|policy| policy.mask_input(true).mask_output(true));
            turns.fetch_add(1, Ordering::SeqCst);
            std::thread::yield_now();
            turns.fetch_add(1, Ordering::SeqCst);
            handle.update(|policy| policy.mask_input(false).mask_output(false));
        };
        let call = |id: String| {
            let before = turns.load(Ordering::SeqCst);
            llm_trace::scope().metadata("id", id.clone()).run(|| drop(run((false, false), Ending::Answer)));
            if before % 2 == 1 && before == turns.load(Ordering::SeqCst) {
                masked.lock().expect("not poisoned").push(id);
            }
        };
        std::thread::scope(|scope| {
            for thread in 0..64 {
                scope.spawn(move || {
                    tracing::dispatcher::with_default(dispatch, || {
                        for turn in 0..4 {
                            if (thread + turn) % 5 == 0 {
                                throw();
                            }
                            call(format!("{thread}-{turn}"));
                        }
                    });
                });
            }
        });
        // From here on every call ends after the mask is set.
        handle.update(|policy| policy.mask_input(true).mask_output(true));
        turns.fetch_add(1, Ordering::SeqCst);
        tracing::dispatcher::with_default(dispatch, || call("last".to_owned()));
    });
    let masked = masked.into_inner().expect("not poisoned");
    assert!(masked.contains(&"last".to_owned()));
    let (mut hidden, mut shown) = (0, 0);
    for span in got.spans().iter().filter(|span| span.span.name == "chat gpt-4o") {
        let id = span.attribute("llm_trace.metadata.id").expect("an id");
        let shows = INPUT.iter().chain(&OUTPUT).any(|sentinel| format!("{span:?}").contains(sentinel));
        if masked.iter().any(|masked| *masked == id) {
            assert!(!shows, "{id}");
            hidden += 1;
        }
        shown += usize::from(shows);
    }
    assert!(hidden == masked.len() && shown > 0, "{hidden} of {} masked, {shown} shown", masked.len());
}

#[test]
fn content_in_custom_attributes_is_subject_to_the_source_gate() {
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

/// Attributes that other code sets directly on the call's own span bypass every layer.
#[test]
fn attributes_set_directly_on_a_calls_span_are_masked() {
    use opentelemetry::trace::{Status, TraceContextExt as _};
    use tracing_opentelemetry::OpenTelemetrySpanExt as _;

    const KEYS: [&str; 3] = ["gen_ai.input.messages", "gen_ai.tool.call.result", "gen_ai.output.messages"];
    #[llm_trace::llm_call(provider = "openai", model = "m", input = "SENTINEL-own", mask_input = mask, mask_output = mask)]
    fn call(mask: bool) -> String {
        let span = tracing::Span::current();
        for key in KEYS {
            span.set_attribute(key, r#"[{"role":"user","parts":[{"type":"text","content":"SENTINEL-set"}]}]"#);
        }
        span.context().span().set_status(Status::error("SENTINEL-status"));
        "SENTINEL-answer".to_owned()
    }
    for (style, mask) in [(Style::Placeholder, true), (Style::Drop, true), (Style::Placeholder, false)] {
        let got = export_guarded(open().style(style), || call(mask));
        let all = ["SENTINEL-own", "SENTINEL-answer", "SENTINEL-set", "SENTINEL-status"];
        assert_eq!(seen(&got, &all), if mask { NONE } else { all.to_vec() });
        let span = &got.spans()[0].span;
        for key in KEYS {
            let count = span.attributes.iter().filter(|attribute| attribute.key == key).count();
            assert!(count <= 1, "{key} stands {count} times");
        }
    }
}

/// A layer beside another one cannot change the records of that layer.
#[test]
fn a_layer_beside_another_guards_calls_alone() {
    use opentelemetry::trace::TracerProvider as _;
    use tracing_subscriber::prelude::*;

    #[llm_trace::llm_call(provider = "openai", model = "m", input = "SENTINEL-own")]
    fn call() {
        tracing::info!(note = "SENTINEL-note", "SENTINEL-text");
    }
    for (has_guard, expected) in [(false, vec!["SENTINEL-note", "SENTINEL-text"]), (true, NONE)] {
        let collector = llm_trace_tests::collector::Collector::start();
        let policy = PolicyHandle::new(open());
        let simple = opentelemetry_sdk::trace::SimpleSpanProcessor::new(collector.exporter());
        let builder = opentelemetry_sdk::trace::SdkTracerProvider::builder();
        let provider = if has_guard {
            builder.with_span_processor(llm_trace::RedactProcessor::new(simple, &policy)).build()
        } else {
            builder.with_span_processor(simple).build()
        };
        let subscriber = tracing_subscriber::registry()
            .with(tracing_opentelemetry::layer().with_tracer(provider.tracer("app")))
            .with(llm_trace::layer().with_policy(&policy));
        let masked = || llm_trace::scope().mask_input(true).mask_output(true).run(call);
        tracing::subscriber::with_default(subscriber, masked);
        let all = ["SENTINEL-own", "SENTINEL-note", "SENTINEL-text"];
        assert_eq!(all.into_iter().filter(|word| collector.saw(word)).collect::<Vec<_>>(), expected);
    }
}

/// If a lock of the call were held, neither scrubber would return.
#[test]
fn a_scrubber_that_uses_the_call_or_makes_one_does_not_deadlock() {
    #[llm_trace::llm_call(provider = "openai", model = "judge", input = text)]
    fn judge(text: &str) -> String {
        format!("SENTINEL-judged {text}")
    }
    let policy = open().scrub(|text, _| {
        llm_trace::LlmCall::current().attribute("app.scrubbed", true).mask_output(false);
        Some(judge(text).replace("SENTINEL-judged", "scrubbed"))
    });
    for ending in ENDINGS {
        let policy = policy.clone();
        let (done, wait) = std::sync::mpsc::channel();
        let running = std::thread::spawn(move || {
            let got = export(policy.clone(), Some(PolicyHandle::new(policy)), || run((false, false), ending));
            done.send(()).expect("waited for");
            got
        });
        wait.recv_timeout(std::time::Duration::from_secs(60)).unwrap_or_else(|_| panic!("{ending:?} hangs"));
        let got = running.join().expect("no panic");
        assert_eq!(seen(&got, &["SENTINEL-judged"]), NONE, "{ending:?}");
    }
}
