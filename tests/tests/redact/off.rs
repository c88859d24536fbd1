//! With the default configuration, free text of other code inside a model call is not exported.

use llm_trace::{Capture, LlmCall, Policy, RedactLogProcessor, RedactProcessor, redact};
use llm_trace_tests::collector::Collector;
use llm_trace_tests::lines::Lines;
use opentelemetry::KeyValue;
use opentelemetry::logs::{LogRecord as _, Logger as _, LoggerProvider as _};
use opentelemetry::trace::{Span as _, Status, TraceContextExt as _, Tracer as _, TracerProvider as _};
use opentelemetry_appender_tracing::layer::OpenTelemetryTracingBridge;
use opentelemetry_sdk::logs::{SdkLoggerProvider, SimpleLogProcessor};
use opentelemetry_sdk::trace::{SdkTracerProvider, SimpleSpanProcessor};
use tracing_subscriber::prelude::*;

const SECRET: &str = "SENTINEL";

fn inside() {
    tracing::info!("asked: {SECRET}");
    tracing::error!(error = SECRET, "refused: {SECRET}");
    tracing::info_span!("client", body = SECRET, tries = 3, "http.request.method" = "POST").in_scope(|| {
        tracing::info!(note = SECRET, "in a span below");
    });
    let cx = opentelemetry::Context::current();
    cx.span().add_event(SECRET, vec![KeyValue::new("text", SECRET)]);
    cx.span().set_attribute(KeyValue::new("plan.of.another", SECRET));
}

/// The guards of spans.
#[derive(Clone, Copy, Debug, PartialEq)]
enum By {
    Layer,
    Processor,
}

fn run(policy: Policy, by: By, operation: &'static str) -> (Collector, String) {
    let (collector, lines) = (Collector::start(), Lines::default());
    let exporting = SimpleSpanProcessor::new(collector.exporter());
    let provider = match by {
        By::Layer => SdkTracerProvider::builder().with_span_processor(exporting).build(),
        By::Processor => {
            let guarded = RedactProcessor::new(exporting, policy.clone());
            SdkTracerProvider::builder().with_span_processor(guarded).build()
        }
    };
    let logs = RedactLogProcessor::new(SimpleLogProcessor::new(collector.log_exporter()), policy.clone());
    let loggers = SdkLoggerProvider::builder().with_log_processor(logs).build();
    let layer = llm_trace::layer().with_policy(policy.clone()).with_tracer_provider(&provider);
    let writer = lines.clone();
    let local = redact(tracing_subscriber::fmt::layer().with_writer(move || writer.clone()));
    let subscriber =
        tracing_subscriber::registry().with(layer).with(local).with(OpenTelemetryTracingBridge::new(&loggers));
    tracing::subscriber::with_default(subscriber, || {
        LlmCall::builder(operation).provider("openai").run(|call| {
            call.attribute("plan", "gold");
            inside();
        });
    });
    (collector, lines.text())
}

#[test]
fn free_text_inside_a_model_call_is_not_exported_while_capture_is_off() {
    for operation in ["chat", "text_completion", "embeddings"] {
        let (got, local) = run(Policy::new(), By::Processor, operation);
        assert!(!got.saw(SECRET), "{operation}: {:?} {:?}", got.spans(), got.logs());
        let client = got.span("client");
        assert_eq!(client.attribute("tries"), Some(3.into()));
        assert_eq!(client.attribute("http.request.method"), Some("POST".into()));
        assert!(got.spans().iter().any(|span| span.attribute("plan") == Some("gold".into())));
        // Local logs are redacted by masks only.
        assert!(local.contains(&format!("asked: {SECRET}")), "{local}");
    }
}

#[test]
fn the_layer_alone_redacts_tracing_events() {
    let (got, _) = run(Policy::new(), By::Layer, "chat");
    for span in got.spans() {
        let texts = format!("{:?} {:?}", span.span.events, span.attribute("body"));
        // Attributes set directly on an OpenTelemetry span bypass every layer.
        let told: Vec<_> = span.span.events.iter().filter(|event| event.name != SECRET).collect();
        assert!(!format!("{told:?}").contains(SECRET), "{texts}");
        assert_ne!(span.attribute("body"), Some(SECRET.into()));
    }
}

