//! Values, errors, panics and cancellation, in every kind of function.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures_util::{FutureExt as _, StreamExt as _};
use llm_trace::{LlmCall, Operation, Policy, llm_call};
use llm_trace_tests::collector::Collector;
use serde_json::{Value, json};
use tracing_subscriber::prelude::*;

use crate::{
    Overloaded, answer, async_call, block_on, boxed_call, completed, events, failed, impl_call, one, outcome, spans,
    streams, sync_call,
};

#[test]
fn values_and_errors_of_every_shape_of_function() {
    completed(&one(|_| assert!(block_on(async_call(false)).is_ok())));
    failed(&one(|_| assert!(block_on(async_call(true)).is_err())));
    completed(&one(|_| assert!(sync_call(false).is_ok())));
    failed(&one(|_| assert!(sync_call(true).is_err())));
    completed(&one(|_| assert!(block_on(boxed_call(false)).is_ok())));
    failed(&one(|_| assert!(block_on(boxed_call(true)).is_err())));
    completed(&one(|_| assert!(block_on(impl_call(false)).is_ok())));
    failed(&one(|_| assert!(block_on(impl_call(true)).is_err())));
}

#[test]
fn the_builder_has_the_same_lifecycle() {
    let builder = || LlmCall::builder(Operation::Chat).provider("openai").model("m");
    completed(&one(|_| {
        builder().run(|call| {
            call.response(&answer());
        });
    }));
    failed(&one(|_| assert!(builder().try_run(|_| Err::<(), _>(Overloaded)).is_err())));
    completed(&one(|_| {
        let future = async { LlmCall::current().response(&answer()).is_enabled() };
        assert!(block_on(builder().instrument(future)));
    }));
    failed(&one(|_| assert!(block_on(builder().try_instrument(async { Err::<(), _>(Overloaded) })).is_err())));
    completed(&one(|_| {
        let call = builder().start();
        call.response(&answer());
        call.finish();
        call.fail(&Overloaded);
    }));
}

#[test]
fn a_dropped_future_is_cancelled_and_not_an_error() {
    let span = one(|_| {
        block_on(async {
            let limit = Duration::from_millis(1);
            assert!(tokio::time::timeout(limit, slow()).await.is_err());
        });
    });
    assert_eq!(outcome(&span), "cancelled");
    assert_eq!(span.status_code(), 0);
    assert_eq!(span.attribute("error.type"), None);
    assert_eq!(span.attribute("gen_ai.usage.input_tokens"), Some(json!(5)), "what was known is kept");
}

#[llm_call(provider = "openai", model = "m")]
async fn slow() {
    LlmCall::current().usage(llm_trace::Usage::new().input_tokens(5));
    tokio::time::sleep(Duration::from_secs(60)).await;
}

#[test]
fn a_future_that_is_never_polled_makes_no_span() {
    assert_eq!(spans(|_| drop(slow())).len(), 0);
    assert_eq!(spans(|_| drop(boxed_call(false))).len(), 0);
    assert_eq!(spans(|_| drop(impl_call(false))).len(), 0);
}

#[llm_call(provider = "openai", model = "m")]
async fn panics_async() {
    tokio::task::yield_now().await;
    panic!("SENTINEL in a panic");
}

#[llm_call(provider = "openai", model = "m")]
fn panics_sync() {
    panic!("SENTINEL in a panic");
}

#[test]
fn a_caught_panic_has_the_panic_outcome() {
    for run in [
        (|| drop(catch_unwind(panics_sync))) as fn(),
        || drop(catch_unwind(AssertUnwindSafe(|| block_on(panics_async())))),
        || block_on(async { drop(AssertUnwindSafe(panics_async()).catch_unwind().await) }),
    ] {
        let span = one(|_| run());
        assert_eq!(outcome(&span), "panicked");
        assert_eq!(span.status_code(), 2);
        assert_eq!(span.attribute("error.type"), Some(json!("panic")));
        assert!(!format!("{span:?}").contains("SENTINEL"));
    }
}

#[llm_call(provider = "openai", model = "m")]
fn stumbling_future(fail: bool) -> impl Future<Output = Result<Value, Overloaded>> {
    let mut polls = 0;
    poll_fn(move |_| {
        polls += 1;
        match polls {
            1 => panic!("SENTINEL in a panic"),
            2 => Poll::Pending,
            _ if fail => Poll::Ready(Err(Overloaded)),
            _ => Poll::Ready(Ok(answer())),
        }
    })
}

#[test]
fn a_future_polled_again_after_a_panic_keeps_its_outcome() {
    for (fail, polls) in [(false, 1), (false, 2), (false, 3), (true, 3)] {
        let span = one(|_| {
            let mut future = Box::pin(stumbling_future(fail));
            let mut cx = Context::from_waker(Waker::noop());
            for poll in 0..polls {
                let polled = catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(&mut cx).is_ready()));
                assert_eq!(polled.ok(), [None, Some(false), Some(true)][poll]);
            }
        });
        assert_eq!((outcome(&span).as_str(), span.status_code()), ("panicked", 2), "{fail} {polls}");
        let known = span.attribute("gen_ai.response.id");
        assert_eq!(known, (polls == 3 && !fail).then(|| json!("c1")), "what came later is kept");
    }
}

#[test]
fn attempts_are_events_of_one_span() {
    let span = one(|_| {
        LlmCall::builder(Operation::Chat).provider("openai").run(|call| {
            call.attempt("429").attempt("503");
            call.response(&answer());
        });
    });
    completed(&span);
    let names: Vec<_> = span.span.events.iter().map(|event| event.name.as_str()).collect();
    assert_eq!(names, ["llm_trace.attempt", "llm_trace.attempt"]);
}

#[test]
fn an_error_event_inside_a_successful_call_does_not_set_its_status() {
    let collector = Collector::start();
    let exporting = opentelemetry_sdk::trace::SimpleSpanProcessor::new(collector.exporter());
    let provider = opentelemetry_sdk::trace::SdkTracerProvider::builder()
        .with_span_processor(llm_trace::RedactProcessor::new(exporting, Policy::new()))
        .build();
    let layer = llm_trace::layer().with_tracer_provider(&provider);
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        LlmCall::builder(Operation::Chat).provider("openai").run(|call| {
            tracing::error!("a retry was needed");
            call.response(&answer());
        });
    });
    completed(&collector.span("chat"));
}

#[test]
fn ten_thousand_calls_leave_no_open_calls() {
    let exporter = opentelemetry_sdk::trace::SdkTracerProvider::builder().build();
    let layer = llm_trace::layer().with_tracer_provider(&exporter);
    let open = layer.open_calls();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let _entered = runtime.enter();
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        for i in 0..2_500 {
            drop(sync_call(i % 2 == 0));
            drop(async_call(false).now_or_never());
            drop(Box::pin(streams(events(true))).next().now_or_never());
            drop(boxed_call(i % 2 == 0).now_or_never());
        }
    });
    assert_eq!(open.len(), 0);
}
