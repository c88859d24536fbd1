//! The log record guard on its own: the source gate is open, and no layer or span processor is wrapped.

use std::collections::HashMap;

use llm_trace::{Capture, Policy, PolicyHandle, RedactLogProcessor, Style, scope};
use llm_trace_tests::collector::{Collector, ReceivedLog};
use opentelemetry::Key;
use opentelemetry::logs::{AnyValue, LogRecord as _, Logger as _, LoggerProvider as _};
use opentelemetry_appender_tracing::layer::OpenTelemetryTracingBridge;
use opentelemetry_sdk::logs::{SdkLoggerProvider, SimpleLogProcessor};
use opentelemetry_sdk::trace::SdkTracerProvider;
use proptest::prelude::*;
use serde_json::json;
use tracing_subscriber::prelude::*;

use crate::support::{ENDINGS, ERROR, Ending, FREE, INPUT, OUTPUT, run, seen};

const NONE: Vec<&str> = Vec::new();

fn open() -> Policy {
    Policy::new().capture(Capture::SpanAndEvent)
}

fn guarded(collector: &Collector, policy: &PolicyHandle) -> SdkLoggerProvider {
    let exporting = SimpleLogProcessor::new(collector.log_exporter());
    SdkLoggerProvider::builder().with_log_processor(RedactLogProcessor::new(exporting, policy)).build()
}

/// A call with a sentinel in every field: its own events, and those of other crates through the appender.
fn export(last: Policy, masks: (bool, bool), ending: Ending) -> Collector {
    let collector = Collector::start();
    let loggers = guarded(&collector, &PolicyHandle::new(last));
    // Spans are recorded but not exported.
    let spans = SdkTracerProvider::builder().build();
    let layer = llm_trace::layer().with_policy(open()).with_logger_provider(&loggers).with_tracer_provider(&spans);
    let subscriber = tracing_subscriber::registry().with(layer).with(OpenTelemetryTracingBridge::new(&loggers));
    tracing::subscriber::with_default(subscriber, || {
        tracing::info!(tries = 3, "a line outside of every call");
        drop(run(masks, ending));
    });
    collector
}

#[test]
fn it_alone_redacts_all_content() {
    for style in [Style::Placeholder, Style::Drop, Style::hash("key")] {
        for ending in ENDINGS {
            let got = export(open().style(style.clone()).mask_input(true).mask_output(true), (false, false), ending);
            for sentinels in [&INPUT[..], &OUTPUT, &ERROR, &FREE] {
                assert_eq!(seen(&got, sentinels), NONE, "{ending:?} {style:?}");
            }
            assert!(got.saw("gen_ai.client.inference.operation.details"), "{ending:?}");
        }
    }
}

#[test]
fn it_alone_redacts_each_side() {
    for (input, output) in [(true, false), (false, true)] {
        let got = export(open().mask_input(input).mask_output(output), (false, false), Ending::Answer);
        assert_eq!(seen(&got, &INPUT), if input { NONE } else { INPUT.to_vec() });
        assert_eq!(seen(&got, &OUTPUT), if output { NONE } else { OUTPUT.to_vec() });
        assert_eq!(seen(&got, ERROR.iter().chain(&FREE)), NONE);
    }
}

#[test]
fn the_default_exports_no_content_of_a_call() {
    for ending in ENDINGS {
        let got = export(Policy::new(), (false, false), ending);
        for sentinels in [&INPUT[..], &OUTPUT, &ERROR] {
            assert_eq!(seen(&got, sentinels), NONE, "{ending:?}");
        }
    }
}

/// The text of other crates' events is masked inside the call, and only there.
#[test]
fn the_masks_of_a_call_hold_for_the_text_of_other_crates() {
    let got = export(open(), (true, false), Ending::Answer);
    assert_eq!(seen(&got, &FREE), NONE);
    assert!(got.saw("a line outside of every call"));
    assert_eq!(seen(&export(open(), (false, false), Ending::Answer), &["SENTINEL-eventtext"]), ["SENTINEL-eventtext"]);
}

const TEXT: &str = "SENTINEL-nested";

