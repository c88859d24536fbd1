//! Spans that are created in one place and entered in another.

use llm_trace::scope;
use tracing::{Span, info_span};

use crate::support::{QUESTION, Traced, ask, holds, text, traced};

/// Runs `f` on another thread with the same subscriber.
fn elsewhere(f: impl FnOnce() + Send) {
    let dispatch = tracing::dispatcher::get_default(Clone::clone);
    std::thread::scope(|threads| {
        threads.spawn(|| tracing::dispatcher::with_default(&dispatch, f)).join().expect("joined");
    });
}

/// For each call: whether its input is shown, and its user.
fn calls(traced: &Traced) -> Vec<(bool, Option<String>)> {
    let spans = traced.collector.spans();
    let calls = spans.iter().filter(|span| text(span, "gen_ai.operation.name").is_some());
    calls.map(|span| (holds(span, "gen_ai.input.messages", QUESTION), text(span, "user.id"))).collect()
}

#[test]
fn masks_hold_below_a_span_of_the_scope_whatever_its_parent_is() {
    let traced = traced(|layer| layer);
    let other = info_span!("other request");
    let spans = scope().mask_input(true).run(|| {
        info_span!("request").in_scope(|| {
            [info_span!("child"), info_span!(parent: None, "root"), info_span!(parent: &other, "below another")]
        })
    });
    for span in spans {
        span.in_scope(|| ask(QUESTION));
        elsewhere(|| {
            span.in_scope(|| ask(QUESTION));
        });
        // Also in a child span.
        let below = info_span!(parent: &span, "below");
        elsewhere(|| {
            below.in_scope(|| ask(QUESTION));
        });
    }
    ask(QUESTION);
    let mut shown: Vec<bool> = calls(&traced).into_iter().map(|(shown, _)| shown).collect();
    assert_eq!(shown.pop(), Some(true), "after all of them");
    assert_eq!(shown, [false; 9]);
}

#[test]
fn masks_are_those_of_the_place_where_a_span_was_made_and_of_the_place_where_it_is_entered() {
    let traced = traced(|layer| layer);
    let span = scope().mask_output(true).run(|| info_span!(parent: None, "made"));
    scope().mask_input(true).run(|| span.in_scope(|| ask(QUESTION)));
    assert!(!traced.collector.saw(QUESTION) && !traced.collector.saw(crate::support::ANSWER));
}

/// A span of a pooled connection: created for one request, entered in another.
fn pooled() -> Span {
    scope().user("first").run(|| info_span!("request").in_scope(|| info_span!("connection")))
}

#[test]
fn the_current_scope_s_facts_win_over_those_that_a_span_remembers() {
    let traced = traced(|layer| layer);
    let connection = pooled();
    scope().user("second").run(|| connection.in_scope(|| ask(QUESTION)));
    // A current scope replaces the span's facts completely, including those it does not set.
    scope().session("s2").run(|| connection.in_scope(|| ask(QUESTION)));
    let users: Vec<Option<String>> = calls(&traced).into_iter().map(|(_, user)| user).collect();
    assert_eq!(users, [Some("second".to_owned()), None]);
}

#[test]
fn a_span_s_memory_fills_in_where_no_scope_has_facts() {
    let traced = traced(|layer| layer);
    let span = pooled();
    elsewhere(|| {
        span.in_scope(|| ask(QUESTION));
        scope().mask_input(true).run(|| span.in_scope(|| ask(QUESTION)));
    });
    assert_eq!(calls(&traced), [(true, Some("first".to_owned())), (false, Some("first".to_owned()))]);
}

#[test]
fn a_span_that_is_explicitly_of_another_trace_remembers_no_facts() {
    let traced = traced(|layer| layer);
    let other = info_span!("other request");
    let spans = scope().user("first").mask_input(true).run(|| {
        info_span!("request")
            .in_scope(|| [info_span!(parent: None, "connection"), info_span!(parent: &other, "connection")])
    });
    for span in spans {
        elsewhere(|| {
            span.in_scope(|| ask(QUESTION));
        });
    }
    assert_eq!(calls(&traced), [(false, None), (false, None)]);
}
