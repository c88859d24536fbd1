//! Our layer together with other layers, in either order.

use std::fmt::Debug;
use std::sync::{Arc, Mutex, OnceLock};

use llm_trace::{LlmCall, Operation};
use opentelemetry::trace::{SpanKind, TracerProvider as _};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};
use tracing::dispatcher::WeakDispatch;
use tracing::field::Field;
use tracing::span::{Attributes, Id};
use tracing::{Dispatch, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
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

/// Keeps the fields of new spans, and asks for their OpenTelemetry contexts, as layers do that log trace ids.
#[derive(Clone, Default)]
struct Asks {
    dispatch: Arc<OnceLock<WeakDispatch>>,
    fields: Arc<Mutex<Vec<String>>>,
}

impl<S: Subscriber> Layer<S> for Asks {
    fn on_register_dispatch(&self, dispatch: &Dispatch) {
        self.dispatch.get_or_init(|| dispatch.downgrade());
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, _: Context<'_, S>) {
        let mut fields = self.fields.lock().unwrap();
        attributes.record(&mut |field: &Field, value: &dyn Debug| fields.push(format!("{field}={value:?}")));
        let dispatch = self.dispatch.get().and_then(WeakDispatch::upgrade).expect("a dispatch");
        tracing_opentelemetry::get_otel_context(id, &dispatch);
    }
}

#[test]
fn a_span_whose_context_another_layer_asks_for_is_the_calls_and_every_layer_sees_its_fields() {
    for outside in [true, false] {
        let (ours, exporter) = provider();
        let asks = Asks::default();
        if outside {
            let layer = llm_trace::layer().with_tracer_provider(&ours);
            call_under(tracing_subscriber::registry().with(layer).with(asks.clone()));
        } else {
            let layer = llm_trace::layer().with_tracer_provider(&ours);
            call_under(tracing_subscriber::registry().with(asks.clone()).with(layer));
        }
        let spans = exporter.get_finished_spans().expect("spans");
        let [call, parent] = spans.as_slice() else { panic!("{spans:?}") };
        assert_eq!((call.name.as_ref(), &call.span_kind), ("chat m", &SpanKind::Client));
        assert_eq!(call.parent_span_id, parent.span_context.span_id());
        let start: Vec<String> =
            call.attributes[..4].iter().map(|attribute| format!("{}={}", attribute.key, attribute.value)).collect();
        let expected = [
            "gen_ai.operation.name=chat",
            "gen_ai.provider.name=openai",
            "gen_ai.request.model=m",
            "llm_trace.outcome=completed",
        ];
        assert_eq!(start, expected);
        let fields = [
            r#"otel.name="chat m""#,
            r#"otel.kind="client""#,
            r#"gen_ai.operation.name="chat""#,
            r#"gen_ai.provider.name="openai""#,
            r#"gen_ai.request.model="m""#,
        ];
        assert_eq!(*asks.fields.lock().unwrap(), fields);
    }
}
