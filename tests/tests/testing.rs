//! `llm_trace::testing`, used as in users' tests.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Barrier;

use llm_trace::{Capture, Compat, LlmCall, Operation, Policy, Profile, llm_call, redact, testing};
use serde_json::{Value, json};
use tracing_subscriber::filter::LevelFilter;

fn answer(text: &str) -> Value {
    json!({
        "id": "chatcmpl-1", "object": "chat.completion", "model": "gpt-4o-2024",
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5},
    })
}

fn question(text: &str) -> Value {
    json!({"model": "gpt-4o", "messages": [{"role": "user", "content": text}]})
}

#[llm_call(provider = "openai", request = body)]
fn chat(body: &Value) -> Value {
    answer("Hi \"there\"")
}

#[llm_call(provider = "openai", request = body, mask_input, mask_output)]
fn masked(body: &Value) -> Value {
    answer("SECRET-answer")
}

#[llm_call(provider = "openai", model = "m", server = "http://127.0.0.1:4711/v1")]
fn refused() -> Result<Value, std::io::Error> {
    Err(std::io::Error::other("http://127.0.0.1:4711/v1 says no"))
}

fn message(f: impl FnOnce()) -> String {
    let panic = catch_unwind(AssertUnwindSafe(f)).expect_err("it fails");
    panic.downcast_ref::<String>().expect("a message").clone()
}

#[test]
fn a_call_is_captured_with_all_its_data() {
    let captured = testing::capture();
    tracing::info_span!("agent run").in_scope(|| chat(&question("Hello")));
    let call = captured.one_call();
    assert_eq!(call.name(), "chat gpt-4o");
    assert_eq!(call.kind(), "client");
    assert_eq!(call.provider().as_deref(), Some("openai"));
    assert_eq!(call.request_model().as_deref(), Some("gpt-4o"));
    assert_eq!(call.response_model().as_deref(), Some("gpt-4o-2024"));
    assert_eq!((call.input_tokens(), call.output_tokens()), (Some(3), Some(2)));
    assert_eq!(call.finish_reasons(), ["stop"]);
    assert_eq!(call.input_texts(), ["Hello"]);
    assert_eq!(call.output_texts(), ["Hi \"there\""]);
    assert!(call.is_child_of(&captured.span("agent run")));
    assert!(!call.is_error());
    assert_eq!(captured.tree(), "agent run\n└─ chat gpt-4o · openai · gpt-4o-2024 · 3 → 2 tokens · stop · completed\n");
    assert_eq!(captured.of_operation("chat").len(), 1);
    captured.clear();
    captured.assert_calls(0);
}

#[test]
fn an_exported_word_is_found_and_a_masked_one_is_not() {
    let captured = testing::builder().policy(Policy::new().capture(Capture::SpanAndEvent)).capture();
    masked(&question("SECRET-question"));
    for word in ["SECRET-question", "SECRET-answer"] {
        captured.assert_no_leak(word);
    }
    assert!(!captured.one_call().redaction().is_empty(), "{:?}", captured.one_call());
    captured.clear();

    chat(&question("Hello"));
    // JSON escapes the quotes.
    let places = captured.leaks("Hi \"there\"");
    assert!(places.contains(&"span `chat gpt-4o`: gen_ai.output.messages".to_owned()), "{places:?}");
    assert!(places.contains(&"log record `gen_ai.client.inference.operation.details`".to_owned()), "{places:?}");
    let text = message(|| captured.assert_no_leak("Hello"));
    assert!(text.contains("gen_ai.input.messages") && text.contains("chat gpt-4o"), "{text}");
}

#[test]
fn a_word_in_a_metric_is_found() {
    let captured = testing::builder().set_layer(|layer| layer.with_metric_attributes(["app.tier"])).capture();
    LlmCall::builder(Operation::Chat).provider("openai").attribute("app.tier", "WORD").run(|_| {});
    captured.clear();
    assert_eq!(captured.leaks("WORD"), ["the metrics"]);
}

#[test]
fn checks_that_cannot_fail_are_rejected() {
    let captured = testing::capture();
    let text = message(|| captured.assert_no_leak("word"));
    assert!(text.contains("nothing was captured"), "{text}");
    chat(&question("Hello"));
    let text = message(|| captured.assert_no_leak(""));
    assert!(text.contains("empty word"), "{text}");
}