fn map(entries: impl IntoIterator<Item = (&'static str, AnyValue)>) -> AnyValue {
    let entries = entries.into_iter().map(|(key, value)| (Key::from(key), value));
    AnyValue::Map(Box::new(entries.collect::<HashMap<_, _>>()))
}

/// Log records of other crates: content in lists and maps, under known and unknown keys, and in the body format of
/// older conventions.
fn others(policy: Policy, mask: bool) -> Vec<ReceivedLog> {
    let collector = Collector::start();
    let loggers = guarded(&collector, &PolicyHandle::new(policy));
    let logger = loggers.logger("client");
    let part = || map([("type", "text".into()), ("content", TEXT.into())]);
    let message = || map([("role", "user".into()), ("parts", AnyValue::ListAny(Box::new(vec![part()])))]);
    scope().mask_input(mask).run(|| {
        let mut record = logger.create_log_record();
        record.set_body(map([("prompt", TEXT.into()), ("n", 3.into())]));
        record.add_attribute("gen_ai.input.messages", AnyValue::ListAny(Box::new(vec![message()])));
        record.add_attribute("gen_ai.request.model", "m");
        let deep = AnyValue::ListAny(Box::new(vec![map([("input.value", TEXT.into()), ("n", 4.into())])]));
        record.add_attribute("request", map([("deep", deep), ("n", 5.into())]));
        record.add_attribute("exception.message", TEXT);
        record.add_attribute("raw", AnyValue::Bytes(Box::new(b"plain bytes".to_vec())));
        logger.emit(record);
        let mut record = logger.create_log_record();
        record.set_event_name("gen_ai.user.message");
        record.set_body(map([("content", TEXT.into()), ("role", "user".into())]));
        logger.emit(record);
    });
    collector.logs()
}

fn body(log: &ReceivedLog) -> serde_json::Value {
    llm_trace_tests::collector::value_json(log.record.body.as_ref())
}

#[test]
fn content_is_found_in_lists_and_maps_while_capture_is_off() {
    let got = others(Policy::new(), false);
    assert!(!format!("{got:?}").contains(TEXT), "{got:?}");
    assert_eq!(body(&got[0]), json!({"n": 3}));
    assert_eq!(got[0].attribute("request"), Some(json!({"n": 5, "deep": [{"n": 4}]})));
    assert_eq!(got[0].attribute("gen_ai.request.model"), Some("m".into()));
    assert_eq!(got[0].attribute("gen_ai.input.messages"), None);
    assert_eq!(got[1].record.body, None);
}

#[test]
fn lists_and_maps_are_masked_below_a_masked_scope() {
    let got = others(open(), true);
    assert!(!format!("{got:?}").contains(TEXT), "{got:?}");
    assert_eq!(body(&got[0]), json!("[REDACTED]"));
    assert_eq!(got[0].attribute("request"), Some("[REDACTED]".into()));
    let messages = json!([{"role": "user", "parts": [{"type": "text", "content": "[REDACTED]"}]}]);
    assert_eq!(got[0].attribute("gen_ai.input.messages"), Some(messages));
    assert_eq!(got[1].record.event_name, "gen_ai.user.message");
    assert_eq!(body(&got[1]), json!("[REDACTED]"));
}

#[test]
fn permitted_content_is_unchanged() {
    let got = others(open(), false);
    assert_eq!(body(&got[0]), json!({"prompt": TEXT, "n": 3}));
    assert_eq!(got[0].attribute("request"), Some(json!({"n": 5, "deep": [{"n": 4, "input.value": TEXT}]})));
    let messages = json!([{"role": "user", "parts": [{"type": "text", "content": TEXT}]}]);
    assert_eq!(got[0].attribute("gen_ai.input.messages"), Some(messages));
    assert_eq!(got[0].attribute("exception.message"), Some(TEXT.into()));
    assert_eq!(got[0].attribute("raw"), Some(json!(b"plain bytes")));
    assert_eq!(got[0].attribute("llm_trace.redaction"), None);
    assert_eq!(body(&got[1]), json!({"content": TEXT, "role": "user"}));
}

#[test]
fn scrubbers_run_over_nested_values() {
    let got = others(open().scrub(|text, _| text.contains(TEXT).then(|| text.replace(TEXT, "***"))), false);
    assert!(!format!("{got:?}").contains(TEXT), "{got:?}");
    assert_eq!(body(&got[0]), json!({"prompt": "***", "n": 3}));
}

#[test]
fn two_processors_can_hold_two_policies() {
    let (closed, wide) = (Collector::start(), Collector::start());
    let exporting = |to: &Collector| SimpleLogProcessor::new(to.log_exporter());
    let loggers = SdkLoggerProvider::builder()
        .with_log_processor(RedactLogProcessor::new(exporting(&closed), Policy::new()))
        .with_log_processor(RedactLogProcessor::new(exporting(&wide), open()))
        .build();
    let mut record = loggers.logger("client").create_log_record();
    record.add_attribute("prompt", TEXT);
    loggers.logger("client").emit(record);
    assert_eq!((closed.saw(TEXT), wide.saw(TEXT)), (false, true));
}

fn json_value() -> impl Strategy<Value = serde_json::Value> {
    let key = prop_oneof![
        Just("prompt".to_owned()),
        Just("gen_ai.input.messages".to_owned()),
        Just("message".to_owned()),
        // Outside of every convention. Keys below `os.`, for example, are facts and would be exported.
        "(x[a-z.]{0,7})?",
    ];
    let leaf = prop_oneof![
        Just(json!(TEXT)),
        Just(json!(format!("{{\"role\": \"{TEXT}\"}}"))),
        any::<i64>().prop_map(|n| json!(n)),
        any::<bool>().prop_map(|b| json!(b)),
        "\\PC{0,8}".prop_map(|text| json!(text)),
    ];
    leaf.prop_recursive(5, 40, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(serde_json::Value::Array),
            prop::collection::vec((key.clone(), inner), 0..5)
                .prop_map(|entries| serde_json::Value::Object(entries.into_iter().collect())),
        ]
    })
}

