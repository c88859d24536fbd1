//! Many concurrent callers: no span has the name of another caller.

use std::pin::pin;
use std::sync::Arc;

use futures_util::future::join_all;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt as _, Stream, StreamExt as _};
use llm_trace::{InScope as _, Scope, llm_call, scope};
use proptest::prelude::*;
use tracing::Instrument as _;
use tracing::instrument::WithSubscriber as _;

use crate::support::{ask, ask_eagerly, dispatch, text};

/// The way a caller makes its call.
#[derive(Clone, Copy, Debug)]
enum Way {
    Await,
    Spawn,
    JoinAll,
    Select,
    Nested,
    Eager,
    Stream,
    StreamElsewhere,
    Thread,
    SpanFields,
}

const WAYS: [Way; 10] = [
    Way::Await,
    Way::Spawn,
    Way::JoinAll,
    Way::Select,
    Way::Nested,
    Way::Eager,
    Way::Stream,
    Way::StreamElsewhere,
    Way::Thread,
    Way::SpanFields,
];

/// The model's name contains the caller's, so each span shows its expected caller.
#[llm_call(provider = "openai", model = &model)]
async fn call(model: String, pauses: u8) -> u32 {
    for _ in 0..pauses {
        tokio::task::yield_now().await;
    }
    1
}

#[llm_call(operation = "execute_tool", model = &model)]
fn tool(model: String) -> u32 {
    1
}

#[llm_call(provider = "openai", model = &model)]
fn stream(model: String, pauses: u8) -> impl Stream<Item = String> + Send + Unpin {
    futures_util::stream::iter(0..pauses).then(|_| tokio::task::yield_now().map(|()| "x".to_owned())).boxed()
}

fn of(name: &str) -> Scope {
    scope().user(name).session(format!("session of {name}")).metadata("name", name)
}

async fn work(way: Way, name: String, pauses: u8) {
    let model = || name.clone();
    match way {
        Way::Await => {
            call(model(), pauses).in_scope(of(&name)).await;
        }
        Way::Spawn => drop(tokio::spawn(of(&name).instrument(call(model(), pauses)).with_current_subscriber()).await),
        Way::JoinAll => drop(join_all((0..3).map(|_| call(model(), pauses))).in_scope(of(&name)).await),
        Way::Select => {
            let all = async {
                tokio::select! {
                    _ = call(model(), pauses) => {}
                    _ = call(model(), pauses.wrapping_add(3) % 7) => {}
                }
            };
            all.in_scope(of(&name)).await;
        }
        Way::Nested => {
            let inner = async {
                tool(model());
                tokio::task::yield_now().await;
                call(model(), pauses).await
            };
            // Inside a foreign scope and span.
            let around = async { inner.in_scope(of(&name)).await }.instrument(tracing::info_span!("around"));
            around.in_scope(of("somebody else")).await;
        }
        Way::Eager => {
            let future = of(&name).run(|| ask_eagerly("q"));
            let span = tracing::info_span!("eager");
            future.instrument(span).await;
            of(&name).run(|| tool(model()));
        }
        Way::Stream => drop(of(&name).instrument(stream(model(), pauses)).collect::<Vec<_>>().await),
        Way::StreamElsewhere => {
            let stream = of(&name).run(|| stream(model(), pauses));
            let task = async move { stream.collect::<Vec<_>>().await };
            // Polled in another task with another scope.
            drop(tokio::spawn(of("somebody else").instrument(task).with_current_subscriber()).await);
        }
        Way::Thread => {
            let here = of(&name).run(Scope::current);
            let dispatch = tracing::dispatcher::get_default(Clone::clone);
            let thread = tokio::task::spawn_blocking(move || {
                tracing::dispatcher::with_default(&dispatch, || here.run(|| tool(name)))
            });
            drop(thread.await);
        }
        Way::SpanFields => {
            let session = format!("session of {name}");
            let span =
                tracing::info_span!("fields", llm.user_id = %name, llm.session_id = session, llm.metadata.name = %name);
            call(model(), pauses).instrument(span).await;
        }
    }
}

/// Every call's span has the caller that its model names.
fn run(callers: Vec<(Way, u8)>, threads: usize) -> usize {
    let (collector, dispatch) = dispatch(|layer| layer);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build();
    let runtime = runtime.expect("a runtime");
    let dispatch = Arc::new(dispatch);
    runtime.block_on(async {
        let names = callers.into_iter().enumerate();
        let tasks: FuturesUnordered<_> = names
            .map(|(at, (way, pauses))| {
                let work =
                    work(way, format!("caller-{at}"), pauses).with_subscriber(tracing::Dispatch::clone(&dispatch));
                tokio::spawn(work)
            })
            .collect();
        let mut tasks = pin!(tasks);
        while let Some(done) = tasks.next().await {
            done.expect("no panic");
        }
    });
    let mut calls = 0;
    for span in collector.spans() {
        let Some(caller) = text(&span, "gen_ai.request.model").filter(|model| model != "m") else { continue };
        calls += 1;
        assert_eq!(text(&span, "user.id").as_ref(), Some(&caller));
        assert_eq!(text(&span, "session.id"), Some(format!("session of {caller}")));
        assert_eq!(text(&span, "llm_trace.metadata.name").as_ref(), Some(&caller));
    }
    calls
}

#[test]
fn a_thousand_callers_at_once_keep_their_names() {
    let callers = (0..1000_u32).map(|at| (WAYS[at as usize % WAYS.len()], (at % 7) as u8)).collect();
    assert!(run(callers, 4) >= 1000);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn whatever_the_order_no_call_has_anothers_name(
        callers in prop::collection::vec((prop::sample::select(WAYS.to_vec()), 0_u8..7), 1..60),
        threads in 1_usize..5,
    ) {
        let least = callers.len();
        prop_assert!(run(callers, threads) >= least);
    }
}

#[test]
fn a_thread_that_has_left_every_scope_names_nobody() {
    let (collector, dispatch) = dispatch(|layer| layer);
    tracing::dispatcher::with_default(&dispatch, || {
        of("a").run(|| of("b").run(|| ask("q")));
        ask("q");
    });
    let users: Vec<_> = collector.spans().iter().map(|span| text(span, "user.id")).collect();
    assert_eq!(users, [Some("b".to_owned()), None]);
}