#[test]
fn agents_and_workflows_keep_free_text_unless_it_is_masked() {
    for operation in ["invoke_agent", "invoke_workflow", "execute_tool"] {
        let (got, _) = run(Policy::new(), By::Processor, operation);
        assert!(got.saw("asked: SENTINEL"), "{operation}");
        let (got, _) = run(Policy::new().mask_input(true), By::Processor, operation);
        assert!(!got.saw(SECRET), "{operation}");
    }
}

#[test]
fn one_switch_keeps_free_text_and_single_keys_and_crates_can_be_exempt() {
    let (got, _) = run(Policy::new().keep_free_text(true), By::Processor, "chat");
    assert!(got.saw("asked: SENTINEL"));
    let (got, _) = run(Policy::new().keep_free_text(true).lock_masked(), By::Processor, "chat");
    assert!(!got.saw(SECRET));
    let (got, _) = run(Policy::new().plain_key("body"), By::Processor, "chat");
    assert_eq!(got.span("client").attribute("body"), Some(SECRET.into()));
}

#[test]
fn error_texts_outside_of_calls_are_withheld_while_capture_is_off() {
    for (policy, shown) in [(Policy::new(), false), (Policy::new().capture(Capture::SpanAndEvent), true)] {
        let collector = Collector::start();
        let spans = RedactProcessor::new(SimpleSpanProcessor::new(collector.exporter()), policy.clone());
        let records = RedactLogProcessor::new(SimpleLogProcessor::new(collector.log_exporter()), policy);
        let provider = SdkTracerProvider::builder().with_span_processor(spans).build();
        let mut span = provider.tracer("app").start("handler");
        span.set_status(Status::error(format!("the model refused: {SECRET}")));
        span.add_event("exception", vec![KeyValue::new("exception.message", SECRET)]);
        span.set_attribute(KeyValue::new("exception.stacktrace", SECRET));
        span.end();
        assert_eq!(collector.saw(SECRET), shown, "{:?}", collector.span("handler"));
        let loggers = SdkLoggerProvider::builder().with_log_processor(records).build();
        let logger = loggers.logger("app");
        let mut record = logger.create_log_record();
        record.add_attribute("exception.message", SECRET);
        logger.emit(record);
        assert_eq!(collector.logs().len(), 1);
        assert_eq!(format!("{:?}", collector.logs()).contains(SECRET), shown);
    }
}

/// Spans and log records of a handler outside of every call, in a scope with both masks if `scoped`.
fn handler(scoped: bool) -> Collector {
    let collector = Collector::start();
    let policy = Policy::new().lock_masked();
    let spans = RedactProcessor::new(SimpleSpanProcessor::new(collector.exporter()), policy.clone());
    let records = RedactLogProcessor::new(SimpleLogProcessor::new(collector.log_exporter()), policy.clone());
    let provider = SdkTracerProvider::builder().with_span_processor(spans).build();
    let loggers = SdkLoggerProvider::builder().with_log_processor(records).build();
    let subscriber = tracing_subscriber::registry()
        .with(llm_trace::layer().with_policy(policy).with_tracer_provider(&provider))
        .with(OpenTelemetryTracingBridge::new(&loggers));
    tracing::subscriber::with_default(subscriber, || {
        let log = || {
            let e = std::io::Error::other(SECRET);
            tracing::info_span!("handler").in_scope(|| {
                tracing::error!(error = %e, "no answer");
                tracing::error!(%e, cause = &e as &dyn std::error::Error, "no answer");
                tracing::error!("failed: {e} in the text");
            });
        };
        if scoped { llm_trace::scope().mask_input(true).mask_output(true).run(log) } else { log() }
    });
    collector
}

#[test]
fn an_error_in_the_text_of_a_handlers_event_needs_a_scope() {
    let open = handler(false);
    let texts = format!("{:?}{:?}", open.span("handler"), open.logs());
    // The text leaves as an event of the span and as a log record; the values of error keys do not.
    assert_eq!(texts.matches("in the text").count(), texts.matches(SECRET).count(), "{texts}");
    assert_eq!(texts.matches(SECRET).count(), 2, "{texts}");
    assert!(!handler(true).saw(SECRET));
}
