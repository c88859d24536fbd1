//! OpenInference attributes of every operation, with the same masks.

use std::collections::BTreeMap;

use llm_trace::{Capture, Compat, LlmCall, Policy};
use llm_trace_tests::collector::Collector;
use serde_json::{Value, json};

use crate::support::{PROFILES, everything, export};

fn compat(policy: Policy, profile: llm_trace::Profile) -> Collector {
    export(policy, |layer| layer.with_profile(profile).with_compat(Compat::OpenInference), everything)
}

fn open() -> Policy {
    Policy::new().capture(Capture::Span)
}

#[test]
fn each_operation_has_its_openinference_span_kind() {
    let kinds = BTreeMap::from([
        ("apply_guardrail", "GUARDRAIL"),
        ("chat", "LLM"),
        ("create_agent", "AGENT"),
        ("create_memory", "CHAIN"),
        ("embeddings", "EMBEDDING"),
        ("execute_tool", "TOOL"),
        ("fetch_response", "LLM"),
        ("invoke_agent", "AGENT"),
        ("invoke_workflow", "CHAIN"),
        ("plan", "CHAIN"),
        ("retrieval", "RETRIEVER"),
        ("search_memory", "RETRIEVER"),
        ("text_completion", "LLM"),
    ]);
    for profile in PROFILES {
        for span in compat(Policy::new(), profile).spans() {
            let operation = span.attribute("gen_ai.operation.name").unwrap();
            let kind = kinds.get(operation.as_str().unwrap()).copied().unwrap_or("CHAIN");
            assert_eq!(span.attribute("openinference.span.kind"), Some(json!(kind)), "{operation}");
            assert_eq!((span.attribute("input.value"), span.attribute("output.value")), (None, None));
        }
    }
}

#[test]
fn input_and_output_values_are_recorded() {
    for profile in PROFILES {
        let collector = compat(open(), profile);
        let of = |name: &str| {
            let span = collector.spans().into_iter().rfind(|span| span.span.name == name).unwrap();
            ["input.value", "input.mime_type", "output.value", "output.mime_type"]
                .map(|key| span.attribute(key).map(|value| value.as_str().unwrap().to_owned()).unwrap_or_default())
        };
        let messages = |text: &str| json!([{"role": "user", "parts": [{"type": "text", "content": text}]}]).to_string();
        assert_eq!(
            of("chat gpt-4o"),
            [&messages("SENTINEL-question"), "application/json", "SENTINEL-answer", "text/plain",]
        );
        assert_eq!(
            of("invoke_agent researcher"),
            [&messages("SENTINEL-task"), "application/json", "SENTINEL-finding", "text/plain",]
        );
        assert_eq!(of("execute_tool lookup"), ["SENTINEL-plain", "text/plain", "SENTINEL-text", "text/plain"]);
        let [input, input_type, documents, documents_type] = of("retrieval handbook");
        assert_eq!([input, input_type, documents_type], ["SENTINEL-query", "text/plain", "application/json"]);
        assert!(documents.contains("SENTINEL-document"));
        let [judged, _, decided, _] = of("apply_guardrail toxic");
        assert_eq!([judged, decided], ["SENTINEL-judged", r#"["SENTINEL-why"]"#]);
        assert!(of("search_memory")[2].contains("SENTINEL-memory"));
    }
}

#[test]
fn masked_content_is_masked_under_these_names_too() {
    for profile in PROFILES {
        let masked = |input, output| compat(open().mask_input(input).mask_output(output), profile);
        assert!(!masked(true, true).saw("SENTINEL"));
        for sentinel in ["SENTINEL-question", "SENTINEL-query", "SENTINEL-task", "SENTINEL-result", "SENTINEL-judged"] {
            assert!(!masked(true, false).saw(sentinel), "{sentinel}");
        }
        for sentinel in
            ["SENTINEL-answer", "SENTINEL-document", "SENTINEL-argument", "SENTINEL-finding", "SENTINEL-why"]
        {
            assert!(!masked(false, true).saw(sentinel), "{sentinel}");
        }
        assert!(!compat(Policy::new(), profile).saw("SENTINEL"));
    }
}

#[test]
fn reasoning_tokens_have_the_name_that_phoenix_reads() {
    let call = || {
        LlmCall::builder("chat").provider("openai").model("o3").run(|call| {
            call.usage(llm_trace::Usage::new().output_tokens(9).reasoning_tokens(4));
        });
    };
    let collector = export(Policy::new(), |layer| layer.with_compat(Compat::OpenInference), call);
    let span = collector.span("chat o3");
    let name = "llm.token_count.completion_details.reasoning";
    assert_eq!(span.attribute(name), Some(json!(4)));
    let plain = export(Policy::new(), |layer| layer, call);
    let attributes: Vec<String> =
        plain.span("chat o3").attributes().into_iter().map(|(key, _): (String, Value)| key).collect();
    assert!(!attributes.iter().any(|key| key.starts_with("openinference") || key == name), "{attributes:?}");
}
