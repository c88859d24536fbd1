//! Our layer together with other layers, in either order.

use llm_trace::{LlmCall, Operation};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};
use tracing::Subscriber;
use tracing_subscriber::prelude::*;

fn provider() -> (SdkTracerProvider, InMemorySpanExporter) {
    let exporter = InMemorySpanExporter::default();
    (SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build(), exporter)
}

fn call_under(subscriber: impl Subscriber + Send + Sync + 'static) {
    tracing::subscriber::with_default(subscriber, || {
        tracing::info_span!("parent").in_scope(|| {
            LlmCall::builder(Operation::Chat).provider("openai").model("m").run(|_| {});
        });
    });
}

fn names(exporter: &InMemorySpanExporter) -> Vec<String> {
    exporter.get_finished_spans().expect("spans").iter().map(|span| span.name.to_string()).collect()
}

#[test]
fn an_existing_opentelemetry_layer_is_used_in_either_order() {
    let (theirs, exporter) = provider();
    call_under(
        tracing_subscriber::registry()
            .with(tracing_opentelemetry::layer().with_tracer(theirs.tracer("app")))
            .with(llm_trace::layer()),
    );
    call_under(
        tracing_subscriber::registry()
            .with(llm_trace::layer())
            .with(tracing_opentelemetry::layer().with_tracer(theirs.tracer("app"))),
    );
    assert_eq!(names(&exporter), ["chat m", "parent", "chat m", "parent"]);
}

#[test]
fn two_opentelemetry_layers_do_not_panic_and_ours_is_disabled() {
    for ours_first in [true, false] {
        let (theirs, their_exporter) = provider();
        let (ours, our_exporter) = provider();
        let their_layer = tracing_opentelemetry::layer().with_tracer(theirs.tracer("app"));
        if ours_first {
            let layer = llm_trace::layer().with_tracer_provider(&ours);
            let their_layer = tracing_opentelemetry::layer().with_tracer(theirs.tracer("app"));
            call_under(tracing_subscriber::registry().with(layer).with(their_layer));
        } else {
            let layer = llm_trace::layer().with_tracer_provider(&ours);
            call_under(tracing_subscriber::registry().with(their_layer).with(layer));
        }
        assert_eq!(names(&their_exporter), ["chat m", "parent"], "ours first: {ours_first}");
        assert_eq!(names(&our_exporter), Vec::<String>::new());
    }
}

#[test]
fn the_embedded_layer_serves_all_threads_from_the_first_span_on() {
    let (ours, exporter) = provider();
    let subscriber = tracing_subscriber::registry().with(llm_trace::layer().with_tracer_provider(&ours));
    let dispatch = tracing::Dispatch::new(subscriber);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                tracing::dispatcher::with_default(&dispatch, || {
                    LlmCall::builder(Operation::Chat).provider("openai").model("m").run(|_| {});
                });
            });
        }
    });
    assert_eq!(names(&exporter).len(), 8);
}
