//! The same calls through each version's own exporter, beside the span of our own sink.

use std::collections::BTreeSet;

use llm_trace::llm_call;
use llm_trace_version_tests::calls::{CurrentIds, NAMES, PAUSE, SECRET, make_calls};
use llm_trace_version_tests::comparison::{Differences, calls, compare, table, tree};
use llm_trace_version_tests::exported::ExportedSpan;
use llm_trace_version_tests::versions::{VERSIONS, Version, alone, beside};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn ours() -> Vec<ExportedSpan> {
    alone(|| make_calls(VERSIONS[4].ids)).1
}

/// Beside a layer of our version facts are fields on request.
fn fields(version: Version) -> Option<bool> {
    (version.name == VERSIONS[4].name).then_some(true)
}

fn theirs(version: Version) -> (([u8; 16], [u8; 8], bool), Vec<ExportedSpan>) {
    let (ids, mut spans) = beside(version, fields(version), || make_calls(version.ids));
    // Logfire exports a span when it starts, and again when it ends.
    spans.retain(|span| span.attributes.get("logfire.span_type").is_none_or(|kind| kind != "pending_span"));
    (ids, spans)
}

#[test]
fn parents_and_children_are_the_same_in_one_trace() {
    let ours = ours();
    for version in VERSIONS {
        let (ids, spans) = theirs(version);
        let name = version.name;
        let renamed: Vec<_> = tree(&ours).into_iter().map(|(span, parent)| (late(span), late(parent))).collect();
        assert_eq!(
            tree(&spans).into_iter().map(|(span, parent)| (late(span), late(parent))).collect::<Vec<_>>(),
            renamed,
            "{name}"
        );
        assert_eq!(spans.iter().map(|span| &span.trace_id).collect::<BTreeSet<_>>(), [&hex(&ids.0)].into(), "{name}");
        let question = spans.iter().find(|span| span.name == "question").expect("the program's span");
        assert_eq!((&question.span_id, ids.2), (&hex(&ids.1), true), "{name}");
        let streams = [3, 4].map(|index| calls(&spans)[index].duration);
        assert!(streams[0] >= 4 * PAUSE && streams[1] >= PAUSE, "{name}: {streams:?}");
    }
}

/// A name is fixed when the span starts: where the model is learnt late, it is the operation's.
fn late(name: &str) -> &str {
    if name == "chat gpt-4o" { "chat" } else { name }
}

#[llm_call(provider = "openai", model = "m")]
fn ids_inside(ids: CurrentIds) -> ([u8; 16], [u8; 8], bool) {
    ids()
}

#[test]
fn inside_a_call_the_current_span_is_the_calls() {
    for version in VERSIONS {
        let ((trace, span, sampled), spans) = beside(version, fields(version), || ids_inside(version.ids));
        let calls = calls(&spans);
        let call = calls.last().expect("a call");
        assert_eq!((&call.trace_id, &call.span_id, true), (&hex(&trace), &hex(&span), sampled), "{}", version.name);
    }
}

#[test]
fn what_is_masked_is_in_no_version() {
    for version in VERSIONS {
        let (_, spans) = theirs(version);
        let spans = calls(&spans);
        let holds = |call: &str, text: &str| {
            let index = NAMES.iter().position(|name| *name == call).expect("a call");
            spans[index].attributes.values().any(|value| value.to_string().contains(text))
        };
        assert!(holds("answer", SECRET) && holds("answer", "4 degrees"), "{}: content is captured", version.name);
        assert!(!holds("masked", SECRET) && holds("masked", "4 degrees"), "{}", version.name);
    }
}

#[test]
fn as_attributes_nothing_differs_beside_a_layer_of_our_version() {
    let (_, spans) = beside(VERSIONS[4], None, || make_calls(VERSIONS[4].ids));
    assert_eq!(compare(&ours(), &spans).0, Differences::new());
}

#[test]
fn without_fields_an_older_version_has_the_facts_of_the_start() {
    for version in &VERSIONS[..4] {
        let (_, spans) = beside(*version, Some(false), || make_calls(version.ids));
        let calls = calls(&spans);
        let has = |key: &str| calls.iter().any(|call| call.attributes.contains_key(key));
        assert!(has("gen_ai.request.model") && !has("gen_ai.usage.input_tokens"), "{}", version.name);
    }
}

/// `BLESS=1` writes the table.
#[test]
fn the_page_has_the_table_of_what_differs() {
    let ours = ours();
    assert_eq!(calls(&ours).len(), NAMES.len());
    let versions = VERSIONS.map(|version| {
        let (differences, facts) = compare(&ours, &theirs(version).1);
        let same = facts.saturating_sub(differences.values().map(BTreeSet::len).sum());
        println!("{} (OpenTelemetry {}): {same} of {facts} facts are the same", version.name, version.opentelemetry);
        (format!("{}<br>OpenTelemetry {}", version.name, version.opentelemetry), differences)
    });
    let table = table(&versions);
    println!("{table}");
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/versions.md");
    let page = std::fs::read_to_string(path).expect("the page");
    let (before, rest) = page.split_once("<!-- table -->\n").expect("where the table begins");
    let (written, after) = rest.split_once("<!-- end of table -->").expect("where the table ends");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(path, format!("{before}<!-- table -->\n{table}<!-- end of table -->{after}")).expect("written");
        return;
    }
    assert_eq!(written, table, "BLESS=1 writes it anew");
}
