//! The parts of `init()` send metrics and events to the destinations that the environment configures.

use std::time::Duration;

use llm_trace::LlmCall;
use llm_trace::export::{Parts, from_lookup};
use llm_trace_tests::collector::{Answer, Collector};
use tracing_subscriber::prelude::*;

fn parts(vars: &[(&str, &str)]) -> Parts {
    let get = |name: &str| vars.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    from_lookup(&get).unwrap()
}

fn call(parts: Parts) {
    tracing::subscriber::with_default(tracing_subscriber::registry().with(parts.layer()), || {
        LlmCall::builder("chat").provider("openai").model("gpt-4o").run(|_| ());
    });
    assert!(parts.telemetry.shutdown(Duration::from_secs(10)));
}

#[test]
fn metrics_and_events_use_their_own_variables() {
    for protocol in ["http/protobuf", "http/json", "grpc"] {
        let collector = Collector::start();
        call(parts(&[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.endpoint()),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
            ("OTEL_METRICS_EXPORTER", "otlp"),
            ("OTEL_LOGS_EXPORTER", "otlp"),
            ("OTEL_SERVICE_NAME", "demo"),
        ]));
        let span = collector.span("chat gpt-4o");
        let series = collector.series();
        assert_eq!(series["gen_ai.client.operation.duration"][0].count, 1, "{protocol}");
        let logs = collector.logs();
        assert_eq!(logs.len(), 1, "{protocol}");
        assert_eq!(logs[0].record.span_id, span.span.span_id, "{protocol}");
        let metrics = collector.metric_requests().pop().unwrap();
        let resource = metrics.resource_metrics[0].resource.as_ref().unwrap();
        assert!(resource.attributes.iter().any(|attribute| attribute.key == "service.name"), "{protocol}");
    }
}

#[test]
fn each_signal_can_have_an_endpoint_and_headers_of_its_own() {
    let (traces, metrics, logs) = (Collector::start(), Collector::start(), Collector::start());
    call(parts(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &traces.endpoint()),
        ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", &format!("{}/m/metrics", metrics.endpoint())),
        ("OTEL_EXPORTER_OTLP_METRICS_HEADERS", "x-key=metrics"),
        ("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", &format!("{}/l/logs", logs.endpoint())),
    ]));
    let paths = |collector: &Collector| {
        let requests = collector.requests().into_iter();
        let mut paths: Vec<_> =
            requests.map(|request| (request.path.clone(), request.header("x-key").to_owned())).collect();
        paths.dedup();
        paths
    };
    assert_eq!(paths(&traces), [("/v1/traces".to_owned(), String::new())]);
    assert_eq!(paths(&metrics), [("/m/metrics".to_owned(), "metrics".to_owned())]);
    assert_eq!(paths(&logs), [("/l/logs".to_owned(), String::new())]);
}

#[test]
fn by_default_only_spans_are_exported() {
    let collector = Collector::start();
    call(parts(&[("OTEL_ENDPOINT", &collector.endpoint())]));
    assert!(collector.requests().iter().all(|request| request.path == "/v1/traces"));
    assert_eq!(collector.spans().len(), 1);
}

#[test]
fn crates_that_trace_themselves_are_normalized_if_the_environment_enables_it() {
    let span = |vars: &[(&str, &str)]| {
        let collector = Collector::start();
        let endpoint = collector.endpoint();
        let vars: Vec<_> = vars.iter().copied().chain([("OTEL_ENDPOINT", endpoint.as_str())]).collect();
        let parts = parts(&vars);
        tracing::subscriber::with_default(tracing_subscriber::registry().with(parts.layer()), || {
            let chat = tracing::info_span!(
                target: "rig::completions",
                "chat",
                gen_ai.operation.name = "chat",
                gen_ai.request.model = "gpt-4o",
                gen_ai.usage.input_tokens = 7_u64,
            );
            chat.in_scope(|| ());
        });
        assert!(parts.telemetry.shutdown(Duration::from_secs(10)));
        let span = collector.spans().pop().expect("a span");
        (span.span.name.clone(), span.span.kind, span.attribute("gen_ai.usage.input_tokens"))
    };
    let conforms = ("chat gpt-4o".to_owned(), 3, Some(serde_json::json!(7)));
    for on in ["true", "TRUE"] {
        assert_eq!(span(&[("LLM_TRACE_NORMALIZE", on)]), conforms, "{on}");
    }
    let as_it_is = ("chat".to_owned(), 1, Some(serde_json::json!("7")));
    for off in [&[][..], &[("LLM_TRACE_NORMALIZE", "false")]] {
        assert_eq!(span(off), as_it_is, "{off:?}");
    }
    let error = from_lookup(&|name| (name == "LLM_TRACE_NORMALIZE").then(|| "perhaps".to_owned())).unwrap_err();
    assert!(error.to_string().contains("LLM_TRACE_NORMALIZE") && error.to_string().contains("perhaps"), "{error}");
}

