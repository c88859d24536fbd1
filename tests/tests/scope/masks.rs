//! A scope's masks.

use llm_trace::{InScope as _, Policy, Scope, scope};
use tracing::Instrument as _;

use crate::support::{ANSWER, QUESTION, Traced, ask, ask_eagerly, ask_later, holds, traced};

/// Which sides the spans show.
fn shown(traced: &Traced) -> Vec<(bool, bool)> {
    let side = |span: &_, key, word| holds(span, key, word);
    let spans = traced.collector.spans();
    spans
        .iter()
        .map(|s| (side(s, "gen_ai.input.messages", QUESTION), side(s, "gen_ai.output.messages", ANSWER)))
        .collect()
}

#[test]
fn a_scopes_masks_hold_below_it_and_not_after_it() {
    let traced = traced(|layer| layer);
    scope().mask_input(true).run(|| ask(QUESTION));
    scope().mask_output(true).run(|| ask(QUESTION));
    ask(QUESTION);
    assert_eq!(shown(&traced), [(false, true), (true, false), (true, true)]);
}

#[test]
fn an_inner_scope_cannot_take_a_mask_off() {
    let traced = traced(|layer| layer);
    scope().mask_input(true).run(|| scope().mask_input(false).clear_default_mask().run(|| ask(QUESTION)));
    assert_eq!(shown(&traced), [(false, true)]);
}

#[tokio::test]
async fn masks_go_along_with_futures_tasks_and_threads() {
    let traced = traced(|layer| layer);
    ask_later(QUESTION).in_scope(scope().mask_input(true)).await;
    // A task spawned with its scope.
    tokio::spawn(scope().mask_input(true).instrument(ask_later(QUESTION))).await.expect("joined");
    // A scope inside a scope, spawned.
    let task = scope().mask_input(true).run(|| scope().user("u").instrument(ask_later(QUESTION)));
    tokio::spawn(task).await.expect("joined");
    // A task instrumented with a span of the scope.
    let task = scope().mask_input(true).run(|| ask_later(QUESTION).instrument(tracing::info_span!("work")));
    tokio::spawn(task).await.expect("joined");
    // A thread that enters the scope manually.
    scope().mask_input(true).run(|| {
        let (here, dispatch) = (Scope::current(), tracing::dispatcher::get_default(Clone::clone));
        let thread =
            std::thread::spawn(move || tracing::dispatcher::with_default(&dispatch, || here.run(|| ask(QUESTION))));
        thread.join().expect("joined");
    });
    let shown: Vec<_> = shown(&traced);
    assert_eq!(shown.iter().filter(|shown| **shown == (false, true)).count(), 5, "{shown:?}");
}

#[tokio::test]
async fn a_call_keeps_the_scope_its_arguments_were_read_in() {
    let traced = traced(|layer| layer);
    let future = scope().mask_input(true).mask_output(true).run(|| ask_eagerly(QUESTION));
    future.await;
    assert_eq!(shown(&traced), [(false, false)]);
}

#[test]
fn a_scope_needs_no_enabled_span() {
    use tracing_subscriber::{filter::EnvFilter, prelude::*};
    let collector = llm_trace_tests::collector::Collector::start();
    let layer = llm_trace::layer().with_policy(Policy::new().capture(llm_trace::Capture::Span));
    let subscriber = tracing_subscriber::registry()
        .with(EnvFilter::new("info"))
        .with(layer.with_tracer_provider(&collector.provider()));
    tracing::subscriber::with_default(subscriber, || {
        scope().mask_input(true).run(|| tracing::debug_span!("filtered out").in_scope(|| ask(QUESTION)))
    });
    assert!(!collector.saw(QUESTION) && collector.saw(ANSWER));
}

#[tokio::test]
async fn the_default_mask_is_cleared_by_a_scope_and_holds_in_a_bare_task() {
    let policy = Policy::new().capture(llm_trace::Capture::Span).default_mask(true);
    let traced = traced(|layer| layer.with_policy(policy));
    scope()
        .clear_default_mask()
        .instrument(async {
            ask(QUESTION);
            tokio::spawn(ask_eagerly(QUESTION)).await.expect("joined");
            tokio::spawn(async { ask(QUESTION) }).await.expect("joined");
        })
        .await;
    // The second call's arguments were read inside the scope.
    assert_eq!(shown(&traced), [(true, true), (true, true), (false, false)]);
}

#[llm_trace::llm_call(provider = "openai", model = "m", input = question)]
fn stream(question: &str) -> impl futures_util::Stream<Item = String> + Unpin {
    assert!(!question.is_empty());
    futures_util::stream::iter([ANSWER.to_owned()])
}

#[tokio::test]
async fn a_call_started_outside_is_masked_by_the_scope_that_polls_it() {
    use futures_util::StreamExt as _;
    let traced = traced(|layer| layer);
    let masked = || scope().user("u1").mask_input(true).mask_output(true);
    ask_eagerly(QUESTION).in_scope(masked()).await;
    masked().instrument(stream(QUESTION)).collect::<Vec<_>>().await;
    let mut unpolled = stream(QUESTION);
    unpolled.next().await;
    masked().instrument(unpolled).collect::<Vec<_>>().await;
    let spans = traced.collector.spans();
    assert!(spans.iter().all(|span| crate::support::text(span, "user.id").as_deref() == Some("u1")));
    assert_eq!(shown(&traced), [(false, false); 3]);
}
