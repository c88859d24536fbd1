//! Streams that are complete, truncated, dropped or broken, polled from any thread.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{FutureExt as _, Stream, StreamExt as _, stream};
use llm_trace::{LlmCall, Operation, Policy, llm_call};
use llm_trace_tests::collector::Collector;
use serde_json::json;
use tracing_subscriber::prelude::*;

use crate::{Overloaded, async_call, block_on, completed, events, one, outcome, streamed, streams};

#[llm_call(provider = "openai", model = "m")]
async fn boxed_streams(
    items: Vec<Bytes>,
) -> Result<Pin<Box<dyn Stream<Item = Result<Bytes, Overloaded>> + Send>>, Overloaded> {
    Ok(Box::pin(stream::iter(items).map(Ok)))
}

#[test]
fn streams_end_complete_truncated_dropped_and_by_panic() {
    let whole = one(|_| block_on(streams(events(true)).for_each(|_| std::future::ready(()))));
    completed(&whole);
    streamed(&whole, "Hello");
    let whole = one(|_| {
        block_on(async {
            let stream = boxed_streams(events(true)).await.expect("a stream");
            stream.for_each(|_| std::future::ready(())).await;
        });
    });
    completed(&whole);

    let cut = one(|_| block_on(streams(events(false)).for_each(|_| std::future::ready(()))));
    assert_eq!((outcome(&cut).as_str(), cut.status_code()), ("truncated", 2));
    assert_eq!(cut.attribute("gen_ai.response.finish_reasons"), None, "no invented reason");
    streamed(&cut, "Hello");

    let dropped = one(|_| {
        block_on(async {
            let mut stream = Box::pin(streams(events(true)));
            assert!(stream.next().await.is_some());
        });
    });
    assert_eq!((outcome(&dropped).as_str(), dropped.status_code()), ("dropped", 0));
    streamed(&dropped, "Hel");

    let unpolled = one(|_| drop(streams(events(true))));
    assert_eq!((outcome(&unpolled).as_str(), unpolled.status_code()), ("dropped", 0));

    let panicked = one(|_| {
        let run = || block_on(panicking_stream().for_each(|_| std::future::ready(())));
        assert!(catch_unwind(AssertUnwindSafe(run)).is_err());
    });
    assert_eq!((outcome(&panicked).as_str(), panicked.status_code()), ("panicked", 2));
    streamed(&panicked, "Hello");
}

/// Reads at most this number of pieces, and drops the stream.
#[llm_call(provider = "openai", model = "m")]
async fn reads_in_place(pieces: usize, fails: bool) -> Result<(), Overloaded> {
    let mut stream = LlmCall::current().stream(stream::iter(events(true)));
    for _ in 0..pieces {
        let _ = stream.next().await;
    }
    drop(stream);
    if fails { Err(Overloaded) } else { Ok(()) }
}

#[llm_call(provider = "openai", model = "m")]
async fn waits_in_place() {
    let mut stream = LlmCall::current().stream(stream::iter(events(true)));
    stream.next().await;
    std::future::pending().await
}

#[llm_call(provider = "openai", model = "m")]
async fn reads_twice() {
    drop(LlmCall::current().stream(stream::iter(events(true))));
    LlmCall::current().stream(stream::iter(events(true))).for_each(|_| std::future::ready(())).await;
}

#[test]
fn a_stream_that_is_dropped_inside_its_function_is_dropped() {
    for (pieces, fails, expected) in
        [(1, false, "dropped"), (0, false, "dropped"), (1, true, "error"), (100, false, "completed")]
    {
        let span = one(|_| drop(block_on(reads_in_place(pieces, fails))));
        assert_eq!(outcome(&span), expected, "{pieces} {fails}");
        assert_eq!(span.status_code() == 2, fails, "{span:?}");
        assert_eq!(span.attribute("error.type").is_some(), fails, "{span:?}");
    }
    let cancelled = one(|_| assert!(waits_in_place().now_or_never().is_none()));
    assert_eq!(outcome(&cancelled), "cancelled");
    let twice = one(|_| block_on(reads_twice()));
    completed(&twice);
}

#[llm_call(provider = "openai", model = "m")]
fn panicking_stream() -> impl Stream<Item = Bytes> {
    stream::iter(events(false)).chain(stream::once(async { panic!("SENTINEL") }))
}

