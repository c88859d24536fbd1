//! `check()` reports the active configuration and common mistakes.

use llm_trace::{Check, check};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};
use tracing::Subscriber;
use tracing_subscriber::filter::{EnvFilter, LevelFilter};
use tracing_subscriber::prelude::*;

fn under(subscriber: impl Subscriber + Send + Sync + 'static) -> Check {
    tracing::subscriber::with_default(subscriber, check)
}

fn problem(check: &Check) -> String {
    let problems: Vec<_> = check.problems().collect();
    assert_eq!(problems.len(), 1, "{check}");
    problems[0].to_owned()
}

#[test]
fn a_good_setup_is_ok_and_leaves_no_span() {
    let exporter = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
    let found = under(tracing_subscriber::registry().with(llm_trace::layer().with_tracer_provider(&provider)));
    assert!(found.is_ok(), "{found}");
    assert!(found.to_string().contains("content is off"), "{found}");
    assert!(exporter.get_finished_spans().expect("spans").is_empty());
}

#[test]
fn nothing_is_set_up() {
    assert!(problem(&check()).contains("no tracing subscriber"));
}

#[test]
fn the_layer_is_missing() {
    let provider = SdkTracerProvider::builder().build();
    let tracer = opentelemetry::trace::TracerProvider::tracer(&provider, "app");
    let found = under(tracing_subscriber::registry().with(tracing_opentelemetry::layer().with_tracer(tracer)));
    assert!(problem(&found).contains("llm_trace::layer() was not found in this subscriber"), "{found}");
}

#[llm_trace::llm_call(provider = "openai", model = "gpt-4o")]
fn call() {}

/// What is found before the first call, and after it.
fn before_and_after(subscriber: impl Subscriber + Send + Sync + 'static) -> (Check, Check) {
    tracing::subscriber::with_default(subscriber, || {
        let before = check();
        call();
        (before, check())
    })
}

#[test]
fn the_opentelemetry_layer_is_missing() {
    let (before, after) = before_and_after(tracing_subscriber::registry().with(llm_trace::layer()));
    assert!(before.is_ok() && after.is_ok(), "{before}\n{after}");
    assert!(before.to_string().contains("not known before the first call"), "{before}");
    assert!(
        after.to_string().contains("no layer of tracing-opentelemetry 0.34 was found in this subscriber"),
        "{after}"
    );
    assert!(after.to_string().contains("facts are fields"), "{after}");
    assert!(!after.to_string().contains("RedactProcessor"), "advice that does not compile there: {after}");
}

#[test]
fn no_opentelemetry_layer_and_no_fields_is_wrong() {
    let layer = llm_trace::layer().with_fields(false);
    let (before, after) = before_and_after(tracing_subscriber::registry().with(layer));
    assert!(before.is_ok(), "{before}");
    assert!(problem(&after).contains("with_fields(false)"), "{after}");
}

#[test]
fn the_opentelemetry_layer_of_the_program_is_found_by_the_first_call() {
    let provider = SdkTracerProvider::builder().build();
    let tracer = opentelemetry::trace::TracerProvider::tracer(&provider, "app");
    let subscriber = tracing_subscriber::registry()
        .with(llm_trace::layer())
        .with(tracing_opentelemetry::layer().with_tracer(tracer));
    let (before, after) = before_and_after(subscriber);
    assert!(before.to_string().contains("not known before the first call"), "{before}");
    assert!(after.to_string().contains("an OpenTelemetry layer of tracing-opentelemetry 0.34 is there"), "{after}");
}

#[test]
fn a_check_makes_no_span_and_changes_no_filter() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tracing_subscriber::layer::Context;
    struct Count(Arc<AtomicUsize>);
    impl<S: Subscriber> tracing_subscriber::Layer<S> for Count {
        fn on_new_span(&self, _: &tracing::span::Attributes<'_>, _: &tracing::span::Id, _: Context<'_, S>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
    let spans = Arc::new(AtomicUsize::new(0));
    let subscriber = tracing_subscriber::registry()
        .with(llm_trace::layer())
        .with(Count(spans.clone()).with_filter(LevelFilter::INFO))
        .with(Count(Arc::default()).with_filter(LevelFilter::ERROR));
    tracing::subscriber::with_default(subscriber, || {
        let found = check();
        assert!(found.is_ok() && spans.load(Ordering::Relaxed) == 0, "{found}");
        call();
        assert_eq!(spans.load(Ordering::Relaxed), 1);
    });
}

#[test]
fn the_target_is_filtered() {
    let provider = SdkTracerProvider::builder().build();
    let found = under(
        tracing_subscriber::registry()
            .with(llm_trace::layer().with_tracer_provider(&provider))
            .with(EnvFilter::new("info,llm_trace=off")),
    );
    // Which targets the program's calls have is not known before the first one.
    assert!(found.is_ok() && found.to_string().contains("NOTE  a filter disables"), "{found}");
}

#[test]
fn a_missing_guard_is_a_note_and_not_an_error() {
    use llm_trace::redact;
    use tracing_subscriber::fmt;
    let layer = || llm_trace::layer().with_tracer_provider(&SdkTracerProvider::builder().build());
    let said = |subscriber: tracing::Dispatch| {
        tracing::dispatcher::with_default(&subscriber, || {
            let check = llm_trace::check();
            (check.is_ok(), check.to_string())
        })
    };
    let (ok, bare) = said(tracing_subscriber::registry().with(layer()).with(fmt::layer()).into());
    assert!(ok && bare.contains("NOTE  no RedactProcessor"), "{bare}");
    assert!(bare.contains("NOTE  a fmt layer is not wrapped"), "{bare}");
    let exporting = opentelemetry_sdk::trace::SimpleSpanProcessor::new(InMemorySpanExporter::default());
    drop(llm_trace::RedactProcessor::new(exporting, llm_trace::Policy::new()));
    let (_, guarded) = said(tracing_subscriber::registry().with(layer()).with(redact(fmt::layer())).into());
    // Calls of the other tests can leave notes of their own.
    let notes: Vec<_> = guarded.lines().filter(|line| line.contains("NOTE") && !line.contains("#[llm_call]")).collect();
    assert!(notes.is_empty(), "{guarded}");
}
