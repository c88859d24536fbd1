//! Names, kinds, attributes, structure.

use llm_trace::{Capture, LlmCall, Operation, Policy, Profile, llm_tool};
use llm_trace_tests::collector::{Collector, ReceivedSpan};
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use serde_json::{Value, json};

use crate::support::{PROFILES, block_on, create, dispatch, everything, export, hosted, researcher, search, weather};
use crate::support::{Task, memory, remote_guard};

fn open(profile: Profile, run: impl FnOnce()) -> Collector {
    export(Policy::new().capture(Capture::Span), |layer| layer.with_profile(profile), run)
}

/// All attributes except those of the outcome.
fn facts(span: &ReceivedSpan) -> Value {
    let mut attributes = span.attributes();
    attributes.shift_remove("llm_trace.outcome");
    Value::Object(attributes)
}

#[test]
fn each_operation_has_the_name_and_the_kind_of_the_conventions() {
    for profile in PROFILES {
        let collector = open(profile, everything);
        let mut spans: Vec<(String, &str)> = collector
            .spans()
            .iter()
            .map(|span| (span.span.name.clone(), SpanKind::try_from(span.span.kind).unwrap().as_str_name()))
            .map(|(name, kind)| (name, kind.trim_start_matches("SPAN_KIND_")))
            .collect();
        spans.sort();
        spans.dedup();
        let expected = [
            ("apply_guardrail has_secret", "INTERNAL"),
            ("apply_guardrail toxic", "CLIENT"),
            ("chat gpt-4o", "CLIENT"),
            ("create_agent fresh", "CLIENT"),
            ("create_memory", "CLIENT"),
            ("create_memory_store", "CLIENT"),
            ("delete_memory", "CLIENT"),
            ("delete_memory_store", "INTERNAL"),
            ("embeddings embed-3", "CLIENT"),
            ("execute_tool lookup", "INTERNAL"),
            ("execute_tool weather", "INTERNAL"),
            ("fetch_response", "CLIENT"),
            ("invoke_agent hosted", "CLIENT"),
            ("invoke_agent researcher", "INTERNAL"),
            ("invoke_workflow triage", "INTERNAL"),
            ("plan researcher", "INTERNAL"),
            ("retrieval handbook", "CLIENT"),
            ("search_memory", "CLIENT"),
            ("text_completion tiny", "INTERNAL"),
            ("update_memory", "CLIENT"),
            ("upsert_memory", "CLIENT"),
        ];
        // In core, `plan` is not an operation of the conventions, so the span's name has no agent name.
        let expected: Vec<_> = expected
            .iter()
            .map(|&(name, kind)| match (name, profile) {
                ("plan researcher", Profile::Core) => ("plan".to_owned(), kind),
                (name, _) => (name.to_owned(), kind),
            })
            .collect();
        assert_eq!(spans, expected, "{profile:?}");
    }
}

#[derive(serde::Serialize)]
struct Outcome {
    text: &'static str,
    is_error: bool,
}

#[llm_tool(result = |outcome| outcome.text, failed = |outcome| outcome.is_error)]
fn values(is_error: bool) -> Outcome {
    Outcome { text: "no such file", is_error }
}

#[llm_tool(failed = |outcome| outcome.is_error)]
async fn in_a_result(is_error: Option<bool>) -> Result<Outcome, std::io::Error> {
    let is_error = is_error.ok_or_else(|| std::io::Error::other("gone"))?;
    Ok(Outcome { text: "no such file", is_error })
}

#[test]
fn a_tool_that_reports_failure_in_its_value_has_failed() {
    let error_of = |run: &dyn Fn()| {
        let span = open(Profile::Core, run).spans().remove(0);
        let known = span.attribute("gen_ai.tool.call.result").is_some();
        (span.status_code(), span.attribute("error.type"), span.attribute("llm_trace.outcome"), known)
    };
    let failed = |word: &str, known| (2, Some(json!(word)), Some(json!("error")), known);
    let well = (0, None, Some(json!("completed")), true);
    assert_eq!(
        error_of(&|| {
            values(true);
        }),
        failed("tool_error", true)
    );
    assert_eq!(
        error_of(&|| {
            values(false);
        }),
        well
    );
    assert_eq!(error_of(&|| drop(block_on(in_a_result(Some(true))))), failed("tool_error", true));
    assert_eq!(error_of(&|| drop(block_on(in_a_result(Some(false))))), well);
    assert_eq!(error_of(&|| drop(block_on(in_a_result(None)))), failed("std::io::error::Error", false));
}