/// A stream that panics where an item is `None`, and continues afterwards.
#[llm_call(provider = "openai", model = "m")]
fn stumbling_stream(items: Vec<Option<Bytes>>) -> impl Stream<Item = Bytes> {
    stream::iter(items).map(|item| item.expect("SENTINEL"))
}

#[test]
fn a_stream_polled_again_after_a_panic_keeps_its_outcome() {
    let items = |whole| {
        let mut items: Vec<_> = events(whole).into_iter().map(Some).collect();
        items.insert(1, None);
        items
    };
    // The number of polls: until the end mark, until the last item, and until a drop in between.
    for (whole, polls) in [(true, 20), (false, 20), (true, 3), (true, 2)] {
        let panicked = one(|_| {
            let mut stream = Box::pin(stumbling_stream(items(whole)));
            for poll in 0..polls {
                let polled = catch_unwind(AssertUnwindSafe(|| block_on(stream.next())));
                assert_eq!(polled.is_err(), poll == 1, "{poll}");
                if polled.is_ok_and(|item| item.is_none()) {
                    break;
                }
            }
        });
        assert_eq!((outcome(&panicked).as_str(), panicked.status_code()), ("panicked", 2), "{whole} {polls}");
        streamed(&panicked, "Hel");
        let usage = panicked.attribute("gen_ai.usage.input_tokens");
        assert_eq!(usage, (whole && polls > 3).then(|| json!(3)), "what came later is kept");
    }
}

#[llm_call(provider = "openai", model = "m")]
fn failing_stream() -> impl Stream<Item = Result<Bytes, Overloaded>> {
    stream::iter(events(false)).map(Ok).chain(stream::once(async { Err(Overloaded) }))
}

#[llm_call(provider = "openai", model = "m")]
fn error_event() -> impl Stream<Item = String> {
    let error = json!({"error": {"message": "SENTINEL", "type": "server_error", "code": null}});
    stream::iter([format!("data: {error}\n\n")])
}

#[test]
fn errors_inside_a_stream_are_the_calls() {
    let span = one(|_| block_on(failing_stream().for_each(|_| std::future::ready(()))));
    assert_eq!((outcome(&span).as_str(), span.status_code()), ("error", 2));
    assert_eq!(span.attribute("error.type"), Some(json!("outcomes::Overloaded")));
    streamed(&span, "Hello");
    let span = one(|_| block_on(error_event().for_each(|_| std::future::ready(()))));
    assert_eq!((outcome(&span).as_str(), span.status_code()), ("error", 2));
    assert_eq!(span.attribute("error.type"), Some(json!("server_error")));
}

/// The status message that a call records with this policy, and whether the sentinel was exported.
fn told(policy: Policy, chunks: impl FnOnce(&LlmCall)) -> (String, bool) {
    let collector = Collector::start();
    let layer = llm_trace::layer().with_policy(policy).with_tracer_provider(&collector.provider());
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        let call = LlmCall::builder(Operation::Chat).provider("openai").model("m").start();
        chunks(&call);
        call.finish();
    });
    let span = collector.span("chat m");
    assert_eq!((outcome(&span).as_str(), span.status_code()), ("error", 2));
    assert_eq!(span.attribute("error.type"), Some(json!("server_error")));
    (span.status_message().to_owned(), collector.saw("SENTINEL"))
}

#[test]
fn a_stream_errors_text_follows_the_policy_for_error_texts() {
    let error = json!({"message": "SENTINEL overloaded", "type": "server_error", "code": null});
    let whole = json!({"error": error});
    let inside = json!({"type": "response.failed", "sequence_number": 3, "response": {"id": "r1",
        "object": "response", "status": "failed", "model": "m-1", "output": [], "error": error}});
    for event in [&whole, &inside] {
        let shapes: [&dyn Fn(&LlmCall); 3] =
            [&|call| _ = call.chunk_bytes(format!("data: {event}\n\n")), &|call| _ = call.chunk(event), &|call| {
                _ = call.chunk(&json!({"event": "message", "data": event.to_string()}))
            }];
        for (at, chunks) in shapes.iter().enumerate() {
            let kept = told(Policy::new().error_text(true), chunks);
            assert_eq!(kept, ("SENTINEL overloaded".to_owned(), true), "{at} {event}");
            let masked = Policy::new().error_text(true).mask_input(true);
            for policy in [Policy::new(), masked] {
                assert_eq!(told(policy, chunks), (String::new(), false), "{at} {event}");
            }
            let late = |call: &LlmCall| {
                chunks(call);
                call.mask_output(true);
            };
            assert_eq!(told(Policy::new().error_text(true), late), (String::new(), false), "{at} {event}");
        }
    }
}

