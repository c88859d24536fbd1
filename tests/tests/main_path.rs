//! A call made with the builder, tested on its exports.

use llm_trace::__private::{CallArguments, Prepared, ProbedValue, trace_future};
use llm_trace::{Capture, Policy};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};
use tracing_subscriber::prelude::*;

#[test]
fn a_future_is_one_client_span() {
    let exporter = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
    let subscriber = tracing_subscriber::registry()
        .with(llm_trace::layer().with_tracer_provider(&provider).with_policy(Policy::new().capture(Capture::Span)));
    tracing::subscriber::with_default(subscriber, || {
        let make = llm_trace::__make_span!(target: module_path!(), level: tracing::Level::INFO, name: "chat");
        let mut setup = CallArguments::new(Some("chat".into()), make);
        setup.provider("openai");
        setup.model(Some("gpt-4o".into()));
        let prepared: Prepared = setup.begin();
        let future = trace_future(prepared, async { "hi" }, |call, out| {
            call.finish_ok(ProbedValue::default(), "()");
            out
        });
        assert_eq!(futures_util::FutureExt::now_or_never(future), Some("hi"));
    });
    let spans = exporter.get_finished_spans().expect("spans");
    assert_eq!(spans.len(), 1);
    assert_eq!(spans[0].name, "chat gpt-4o");
    println!("{:#?}", spans[0]);
}
