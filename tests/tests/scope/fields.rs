//! Scope fields on plain spans.

use std::sync::mpsc::channel;

use llm_trace::{Capture, LlmCall, Policy, testing};
use serde_json::json;
use tracing::field::Empty;
use tracing::{Instrument as _, Span, info_span, record_all};

use crate::support::{ANSWER, QUESTION, ask, ask_eagerly, ask_later, text, traced};

#[test]
fn span_fields_set_the_values_of_a_scope() {
    let traced = traced(|layer| layer);
    let span = tracing::info_span!("request", llm.user_id = %"u1", llm.mask_input = true, llm.metadata.n = 4_i64);
    span.in_scope(|| tracing::info_span!("below").in_scope(|| ask(QUESTION)));
    ask("another question");
    let spans = traced.collector.spans();
    let calls: Vec<_> = spans.iter().filter(|span| span.span.name == "chat m").collect();
    assert_eq!(text(calls[0], "user.id").as_deref(), Some("u1"));
    assert_eq!(text(calls[0], "llm_trace.metadata.n").as_deref(), Some("4"));
    assert_eq!(text(calls[1], "user.id"), None);
    assert!(!traced.collector.saw(QUESTION) && traced.collector.saw(ANSWER));
}

#[tokio::test]
async fn a_span_below_takes_them_into_another_task() {
    let traced = traced(|layer| layer);
    let outer = tracing::info_span!("request", llm.user_id = "u1", llm.mask_output = tracing::field::Empty);
    let inner = outer.in_scope(|| tracing::info_span!("task"));
    tokio::spawn(ask_later(QUESTION).instrument(inner)).await.expect("joined");
    // A mask that is recorded later applies from then on.
    outer.record("llm.mask_output", true);
    outer.in_scope(|| ask(QUESTION));
    let spans = traced.collector.spans();
    let calls: Vec<_> = spans.iter().filter(|span| span.span.name == "chat m").collect();
    let answers: Vec<_> = calls.iter().map(|call| text(call, "gen_ai.output.messages").expect("an answer")).collect();
    assert!(calls.iter().all(|call| text(call, "user.id").as_deref() == Some("u1")));
    assert!(answers[0].contains(ANSWER) && !answers[1].contains(ANSWER));
}

/// Records both masks, in several ways.
const RECORDS: [fn(&Span); 3] = [
    |span| {
        span.record("llm.mask_input", true).record("llm.mask_output", true);
    },
    |span| {
        span.record("llm.user_id", "u1").record("llm.user_id", "u2");
        record_all!(span, llm.mask_input = true, llm.mask_output = true);
    },
    |span| {
        span.record("llm.mask_input", true).record("llm.user_id", "u2").record("llm.mask_output", true);
    },
];

#[test]
fn a_span_may_record_its_fields_all_day() {
    let traced = traced(|layer| layer);
    let span = request();
    span.record("llm.user_id", "u1");
    let entered = span.enter();
    for number in 0..20_000 {
        span.record("llm.session_id", number).record("llm.mask_input", true);
    }
    ask(QUESTION);
    drop(entered);
    drop(span);
    let spans = traced.collector.spans();
    let call = spans.iter().find(|span| span.span.name == "chat m").expect("a call");
    assert_eq!(text(call, "user.id").as_deref(), Some("u1"));
    assert_eq!(text(call, "session.id").as_deref(), Some("19999"));
    assert!(!traced.collector.saw(QUESTION) && traced.collector.saw(ANSWER));
}

fn request() -> Span {
    info_span!("request", llm.mask_input = Empty, llm.mask_output = Empty, llm.user_id = Empty, llm.session_id = Empty)
}

fn start() -> LlmCall {
    let body = json!({"model": "m", "messages": [{"role": "user", "content": QUESTION}]});
    let message = json!({"role": "assistant", "content": ANSWER});
    let call = LlmCall::builder("chat").provider("openai").request(&body).start();
    call.response(&json!({"object": "chat.completion", "model": "m", "choices": [{"index": 0, "message": message}]}));
    call
}