#[test]
fn iterators_and_callbacks_are_recorded_with_the_handle() {
    let span = one(|_| {
        let call = LlmCall::builder(Operation::Chat).provider("openai").model("m").start();
        for bytes in events(true) {
            call.chunk_bytes(bytes);
        }
        call.finish();
    });
    completed(&span);
    streamed(&span, "Hello");
    let span = one(|_| {
        let call = LlmCall::builder(Operation::Chat).provider("openai").model("m").start();
        call.chunk("Hel").chunk("lo");
        call.finish();
    });
    assert_eq!(outcome(&span), "completed");
    let output = span.attribute("gen_ai.output.messages").expect("output");
    assert!(output.as_str().is_some_and(|json| json.contains("\"Hello\"")), "{output}");
}

#[test]
fn a_shutdown_ends_open_calls() {
    let span = one(|open| {
        block_on(async {
            let mut stream = Box::pin(streams(events(true)));
            assert!(stream.next().await.is_some());
            assert_eq!(open.finish(), 1);
            assert!(stream.next().await.is_some(), "the stream goes on");
        });
    });
    assert_eq!((outcome(&span).as_str(), span.status_code()), ("unfinished", 0));
    streamed(&span, "Hel");
}

#[test]
fn spans_inside_are_children_and_the_end_time_is_right() {
    let collector = Collector::start();
    let provider = collector.provider();
    let subscriber = tracing_subscriber::registry().with(llm_trace::layer().with_tracer_provider(&provider));
    tracing::subscriber::with_default(subscriber, || {
        block_on(async {
            let stream = streams_with_children();
            futures_util::pin_mut!(stream);
            while stream.next().await.is_some() {}
            tokio::time::sleep(Duration::from_millis(80)).await;
        });
    });
    let spans = collector.spans();
    let call = spans.iter().find(|span| span.attribute("gen_ai.operation.name").is_some()).expect("the call").clone();
    let children: Vec<_> = spans.iter().filter(|span| span.span.name == "http").collect();
    assert_eq!(children.len(), 3);
    assert!(children.iter().all(|child| child.span.parent_span_id == call.span.span_id));
    let millis = (call.span.end_time_unix_nano - call.span.start_time_unix_nano) / 1_000_000;
    assert!((30..80).contains(&millis), "it took {millis} ms, of which 30 in the stream");
}

#[llm_call(provider = "openai", model = "m")]
fn streams_with_children() -> impl Stream<Item = Bytes> {
    stream::iter(0..3).then(|_| async {
        tracing::info_span!("http").in_scope(|| {});
        tokio::time::sleep(Duration::from_millis(10)).await;
        Bytes::new()
    })
}

#[test]
fn streams_may_be_polled_from_several_threads_and_runtimes() {
    let collector = Collector::start();
    let provider = collector.provider();
    let layer = llm_trace::layer().with_tracer_provider(&provider);
    let dispatch = tracing::Dispatch::new(tracing_subscriber::registry().with(layer));
    let multi = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().expect("a runtime");
    let mut stream: Pin<Box<dyn Stream<Item = Bytes> + Send>> =
        tracing::dispatcher::with_default(&dispatch, || Box::pin(streams(events(true))) as _);
    // Each item on its own thread, without and with a runtime.
    for round in 0.. {
        let dispatch = dispatch.clone();
        let handle = multi.handle().clone();
        let (back, item) = std::thread::spawn(move || {
            tracing::dispatcher::with_default(&dispatch, || {
                let item = if round % 2 == 0 { block_on(stream.next()) } else { handle.block_on(stream.next()) };
                (stream, item)
            })
        })
        .join()
        .expect("a thread");
        stream = back;
        if item.is_none() {
            break;
        }
    }
    let calls: Vec<_> = (0..8)
        .map(|fail| {
            use tracing::instrument::WithSubscriber as _;
            multi.spawn(async_call(fail % 2 == 1).with_subscriber(dispatch.clone()))
        })
        .collect();
    for (at, call) in calls.into_iter().enumerate() {
        assert_eq!(multi.block_on(call).expect("joined").is_err(), at % 2 == 1);
    }
    drop(stream);
    let spans = collector.spans();
    assert_eq!(spans.len(), 9);
    completed(&spans[0]);
    assert_eq!(spans.iter().filter(|span| outcome(span) == "error").count(), 4);
}
