//! Content of every operation with masks.

use std::collections::BTreeSet;

use llm_trace::{Capture, Policy, Style, TextKind, llm_agent, llm_tool, scope};
use llm_trace_tests::collector::Collector;
use serde_json::{Value, json};

use crate::support::{PROFILES, chat, everything, export};

/// Content that a model will read.
const INPUT: [&str; 10] = [
    "SENTINEL-description",
    "SENTINEL-result",
    "SENTINEL-text",
    "SENTINEL-purpose",
    "SENTINEL-instructions",
    "SENTINEL-task",
    "SENTINEL-ticket",
    "SENTINEL-query",
    "SENTINEL-question",
    "SENTINEL-recall",
];

/// Content that a model wrote, and documents found for it.
const OUTPUT: [&str; 13] = [
    "SENTINEL-city",
    "SENTINEL-argument",
    "SENTINEL-plain",
    "SENTINEL-finding",
    "SENTINEL-goal",
    "SENTINEL-outcome",
    "SENTINEL-id",
    "SENTINEL-document",
    "SENTINEL-answer",
    "SENTINEL-memory",
    "SENTINEL-remembered",
    "SENTINEL-fetched",
    "SENTINEL-local",
];

/// The input and result of a guardrail: content of both sides.
const EITHER: [&str; 2] = ["SENTINEL-judged", "SENTINEL-why"];

fn seen(collector: &Collector) -> BTreeSet<&'static str> {
    INPUT.into_iter().chain(OUTPUT).chain(EITHER).filter(|sentinel| collector.saw(sentinel)).collect()
}

fn set<'s>(lists: &[&'s [&'s str]]) -> BTreeSet<&'s str> {
    lists.iter().flat_map(|list| list.iter().copied()).collect()
}

#[test]
fn each_mask_covers_its_own_side() {
    for profile in PROFILES {
        for style in [Style::Placeholder, Style::Drop, Style::hash([7; 32])] {
            let policy = || Policy::new().capture(Capture::Span).style(style.clone());
            let run = |policy: Policy| seen(&export(policy, |layer| layer.with_profile(profile), everything));
            assert_eq!(run(policy()), set(&[&INPUT, &OUTPUT, &EITHER]), "{profile:?} {style:?}");
            assert_eq!(run(policy().mask_input(true)), set(&[&OUTPUT]), "{profile:?} {style:?}");
            assert_eq!(run(policy().mask_output(true)), set(&[&INPUT]), "{profile:?} {style:?}");
            assert_eq!(run(policy().mask_input(true).mask_output(true)), set(&[]), "{profile:?} {style:?}");
        }
    }
}

#[test]
fn a_scope_masks_what_is_below_it() {
    let policy = Policy::new().capture(Capture::Span);
    let masked = || scope().mask_input(true).mask_output(true).run(everything);
    assert_eq!(seen(&export(policy, |layer| layer, masked)), set(&[]));
}

#[llm_tool(arguments = arguments, mask_arguments, mask_result)]
fn salary(arguments: &Value, fails: bool) -> Result<&'static str, std::io::Error> {
    if fails { Err(std::io::Error::other("SENTINEL-error")) } else { Ok("SENTINEL-result") }
}

#[llm_agent(name = "clerk")]
fn clerk(fails: bool) -> Result<(), std::io::Error> {
    let arguments = json!({"name": "SENTINEL-argument"});
    let result = salary(&arguments, fails)?;
    chat(&json!({"model": "m", "messages": [
        {"role": "assistant", "tool_calls": [{"id": "1", "type": "function",
            "function": {"name": "salary", "arguments": arguments.to_string()}}]},
        {"role": "tool", "tool_call_id": "1", "content": result},
    ]}));
    Ok(())
}