#[test]
fn every_mask_that_a_span_records_covers_what_runs_inside_of_it() {
    for (record, early) in RECORDS.into_iter().flat_map(|record| [(record, false), (record, true)]) {
        let captured = testing::builder().policy(Policy::new().capture(Capture::SpanAndEvent)).capture();
        let span = request();
        span.in_scope(|| {
            if early {
                span.record("llm.user_id", "u0");
            }
            let call = start();
            info_span!("work", prompt = QUESTION, completion = ANSWER).in_scope(|| record(&span));
            call.finish();
        });
        for word in [QUESTION, ANSWER] {
            assert!(captured.leaks(word).is_empty(), "{early} {:?}", captured.leaks(word));
        }
    }
}

#[test]
fn every_mask_that_a_span_records_covers_other_threads_that_had_entered_it() {
    for record in RECORDS {
        let captured = testing::builder().policy(Policy::new().capture(Capture::SpanAndEvent)).capture();
        let span = request();
        let ((entered, has_entered), (recorded, has_recorded)) = (channel::<()>(), channel::<()>());
        std::thread::scope(|threads| {
            let (there, inside) = (captured.clone(), span.clone());
            threads.spawn(move || {
                there.in_scope(|| {
                    inside.in_scope(|| {
                        entered.send(()).expect("a receiver");
                        has_recorded.recv().expect("a sender");
                        start().finish();
                    });
                });
            });
            has_entered.recv().expect("a sender");
            record(&span);
            recorded.send(()).expect("a receiver");
        });
        assert!(captured.leaks(QUESTION).is_empty() && captured.leaks(ANSWER).is_empty());
    }
}

#[tokio::test]
async fn scopes_and_spans_nest_in_each_other() {
    let traced = traced(|layer| layer);
    let span = || tracing::info_span!("request", llm.user_id = "span", llm.session_id = "span");
    llm_trace::scope().user("scope").run(|| span().in_scope(|| ask("1")));
    span().in_scope(|| llm_trace::scope().user("scope").run(|| ask("2")));
    let future = span().in_scope(|| ask_eagerly("3"));
    llm_trace::scope().user("elsewhere").instrument(future).await;
    let spans = traced.collector.spans();
    let calls = spans.iter().filter(|span| span.span.name == "chat m");
    let said: Vec<_> = calls.map(|call| (text(call, "user.id"), text(call, "session.id"))).collect();
    let s = |text: &str| Some(text.to_owned());
    assert_eq!(said, [(s("span"), s("span")), (s("scope"), s("span")), (s("span"), s("span"))]);
}

#[test]
fn a_wrapped_layer_beside_ours_changes_nothing() {
    use tracing_subscriber::prelude::*;
    let collector = llm_trace_tests::collector::Collector::start();
    for ours_first in [true, false] {
        let policy = llm_trace::Policy::new().capture(llm_trace::Capture::Span);
        let ours = llm_trace::layer().with_policy(policy).with_tracer_provider(&collector.provider());
        let fmt = llm_trace::redact(tracing_subscriber::fmt::layer().with_writer(std::io::sink));
        let mut layers = vec![ours.boxed(), fmt.boxed()];
        if !ours_first {
            layers.reverse();
        }
        let subscriber = tracing_subscriber::registry().with(layers).into();
        tracing::dispatcher::with_default(&subscriber, || {
            let span = || tracing::info_span!("request", llm.user_id = "inner", llm.mask_input = true);
            llm_trace::scope().user("outer").session("outer").run(|| span().in_scope(|| ask(QUESTION)));
        });
    }
    let spans = collector.spans();
    let calls: Vec<_> = spans.iter().filter(|span| span.span.name == "chat m").collect();
    assert_eq!(calls.len(), 2);
    for call in calls {
        assert_eq!(text(call, "user.id").as_deref(), Some("inner"));
        assert_eq!(text(call, "session.id").as_deref(), Some("outer"));
    }
    assert!(!collector.saw(QUESTION));
}
