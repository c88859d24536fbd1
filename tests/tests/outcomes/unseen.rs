//! Responses whose end is not visible, and errors that occur late.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, stream};
use llm_trace::{LlmCall, OpenCalls, Operation, llm_call};
use serde_json::json;

use crate::{Overloaded, block_on, completed, events, one, outcome, streamed};

/// A named stream type that can hold the call's handle.
struct Named(std::vec::IntoIter<Bytes>, Option<LlmCall>);

impl Stream for Named {
    type Item = Bytes;
    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Bytes>> {
        let item = self.0.next();
        if let (Some(call), Some(item)) = (&self.1, &item) {
            call.chunk_bytes(item);
        }
        Poll::Ready(item)
    }
}

#[llm_call(provider = "openai", model = "m")]
fn named(items: Vec<Bytes>, keep: bool) -> Named {
    Named(items.into_iter(), keep.then(LlmCall::current))
}

#[llm_call(provider = "openai", model = "m")]
fn hidden() -> (usize, impl Stream<Item = Bytes>) {
    (1, stream::iter(events(true)))
}

#[test]
fn a_stream_whose_end_cannot_be_seen_is_unobserved() {
    for run in [
        (|_: &OpenCalls| block_on(named(events(true), false).for_each(|_| std::future::ready(())))) as fn(&OpenCalls),
        |_| block_on(hidden().1.for_each(|_| std::future::ready(()))),
    ] {
        let span = one(run);
        assert_eq!((outcome(&span).as_str(), span.status_code()), ("unobserved", 0));
        assert_eq!(span.attribute("gen_ai.request.stream"), None, "nobody asked for a stream");
        for unknown in ["gen_ai.response.finish_reasons", "gen_ai.usage.output_tokens", "error.type"] {
            assert_eq!(span.attribute(unknown), None, "{unknown}");
        }
    }
}

#[test]
fn a_stream_that_holds_its_call_keeps_it_open() {
    let whole = one(|open| {
        let stream = named(events(true), true);
        assert_eq!(open.len(), 1, "it is open after the return");
        block_on(stream.for_each(|_| std::future::ready(())));
    });
    completed(&whole);
    streamed(&whole, "Hello");
    let cut = one(|open| {
        let mut stream = named(events(true), true);
        assert!(block_on(stream.next()).is_some());
        assert_eq!(open.len(), 1, "it is open");
    });
    assert_eq!(outcome(&cut), "unobserved");
    streamed(&cut, "Hel");
    let ended = one(|_| {
        let mut stream = named(events(true), true);
        assert!(block_on(stream.next()).is_some());
        stream.1.take().expect("kept").fail(&Overloaded);
    });
    assert_eq!(outcome(&ended), "error");
}

#[allow(clippy::type_complexity)] // Written out, since the macro sees what is written.
#[llm_call(provider = "openai", model = "m", error_type = |error| error.code())]
fn coded(boxed: bool) -> Result<Pin<Box<dyn Stream<Item = Result<Bytes, Overloaded>> + Send>>, Overloaded> {
    if boxed { Ok(Box::pin(stream::iter([Err(Overloaded)]))) } else { Err(Overloaded) }
}

#[llm_call(provider = "openai", model = "m", error_type = |error| error.code())]
fn coded_impl() -> impl Stream<Item = Result<Bytes, Overloaded>> {
    stream::iter(events(false)).map(Ok).chain(stream::iter([Err(Overloaded)]))
}

impl Overloaded {
    fn code(&self) -> &'static str {
        "overloaded"
    }
}

#[test]
fn error_type_applies_to_item_errors() {
    for run in [
        (|_: &OpenCalls| drop(coded(false))) as fn(&OpenCalls),
        |_| block_on(coded(true).expect("a stream").for_each(|_| std::future::ready(()))),
        |_| block_on(coded_impl().for_each(|_| std::future::ready(()))),
    ] {
        let span = one(run);
        assert_eq!((outcome(&span).as_str(), span.attribute("error.type")), ("error", Some(json!("overloaded"))));
    }
}

/// A body that fails after its first frame.
struct Broken(bool);

impl http_body::Body for Broken {
    type Data = Bytes;
    type Error = Overloaded;
    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, Overloaded>>> {
        let first = !std::mem::replace(&mut self.0, true);
        let frame = events(false).swap_remove(0);
        Poll::Ready(Some(if first { Ok(http_body::Frame::data(frame)) } else { Err(Overloaded) }))
    }
}

#[test]
fn a_body_records_its_error() {
    use http_body_util::BodyExt as _;
    for (reads, text) in [(false, ""), (true, "SENTINEL overloaded")] {
        let span = one(|_| {
            let call = LlmCall::builder(Operation::Chat).provider("openai").model("m").start();
            let body = call.body(Broken(false));
            drop(call);
            let end = if reads { block_on(body.reading_errors().collect()) } else { block_on(body.collect()) };
            assert!(end.is_err());
        });
        assert_eq!((outcome(&span).as_str(), span.status_code(), span.status_message()), ("error", 2, text));
        assert_eq!(span.attribute("error.type"), Some(json!("outcomes::Overloaded")));
        streamed(&span, "Hel");
    }
}