#[test]
fn prices_are_read_from_the_configured_file() {
    let file = std::env::temp_dir().join(format!("llm-trace-prices-{}.json", std::process::id()));
    std::fs::write(&file, r#"{"gpt-4o": {"input_cost_per_token": 0.5, "output_cost_per_token": 1.0}}"#).unwrap();
    let collector = Collector::start();
    let parts = parts(&[("OTEL_ENDPOINT", &collector.endpoint()), ("LLM_TRACE_PRICES", file.to_str().unwrap())]);
    std::fs::remove_file(&file).unwrap();
    tracing::subscriber::with_default(tracing_subscriber::registry().with(parts.layer()), || {
        LlmCall::builder("chat").provider("openai").model("gpt-4o").run(|call| {
            call.usage(llm_trace::Usage::new().input_tokens(4).output_tokens(2));
        });
    });
    assert!(parts.telemetry.shutdown(Duration::from_secs(10)));
    assert_eq!(collector.span("chat gpt-4o").attribute("llm_trace.cost.total"), Some(4.0.into()));
    let error = from_lookup(&|name| (name == "LLM_TRACE_PRICES").then(|| "/nowhere.json".to_owned())).unwrap_err();
    assert!(error.to_string().contains("LLM_TRACE_PRICES") && error.to_string().contains("/nowhere.json"), "{error}");
}

#[test]
fn a_wrong_value_is_an_error_that_names_its_variable() {
    let error = from_lookup(&|name| (name == "OTEL_METRICS_EXPORTER").then(|| "prometheus".to_owned())).unwrap_err();
    assert!(error.to_string().contains("OTEL_METRICS_EXPORTER"), "{error}");
}

#[test]
fn span_counts_are_metrics_by_reason() {
    use opentelemetry::trace::{Tracer as _, TracerProvider as _};
    let (traces, metrics) = (Collector::start(), Collector::start());
    traces.answer_next([Answer::Partial(2), Answer::Status(400, None)]);
    let parts = parts(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &traces.endpoint()),
        ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", &format!("{}/v1/metrics", metrics.endpoint())),
    ]);
    for spans in [5, 1, 3] {
        (0..spans).for_each(|_| parts.provider.tracer("app").in_span("work", |_| {}));
        parts.telemetry.flush();
    }
    parts.telemetry.shutdown(Duration::from_secs(10));
    let series = metrics.series();
    let values = |name: &str| {
        let series = series[name].iter().map(|series| {
            let reason = series.labels.get("error.type").and_then(|reason| reason.as_str()).unwrap_or("");
            let component = match name.contains("exporter") {
                true => "otlp_http_span_exporter",
                false => "llm_trace_batching_span_processor",
            };
            assert_eq!(series.labels["otel.component.type"], component);
            (reason.to_owned(), series.sum)
        });
        let mut series: Vec<_> = series.filter(|(_, value)| *value > 0.0).collect();
        series.sort_by(|a, b| a.0.cmp(&b.0));
        series
    };
    assert_eq!(values("otel.sdk.exporter.span.exported"), [(String::new(), 6.0), ("rejected".into(), 3.0)]);
    assert_eq!(values("otel.sdk.processor.span.processed"), [(String::new(), 9.0)]);
    assert_eq!(values("llm_trace.export.without_content"), []);
    let exporter = &series["otel.sdk.exporter.span.exported"][0].labels;
    assert_eq!((&exporter["server.address"], &exporter["server.port"]), (&"127.0.0.1".into(), &traces.port().into()));
    let one = |name: &str| series[name][0].sum;
    assert_eq!(one("otel.sdk.processor.span.queue.capacity"), 2048.0);
    assert_eq!((one("otel.sdk.processor.span.queue.size"), one("otel.sdk.exporter.span.inflight")), (0.0, 0.0));
    // Metric exports are counted as well, except for the one in progress.
    assert_eq!(series["otel.sdk.exporter.metric_data_point.inflight"][0].unit, "{data_point}");
}

#[test]
fn opentelemetrys_limits_of_attributes_hold_and_json_stays_whole() {
    for name in ["OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT"] {
        let collector = Collector::start();
        let parts = parts(&[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.endpoint()),
            ("OTEL_LOGS_EXPORTER", "otlp"),
            ("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "SPAN_AND_EVENT"),
            (name, "200"),
        ]);
        tracing::subscriber::with_default(tracing_subscriber::registry().with(parts.layer()), || {
            LlmCall::builder("chat").provider("openai").model("gpt-4o").input(&*"question ".repeat(99)).run(|call| {
                call.attribute("app.note", "n".repeat(999));
                call.attribute("app.list", vec!["l".repeat(999), "short".to_owned()]);
                call.response(&serde_json::json!({"id": "1", "choices": [{"index": 0, "finish_reason": "stop",
                    "message": {"role": "assistant", "content": "answer ".repeat(99)}}]}));
            });
        });
        assert!(parts.telemetry.shutdown(Duration::from_secs(10)));
        let attributes = collector.span("chat gpt-4o").attributes();
        let texts = attributes.values().flat_map(|value| match value {
            serde_json::Value::Array(list) => list.clone(),
            value => vec![value.clone()],
        });
        let longest = texts.filter_map(|text| text.as_str().map(str::len)).max();
        assert!(longest.is_some_and(|longest| longest <= 200), "{name}: {attributes:#?}");
        for key in ["gen_ai.input.messages", "gen_ai.output.messages"] {
            let text = attributes[key].as_str().expect("text");
            let messages: serde_json::Value = serde_json::from_str(text).expect("JSON");
            assert_eq!(messages[0]["parts"][0]["type"], "text", "{name}: {key}={text}");
        }
        assert!(!collector.saw(&"question ".repeat(30)) && !collector.saw(&"n".repeat(300)), "{name}");
    }
}

#[test]
fn opentelemetrys_limit_of_the_number_of_attributes_holds() {
    let collector = Collector::start();
    call(parts(&[("OTEL_ENDPOINT", &collector.endpoint()), ("OTEL_ATTRIBUTE_COUNT_LIMIT", "3")]));
    let span = collector.span("chat gpt-4o");
    assert_eq!(span.attributes().len(), 3, "{:?}", span.attributes());
    assert!(span.span.dropped_attributes_count > 0);
    assert_eq!(span.attribute("gen_ai.request.model"), Some("gpt-4o".into()));
}
