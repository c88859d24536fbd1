//! Where facts go if a filter or another layer stands between a call's span and the OpenTelemetry layer.

use llm_trace::{Check, check, redact, scope};
use tracing_subscriber::filter::{EnvFilter, filter_fn};
use tracing_subscriber::{Layer, fmt};

use super::*;

/// A call beside a `tracing-opentelemetry` layer of this crate's own version that it does not reach.
fn call_past_a_filter(layer: LlmLayer<Registry>) -> (Seen, Check) {
    let provider = SdkTracerProvider::builder().build();
    let recorder = Recorder::default();
    let otel = tracing_opentelemetry::layer().with_tracer(provider.tracer("app"));
    let subscriber = tracing_subscriber::registry()
        .with(layer)
        .with(otel.with_filter(filter_fn(|metadata| metadata.name() == "request")))
        .with(recorder.clone());
    let report = tracing::subscriber::with_default(subscriber, || {
        drop(ask(&request()));
        check()
    });
    (recorder.spans().remove(0), report)
}

#[test]
fn facts_are_fields_where_a_filter_keeps_the_span_from_the_opentelemetry_layer() {
    let (span, report) = call_past_a_filter(llm_trace::layer());
    assert_eq!(span.get("gen_ai.usage.input_tokens"), json!(9));
    assert!(report.is_ok() && report.to_string().contains("a filter keeps the newest call's span"), "{report}");

    let (span, report) = call_past_a_filter(llm_trace::layer().with_fields(false));
    assert!(!span.has("llm_trace.outcome"), "{span:#?}");
    assert!(report.problems().any(|problem| problem.contains("with_fields(false)")), "{report}");
}

#[test]
fn a_disabled_span_is_a_problem_and_a_filter_for_the_program_alone_is_none() {
    let reports = |filter: &str| {
        let subscriber = tracing_subscriber::registry().with(llm_trace::layer()).with(EnvFilter::new(filter));
        tracing::subscriber::with_default(subscriber, || {
            let before = check();
            drop(ask(&request()));
            (before, check())
        })
    };
    let (before, after) = reports(concat!(module_path!(), "=info,fields=info"));
    assert!(before.is_ok() && after.is_ok(), "{before}\n{after}");
    assert!(
        after.to_string().contains("target `llm_trace`") && after.to_string().contains("facts are fields"),
        "{after}"
    );
    let (before, after) = reports("info,fields=off");
    assert!(before.is_ok() && !after.is_ok(), "{before}\n{after}");
    assert!(after.to_string().contains("disables the span of the newest call"), "{after}");
}

#[test]
fn an_attribute_of_the_user_replaces_no_field_of_the_library() {
    #[llm_call(provider = "openai", model = "gpt-4o")]
    fn named() {
        let call = LlmCall::current();
        call.attribute("app.tenant", "acme").attribute("otel.status_code", "ERROR").attribute("otel.name", "mine");
        call.attribute("llm_trace.attributes", "none").attribute("otel.status_description", "text");
    }
    let span = one(llm_trace::layer(), named);
    assert!(!span.has("otel.status_code") && !span.has("otel.status_description"), "{span:#?}");
    assert_eq!(span.get("otel.name"), json!("chat gpt-4o"));
    let own: Value = serde_json::from_str(span.get("llm_trace.attributes").as_str().unwrap()).unwrap();
    assert_eq!(own["app.tenant"], json!("acme"));
    assert_eq!((&own["otel.status_code"], &own["llm_trace.attributes"]), (&json!("ERROR"), &json!("none")));
}

#[test]
fn a_redacted_layer_has_the_name_of_a_masked_calls_span() {
    let recorder = Recorder::default();
    let subscriber = tracing_subscriber::registry().with(llm_trace::layer()).with(redact(recorder.clone()));
    tracing::subscriber::with_default(subscriber, || {
        scope().mask_input(true).mask_output(true).run(|| {
            drop(ask(&request()));
            drop(tracing::info_span!("other", otel.name = ASKED));
        });
    });
    let spans = recorder.spans();
    assert_eq!(spans[0].get("otel.name"), json!("chat gpt-4o"));
    assert_eq!(spans[1].get("otel.name"), json!("[REDACTED]"));
    let shown = tracing_subscriber::registry().with(llm_trace::layer()).with(redact(fmt::layer().with_test_writer()));
    tracing::subscriber::with_default(shown, || {
        let notes = check().to_string();
        assert!(!notes.contains("wrap that layer"), "{notes}");
    });
}

#[test]
fn an_error_event_inside_a_call_with_fields_sets_its_status() {
    #[llm_call(provider = "openai", request = body)]
    fn logs_an_error(body: &Value) -> Value {
        tracing::error!("a retry is necessary");
        response()
    }
    let (spans, _) = beside(llm_trace::layer().with_fields(true), || drop(logs_an_error(&request())));
    assert_eq!(spans[0].status, Status::error(""));
    assert_eq!(attribute(&spans[0], "llm_trace.outcome"), [opentelemetry::Value::from("completed")]);
}