#[test]
fn a_failed_check_prints_the_tree() {
    let captured = testing::capture();
    let open = LlmCall::builder(Operation::Chat).provider("openai").model("m").start();
    let text = message(|| drop(captured.one_call()));
    assert_eq!(text, "expected one call, found 0; captured:\n(no span has ended)\n(1 call has not ended)\n");
    drop(open);
    chat(&question("Hello"));
    let text = message(|| captured.assert_calls(1));
    assert!(
        text.starts_with("expected 1 calls, found 2; captured:\nchat m · openai · completed\nchat gpt-4o"),
        "{text}"
    );
    let call = captured.calls().remove(1);
    let text = message(|| _ = call.assert_attribute("gen_ai.usage.input_tokens", 4));
    assert!(text.starts_with("gen_ai.usage.input_tokens is 3, expected 4"), "{text}");
    let text = message(|| _ = call.assert_absent("gen_ai.response.id"));
    assert!(text.starts_with("gen_ai.response.id is \"chatcmpl-1\", expected none"), "{text}");
}

#[test]
fn tests_that_run_at_once_do_not_mix() {
    let one = |model: &'static str| {
        move || {
            let captured = testing::capture();
            for _ in 0..100 {
                LlmCall::builder(Operation::Chat).provider("openai").model(model).run(|_| {});
            }
            let models: Vec<_> = captured.calls().iter().filter_map(|call| call.request_model()).collect();
            assert_eq!(models, vec![model; 100]);
        }
    };
    let threads = ["a", "b", "c", "d"].map(|model| std::thread::spawn(one(model)));
    threads.into_iter().for_each(|thread| thread.join().expect("it holds"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn tasks_and_threads_with_the_capture_are_captured() {
    let captured = testing::capture();
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            tokio::spawn(captured.in_future(async {
                tokio::task::yield_now().await;
                chat(&question("Hello"))
            }))
        })
        .collect();
    for task in tasks {
        task.await.expect("it ran");
    }
    let there = captured.clone();
    std::thread::spawn(move || there.in_scope(|| chat(&question("Hello")))).join().expect("it ran");
    captured.assert_calls(9);
    // A plain thread does not inherit the capture, so its call is not recorded.
    std::thread::spawn(|| chat(&question("Hello"))).join().expect("it ran");
    captured.assert_calls(9);
}

#[test]
fn settings_of_a_program_are_available() {
    let log = testing::builder().detached();
    let captured = testing::builder()
        .policy(Policy::new())
        .profile(Profile::Latest)
        .max_level(LevelFilter::DEBUG)
        .set_layer(|layer| layer.with_compat(Compat::LiteLlm))
        .layer(redact(tracing_subscriber::fmt::layer().with_writer(std::io::sink)))
        .capture();
    tracing::debug_span!("fine").in_scope(|| chat(&question("SECRET")));
    captured.assert_no_leak("SECRET");
    assert_eq!(captured.spans().iter().map(testing::CapturedSpan::name).collect::<Vec<_>>(), ["fine", "chat gpt-4o"]);
    assert!(log.spans().is_empty());
}

#[test]
fn snapshots_are_the_same_in_every_run() {
    let run = || {
        let captured = testing::capture();
        tracing::info_span!("agent run").in_scope(|| {
            let all_run = Barrier::new(3);
            std::thread::scope(|threads| {
                let parent = tracing::Span::current();
                for text in ["one", "two", "three"] {
                    let (captured, parent, all_run) = (captured.clone(), parent.clone(), &all_run);
                    let body = question(text);
                    threads.spawn(move || {
                        let chat = || {
                            LlmCall::builder(Operation::Chat).provider("openai").request(&body).run(|_| {
                                all_run.wait();
                                // No call ends before all have started.
                                all_run.wait();
                            });
                        };
                        captured.in_scope(|| parent.in_scope(chat));
                    });
                }
            });
            chat(&question("four"));
            let _ = refused();
        });
        captured.snapshot()
    };
    let first = run();
    assert_eq!((0..20).map(|_| run()).find(|again| *again != first), None);
    insta::assert_json_snapshot!(first);
}