fn any_value(value: &serde_json::Value) -> AnyValue {
    match value {
        serde_json::Value::Array(list) => AnyValue::ListAny(Box::new(list.iter().map(any_value).collect())),
        serde_json::Value::Object(map) => {
            let map = map.iter().map(|(key, value)| (Key::from(key.clone()), any_value(value)));
            AnyValue::Map(Box::new(map.collect()))
        }
        serde_json::Value::Number(number) => number.as_i64().unwrap_or_default().into(),
        serde_json::Value::Bool(flag) => (*flag).into(),
        other => other.as_str().unwrap_or_default().to_owned().into(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// For any log record, no text is exported below a masked scope.
    #[test]
    fn no_record_gets_a_text_past_a_mask(body in json_value(), attributes in prop::collection::vec(("x[a-z_.]{0,11}", json_value()), 0..4)) {
        use opentelemetry_sdk::logs::InMemoryLogExporter;
        let exporter = InMemoryLogExporter::default();
        let processor = RedactLogProcessor::new(SimpleLogProcessor::new(exporter.clone()), open());
        let loggers = SdkLoggerProvider::builder().with_log_processor(processor).build();
        let logger = loggers.logger("client");
        scope().mask_input(true).mask_output(true).run(|| {
            let mut record = logger.create_log_record();
            record.set_body(any_value(&body));
            record.add_attribute("gen_ai.output.messages", any_value(&body));
            for (key, value) in &attributes {
                record.add_attribute(key.clone(), any_value(value));
            }
            logger.emit(record);
        });
        let got = format!("{:?}", exporter.get_emitted_logs().expect("a record"));
        prop_assert!(!got.contains(TEXT), "{got}");
    }
}

/// The pipeline of `init()`: queued records are redacted again with the current policy.
#[test]
fn queued_records_follow_a_policy_change() {
    let collector = Collector::start();
    let endpoint = collector.endpoint();
    let parts = llm_trace::export::from_lookup(&|name| match name {
        "OTEL_EXPORTER_OTLP_ENDPOINT" => Some(endpoint.clone()),
        "OTEL_LOGS_EXPORTER" | "OTEL_TRACES_EXPORTER" => Some("otlp".into()),
        "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT" => Some("EVENT_ONLY".into()),
        _ => None,
    })
    .expect("a pipeline");
    tracing::subscriber::with_default(tracing_subscriber::registry().with(parts.layer()), || {
        drop(run((false, false), Ending::Answer));
    });
    parts.policy.update(|policy| policy.mask_input(true));
    assert!(parts.telemetry.flush());
    let log = collector.logs().into_iter().find(|log| log.attribute("gen_ai.input.messages").is_some());
    let log = log.expect("an event with content");
    assert_eq!(seen(&collector, &INPUT), NONE);
    assert_eq!(seen(&collector, &OUTPUT), OUTPUT);
    assert!(!log.attributes().keys().any(|key| key.contains("internal")), "{log:?}");
}

/// A record of another crate outside of every call, as it is exported.
fn emitted(policy: Policy, fill: impl Fn(&mut opentelemetry_sdk::logs::SdkLogRecord)) -> ReceivedLog {
    let collector = Collector::start();
    let loggers = guarded(&collector, &PolicyHandle::new(policy));
    let logger = loggers.logger("client");
    let mut record = logger.create_log_record();
    fill(&mut record);
    logger.emit(record);
    collector.logs().remove(0)
}

#[test]
fn a_model_calls_record_is_recognised_by_an_attribute_and_by_the_keys_of_its_body() {
    let nested = |depth: usize| {
        let mut value = map([("gen_ai.system", "openai".into())]);
        for at in 0..depth {
            value = if at % 2 == 0 { AnyValue::ListAny(Box::new(vec![value])) } else { map([("x", value)]) };
        }
        value
    };
    let by_name = |name: &'static str| {
        move |record: &mut opentelemetry_sdk::logs::SdkLogRecord| {
            record.add_attribute("event.name", name);
            record.set_body(map([("reply", TEXT.into())]));
        }
    };
    let closed = [Policy::new(), open().mask_input(true), open().mask_output(true)];
    for policy in closed {
        let hidden = |what: &str, log: ReceivedLog| {
            assert!(!format!("{log:?}").contains(TEXT), "{what}: {log:?}");
        };
        for name in ["gen_ai.choice", "gen_ai.user.message", "gen_ai.assistant.message", "gen_ai.anything"] {
            let log = emitted(policy.clone(), |record| {
                record.add_attribute("event.name", name);
                record.add_attribute("note", TEXT);
                record.add_attribute("n", 3);
            });
            assert_eq!(log.attribute("n"), Some(json!(3)));
            hidden(name, log);
        }
        for depth in [0, 1, 2, 7, 30] {
            let log = emitted(policy.clone(), |record| {
                record.set_body(map([("call", nested(depth)), ("reply", TEXT.into())]));
                record.add_attribute("note", TEXT);
            });
            hidden("body", log);
            let log = emitted(policy.clone(), |record| {
                record.add_attribute("call", nested(depth));
                record.add_attribute("note", TEXT);
            });
            hidden("attribute", log);
        }
        let log = emitted(policy.clone(), |record| {
            record.set_body(map([("gen_ai.system", "openai".into()), ("reply", TEXT.into())]));
        });
        assert_eq!(body(&log)["gen_ai.system"], json!("openai"));
        hidden("a key of the body", log);
        hidden(
            "a map in the body",
            emitted(policy.clone(), |record| {
                record.set_body(map([("input", map([("value", 1.into())])), ("reply", TEXT.into())]));
            }),
        );
    }
    // The name of such an event defines the side of its body.
    for (name, input) in [("gen_ai.choice", false), ("gen_ai.user.message", true), ("gen_ai.anything", true)] {
        for policy in [Policy::new(), open().mask_input(input).mask_output(!input)] {
            let log = emitted(policy, by_name(name));
            assert!(!format!("{log:?}").contains(TEXT), "{name}: {log:?}");
        }
    }
    assert_eq!(body(&emitted(open(), by_name("gen_ai.choice"))), json!({"reply": TEXT}));
    assert_eq!(body(&emitted(Policy::new(), by_name("app.started"))), json!({"reply": TEXT}));
}

#[test]
fn a_records_event_name_target_and_severity_text_are_scrubbed_and_keys_are_not() {
    let policy = || open().rules(llm_trace::ScrubRules::all());
    for policy in [policy(), policy().mask_input(true)] {
        let log = emitted(policy, |record| {
            record.set_event_name("alice@example.com");
            record.set_target("of bob@example.com".to_owned());
            record.set_severity_text("carol@example.com");
            record.set_body(map([("dora@example.com", 1.into())]));
        });
        let shown = format!("{log:?}");
        for name in ["alice@", "bob@", "carol@"] {
            assert!(!shown.contains(name), "{shown}");
        }
        assert!(shown.contains("dora@"), "{shown}");
    }
    let log = emitted(policy(), |record| {
        record.set_event_name("app.started");
        record.set_target("app::module");
        record.set_severity_text("INFO");
    });
    assert_eq!((log.record.event_name.as_str(), log.record.severity_text.as_str()), ("app.started", "INFO"));
}