#[test]
fn the_masks_of_a_tool_cover_its_own_span_only() {
    let seen = |policy: Policy, mask| {
        let run = || [false, true].into_iter().for_each(|fails| drop(clerk(fails)));
        let masked = || scope().mask_input(mask).mask_output(mask).run(run);
        let collector = export(policy.error_text(true), |layer| layer, masked);
        let spans = collector.spans();
        let of_tool: Vec<_> = spans.iter().filter(|span| span.span.name == "execute_tool salary").collect();
        assert!(of_tool.len() == 2 && !format!("{of_tool:?}").contains("SENTINEL"));
        ["SENTINEL-argument", "SENTINEL-result", "SENTINEL-error"].map(|word| collector.saw(word))
    };
    let open = || Policy::new().capture(Capture::Span);
    assert_eq!(seen(open(), false), [true; 3]);
    assert_eq!(seen(open(), true), [false; 3]);
    let scrubbed = open().scrub(|_, place| {
        let is_of_tool = matches!(place.kind(), TextKind::Arguments | TextKind::ToolResult | TextKind::Error);
        is_of_tool.then(|| String::from("[REDACTED]"))
    });
    assert_eq!(seen(scrubbed, false), [false; 3]);
}

#[test]
fn a_masked_call_keeps_its_facts_and_reports_the_redaction() {
    let open = Policy::new().capture(Capture::Span);
    let masked = open.clone().mask_input(true).mask_output(true);
    let facts = |policy| -> Vec<(String, Vec<(String, Value)>)> {
        let collector = export(policy, |layer| layer, everything);
        let spans = collector.spans();
        let content = |key: &str| {
            ["messages", "instructions", "description", "arguments", "result", "query", "documents", "records"]
                .iter()
                .any(|word| key.contains(word))
                || ["llm_trace.guardrail.judged", "llm_trace.guardrail.decided", "llm_trace.redaction"].contains(&key)
        };
        spans
            .iter()
            .map(|span| {
                let all = span.attributes().into_iter().filter(|(key, _)| !content(key));
                (span.span.name.clone(), all.collect())
            })
            .collect()
    };
    assert_eq!(facts(open), facts(masked.clone()));
    let collector = export(masked, |layer| layer, everything);
    for (name, key) in [
        ("retrieval handbook", "gen_ai.retrieval.query.text"),
        ("apply_guardrail toxic", "llm_trace.guardrail.judged"),
        ("create_agent fresh", "gen_ai.agent.description"),
    ] {
        assert_eq!(collector.span(name).attribute(key), Some("[REDACTED]".into()), "{name}");
    }
    let documents = collector.span("retrieval handbook").attribute("gen_ai.retrieval.documents").unwrap();
    let documents: Value = serde_json::from_str(documents.as_str().unwrap()).unwrap();
    assert_eq!(documents[0], serde_json::json!({"id": "[REDACTED]", "score": 0.5, "content": "[REDACTED]"}));
    let done = collector.span("retrieval handbook").attribute("llm_trace.redaction").unwrap();
    assert!(done.to_string().contains("masked:text"), "{done}");
}

#[test]
fn large_content_is_cut_and_stays_json() {
    let long = "x".repeat(3000);
    let policy = Policy::new().capture(Capture::Span).attribute_limit(1200);
    let arguments = serde_json::json!({"list": vec![&long; 3], "n": 1});
    let collector = export(
        policy,
        |layer| layer,
        || {
            llm_trace::LlmCall::builder("execute_tool").tool("big").arguments(&arguments).run(|call| {
                call.result(&long);
            });
        },
    );
    let span = collector.span("execute_tool big");
    let arguments = span.attribute("gen_ai.tool.call.arguments").unwrap();
    let arguments = arguments.as_str().unwrap();
    assert!(arguments.len() <= 1200, "{}", arguments.len());
    assert!(serde_json::from_str::<Value>(arguments).is_ok_and(|json| json["n"] == 1), "{arguments}");
    assert!(span.attribute("gen_ai.tool.call.result").unwrap().as_str().unwrap().len() <= 1200);
}