#[test]
fn a_tool_records_its_name_call_id_arguments_and_result() {
    let collector = open(Profile::Core, || {
        weather("Oslo").unwrap();
        block_on(dispatch("lookup", Some("call_2"), r#"{ "key": "k" }"#));
        block_on(dispatch("plain", None, "no JSON"));
    });
    assert_eq!(
        facts(&collector.span("execute_tool weather")),
        json!({
            "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "weather", "gen_ai.tool.type": "extension",
            "gen_ai.tool.call.id": "call_1", "gen_ai.tool.description": "SENTINEL-description",
            "gen_ai.tool.call.arguments": r#"{"city":"Oslo","days":3}"#,
            "gen_ai.tool.call.result": r#"{"celsius":4,"text":"SENTINEL-result"}"#,
        })
    );
    assert_eq!(
        facts(&collector.span("execute_tool lookup")),
        json!({
            "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "lookup", "gen_ai.tool.type": "function",
            "gen_ai.tool.call.id": "call_2", "gen_ai.tool.call.arguments": r#"{"key":"k"}"#,
            "gen_ai.tool.call.result": "SENTINEL-text",
        })
    );
    assert_eq!(collector.span("execute_tool plain").attribute("gen_ai.tool.call.arguments"), Some(json!("no JSON")));
}

#[test]
fn a_tool_that_fails_has_an_error_type_and_no_result() {
    let collector = open(Profile::Core, || assert!(weather("").is_err()));
    let span = collector.span("execute_tool weather");
    assert_eq!((span.status_code(), span.attribute("gen_ai.tool.call.result")), (2, None));
    let error = span.attribute("error.type").unwrap();
    assert!(error.as_str().unwrap().ends_with("Failed"), "{error}");
}

#[test]
fn an_agents_calls_are_its_children_and_its_tools_have_its_name() {
    for profile in PROFILES {
        let collector = open(profile, || drop(researcher("SENTINEL-task")));
        let agent = collector.span("invoke_agent researcher");
        for span in collector.spans().iter().filter(|span| span.span.name != agent.span.name) {
            assert_eq!(span.span.parent_span_id, agent.span.span_id, "{}", span.span.name);
        }
        let named = collector.span("execute_tool weather").attribute("gen_ai.agent.name");
        let latest = profile == Profile::Latest;
        assert_eq!(named, latest.then(|| json!("researcher")));
        assert_eq!(agent.attribute("gen_ai.agent.name"), Some(json!("researcher")));
        assert_eq!(agent.attribute("gen_ai.agent.description"), Some(json!("SENTINEL-purpose")));
        assert_eq!(agent.attribute("gen_ai.conversation.id"), Some(json!("c-1")));
        // The newest conventions define these attributes only for hosted agents. In core an agent has the provider of
        // its model.
        let core = |value: &str| (!latest).then(|| json!(value));
        assert_eq!(agent.attribute("gen_ai.agent.id"), core("ag-7"));
        assert_eq!(agent.attribute("gen_ai.agent.version"), core("1.2"));
        assert_eq!(agent.attribute("gen_ai.provider.name"), core("openai"));
        let json = |key: &str| agent.attribute(key).map(|text| serde_json::from_str(text.as_str().unwrap()).unwrap());
        let text = |text: &str| json!([{"type": "text", "content": text}]);
        assert_eq!(json("gen_ai.system_instructions"), Some(text("SENTINEL-instructions")));
        assert_eq!(json("gen_ai.input.messages"), Some(json!([{"role": "user", "parts": text("SENTINEL-task")}])));
        // The schema of the core conventions requires a finish reason.
        let output = match profile {
            Profile::Core => json!([{"role": "assistant", "parts": text("SENTINEL-finding"), "finish_reason": ""}]),
            _ => json!([{"role": "assistant", "parts": text("SENTINEL-finding")}]),
        };
        assert_eq!(json("gen_ai.output.messages"), Some(output));
    }
}

#[test]
fn a_hosted_agent_can_return_any_type() {
    let collector = open(Profile::Latest, || assert_eq!(hosted(Task { goal: "win" }).goal, "win"));
    let span = collector.span("invoke_agent hosted");
    assert_eq!(span.attribute("gen_ai.agent.id"), Some(json!("ag-8")));
    assert_eq!(span.attribute("server.address"), Some(json!("agents.example")));
    let output: Value =
        serde_json::from_str(span.attribute("gen_ai.output.messages").unwrap().as_str().unwrap()).unwrap();
    assert_eq!(output[0]["parts"][0]["content"], r#"{"goal":"win"}"#);
}

#[test]
fn a_created_agent_records_its_id() {
    let collector = open(Profile::Core, || create().unwrap());
    let span = collector.span("create_agent fresh");
    assert_eq!(span.attribute("gen_ai.agent.id"), Some(json!("asst_1")));
    assert_eq!(span.attribute("gen_ai.output.messages"), None);
}

#[test]
fn a_retrieval_records_the_query_the_documents_and_the_limit() {
    for (profile, key, top_k) in
        [(Profile::Core, "gen_ai.request.top_k", json!(3.0)), (Profile::Latest, "gen_ai.retrieval.top_k", json!(3))]
    {
        let collector = open(profile, || drop(search("holidays")));
        let mut expected = json!({
            "gen_ai.operation.name": "retrieval", "gen_ai.provider.name": "openai", "gen_ai.request.model": "embed-3",
            "server.address": "vectors.example", "server.port": 8443, "gen_ai.data_source.id": "handbook",
            "gen_ai.retrieval.query.text": "holidays",
            "gen_ai.retrieval.documents": concat!(
                r#"[{"id":"SENTINEL-id","score":0.5,"content":"SENTINEL-document"},"#, r#"{"id":"7","score":1}]"#),
        });
        expected[key] = top_k;
        assert_eq!(facts(&collector.span("retrieval handbook")), expected);
    }
}

#[test]
fn documents_of_other_types_become_objects() {
    for (given, expected) in [
        (json!([[0.9, "d1", {"title": "t"}]]), json!([{"id": "d1", "score": 0.9, "content": {"title": "t"}}])),
        (json!([[0.9, "text"]]), json!([{"score": 0.9, "content": "text"}])),
        (json!(["a", "b"]), json!([{"content": "a"}, {"content": "b"}])),
        (json!({"matches": [{"id": "m", "score": 1.5}]}), json!([{"id": "m", "score": 1.5}])),
        (json!({"hits": {"hits": [{"id": "h", "score": 2}]}}), json!([{"id": "h", "score": 2}])),
        (json!({"id": "one", "score": 1}), json!([{"id": "one", "score": 1}])),
    ] {
        let collector = open(Profile::Core, || {
            LlmCall::builder(Operation::Retrieval).data_source("d").run(|call| {
                call.documents(&given);
            });
        });
        let written = collector.span("retrieval d").attribute("gen_ai.retrieval.documents").unwrap();
        let written: Value = serde_json::from_str(written.as_str().unwrap()).unwrap();
        assert_eq!(written, expected, "{given}");
    }
}

#[test]
fn a_memorys_records_have_contents_and_are_counted() {
    for (profile, prefix) in [(Profile::Core, "llm_trace"), (Profile::Latest, "gen_ai")] {
        let collector = open(profile, memory);
        let span = collector.span("search_memory");
        let get = |key: &str| span.attribute(&format!("{prefix}.memory.{key}"));
        assert_eq!(get("store.id"), Some(json!("store-1")));
        assert_eq!(get("query.text"), Some(json!("SENTINEL-recall")));
        assert_eq!(get("record.count"), Some(json!(2)));
        let records: Value = serde_json::from_str(get("records").unwrap().as_str().unwrap()).unwrap();
        assert_eq!(
            records,
            json!([{"id": "m1", "content": "SENTINEL-memory", "score": 0.7}, {"content": "SENTINEL-remembered"}])
        );
    }
}

#[test]
fn a_decision_is_one_word_and_never_a_sentence() {
    let collector = open(Profile::Core, || {
        crate::support::has_secret("SENTINEL");
        remote_guard("text");
    });
    let first = collector.span("apply_guardrail has_secret");
    assert_eq!(first.attribute("llm_trace.guardrail.decision"), Some(json!("deny")));
    assert_eq!(first.attribute("llm_trace.guardrail.decided"), Some(json!("true")));
    let second = collector.span("apply_guardrail toxic");
    assert_eq!(second.attribute("llm_trace.guardrail.decision"), None);
    assert_eq!(second.attribute("llm_trace.guardrail.decided"), Some(json!(r#"["SENTINEL-why"]"#)));
}

#[test]
fn without_capture_there_is_no_content() {
    let collector = export(Policy::new(), |layer| layer, everything);
    assert!(!collector.saw("SENTINEL"));
}

#[test]
fn names_given_as_attributes_name_the_span_too() {
    let collector = open(Profile::Core, || {
        LlmCall::builder("execute_tool").attribute("gen_ai.tool.name", "search").run(|_| ());
    });
    let span = collector.span("execute_tool search");
    assert_eq!(span.attribute("gen_ai.tool.name"), Some(json!("search")));
}

#[llm_trace::llm_tool]
fn tail() -> impl futures_util::Stream<Item = String> {
    futures_util::stream::iter(["SENTINEL-line".to_owned()])
}

#[test]
fn a_streaming_tool_is_open_until_its_end_and_records_no_message() {
    let collector = open(Profile::Core, || {
        assert_eq!(block_on(futures_util::StreamExt::count(tail())), 1);
    });
    let span = collector.span("execute_tool tail");
    assert_eq!(span.attribute("llm_trace.outcome"), Some(json!("completed")));
    assert_eq!(span.attribute("gen_ai.output.messages"), None);
}
