//! Functions for every operation, and their exported spans.

use std::sync::{Arc, Mutex};

use llm_trace::{
    LlmCall, LlmLayer, Operation, Policy, Profile, RedactProcessor, Usage, llm_agent, llm_call, llm_guardrail,
    llm_retrieval, llm_tool, llm_workflow,
};
use llm_trace_tests::collector::Collector;
use opentelemetry::trace::{SpanKind, TraceContextExt as _, TraceId};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::{
    Sampler, SamplingDecision, SamplingResult, SdkTracerProvider, ShouldSample, SimpleSpanProcessor,
};
use serde_json::{Map, Value, json};
use tracing_subscriber::Registry;
use tracing_subscriber::prelude::*;

pub(crate) const PROFILES: [Profile; 2] = [Profile::Core, Profile::Latest];

/// Runs code with a layer and returns the exported data.
pub(crate) fn export(
    policy: Policy,
    change: impl FnOnce(LlmLayer<Registry>) -> LlmLayer<Registry>,
    run: impl FnOnce(),
) -> Collector {
    export_sampled(policy, Sampler::AlwaysOn, change, run)
}

pub(crate) fn export_sampled(
    policy: Policy,
    sampler: impl ShouldSample + 'static,
    change: impl FnOnce(LlmLayer<Registry>) -> LlmLayer<Registry>,
    run: impl FnOnce(),
) -> Collector {
    let collector = Collector::start();
    let guard = RedactProcessor::new(SimpleSpanProcessor::new(collector.exporter()), policy.clone());
    let provider = SdkTracerProvider::builder().with_sampler(sampler).with_span_processor(guard).build();
    let layer = llm_trace::layer().with_policy(policy).with_tracer_provider(&provider);
    tracing::subscriber::with_default(tracing_subscriber::registry().with(change(layer)), run);
    collector
}

/// A sampler that samples every span and records the name, kind and attributes it is given.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked(pub(crate) Arc<Mutex<Vec<Start>>>);

/// A span's name, kind and attributes at its start.
pub(crate) type Start = (String, SpanKind, Vec<KeyValue>);

impl ShouldSample for Asked {
    fn should_sample(
        &self,
        parent: Option<&Context>,
        _: TraceId,
        name: &str,
        kind: &SpanKind,
        attributes: &[KeyValue],
        _: &[opentelemetry::trace::Link],
    ) -> SamplingResult {
        self.0.lock().unwrap().push((name.to_owned(), kind.clone(), attributes.to_vec()));
        let trace_state = parent.map(|cx| cx.span().span_context().trace_state().clone()).unwrap_or_default();
        SamplingResult { decision: SamplingDecision::RecordAndSample, attributes: Vec::new(), trace_state }
    }
}

pub(crate) fn keys(attributes: &[KeyValue]) -> Map<String, Value> {
    attributes.iter().map(|kv| (kv.key.to_string(), json!(kv.value.to_string()))).collect()
}

#[derive(Debug)]
pub(crate) struct Failed;

impl std::fmt::Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("could not")
    }
}

impl std::error::Error for Failed {}

#[llm_tool(call_id = "call_1", type = "extension", description = "SENTINEL-description",
    arguments = json!({"city": city, "days": 3}))]
pub(crate) fn weather(city: &str) -> Result<Value, Failed> {
    match city {
        "" => Err(Failed),
        _ => Ok(json!({"celsius": 4, "text": "SENTINEL-result"})),
    }
}

/// A dispatcher: the model's tool call determines the tool's name.
#[llm_tool(name = name, call_id = id, arguments = arguments, result = |answer| &answer.0)]
pub(crate) async fn dispatch(name: &str, id: Option<&str>, arguments: &str) -> (String, u32) {
    (String::from("SENTINEL-text"), 7)
}

#[llm_agent(id = "ag-7", version = "1.2", description = "SENTINEL-purpose", system = "SENTINEL-instructions",
    input = task, conversation = "c-1")]
pub(crate) fn researcher(task: &str) -> String {
    chat(&request());
    weather("SENTINEL-city").unwrap();
    plan();
    String::from("SENTINEL-finding")
}

#[llm_agent(
    name = "hosted",
    id = "ag-8",
    version = "2",
    provider = "aws.bedrock",
    server = "https://agents.example",
    model = "nova"
)]
pub(crate) fn hosted(task: Task) -> Task {
    task
}

#[derive(serde::Serialize)]
pub(crate) struct Task {
    pub(crate) goal: &'static str,
}

#[llm_agent(create, name = "fresh", provider = "openai", model = "gpt-4o", description = "SENTINEL-purpose")]
pub(crate) fn create() -> Result<(), Failed> {
    LlmCall::current().agent_id("asst_1");
    Ok(())
}

#[llm_workflow(name = "triage", input = ticket)]
pub(crate) fn triage(ticket: &Value) -> Value {
    json!({"closed": "SENTINEL-outcome"})
}

#[llm_retrieval(data_source = "handbook", query = question, top_k = 3_usize, provider = "openai", model = "embed-3",
    server = "https://vectors.example:8443")]
pub(crate) fn search(question: &str) -> Vec<Value> {
    vec![json!({"id": "SENTINEL-id", "score": 0.5, "content": "SENTINEL-document"}), json!({"id": 7, "score": 1})]
}

#[llm_guardrail(judged = text, decision = |found| if *found { "deny" } else { "allow" })]
pub(crate) fn has_secret(text: &str) -> bool {
    text.contains("SENTINEL")
}

#[llm_guardrail(name = "toxic", provider = "openai", judged = text, decided = |verdict| &verdict["why"],
    decision = |verdict| verdict["verdict"].as_str().unwrap_or_default().to_owned())]
pub(crate) fn remote_guard(text: &str) -> Value {
    json!({"verdict": "allow, but only this once", "why": ["SENTINEL-why"]})
}

pub(crate) fn request() -> Value {
    json!({"model": "gpt-4o", "messages": [{"role": "user", "content": "SENTINEL-question"}]})
}

#[llm_call(provider = "openai", request = body)]
pub(crate) fn chat(body: &Value) -> Value {
    json!({"id": "c1", "object": "chat.completion", "model": "gpt-4o-2024", "choices": [
        {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "SENTINEL-answer"}}],
        "usage": {"prompt_tokens": 10, "completion_tokens": 5}})
}

#[llm_call(operation = Operation::Embeddings, provider = "openai", request = body, server = "https://api.openai.com")]
pub(crate) fn embed(body: &Value) -> Value {
    json!({"object": "list", "model": "embed-3", "data": [{"embedding": [0.1, 0.2], "index": 0}],
        "usage": {"prompt_tokens": 4}})
}

#[llm_call(provider = "llama.cpp", model = "tiny", remote = false, operation = "text_completion")]
pub(crate) fn local() -> &'static str {
    "SENTINEL-local"
}

pub(crate) fn plan() {
    LlmCall::builder(Operation::Plan).run(|_| ());
}

pub(crate) fn memory() {
    let found = json!([{"id": "m1", "content": "SENTINEL-memory", "score": 0.7}, "SENTINEL-remembered"]);
    LlmCall::builder(Operation::SearchMemory)
        .provider("mem0")
        .server("https://memory.example")
        .memory_store("store-1")
        .memory_query("SENTINEL-recall")
        .run(|call| {
            call.memories(&found);
        });
    for operation in ["create_memory_store", "create_memory", "update_memory", "upsert_memory", "delete_memory"] {
        LlmCall::builder(operation).memory_store("store-1").memory_record("m1").memories(&found).run(|_| ());
    }
    LlmCall::builder(Operation::DeleteMemoryStore).memory_store("store-1").remote(false).run(|_| ());
}

pub(crate) fn fetch() {
    LlmCall::builder(Operation::FetchResponse)
        .provider("openai")
        .server("https://api.openai.com")
        .response_id("resp_1")
        .stream_cursor("12")
        .run(|call| {
            call.response(&json!({"id": "resp_1", "object": "response", "model": "gpt-4o", "status": "completed",
                "output": [{"type": "message", "role": "assistant", "content": [
                    {"type": "output_text", "text": "SENTINEL-fetched"}]}]}));
            call.usage(Usage::new());
        });
}

/// Runs each operation at least once.
pub(crate) fn everything() {
    triage(&json!({"ticket": "SENTINEL-ticket"}));
    researcher("SENTINEL-task");
    hosted(Task { goal: "SENTINEL-goal" });
    create().unwrap();
    weather("SENTINEL-city").unwrap();
    assert!(weather("").is_err());
    block_on(dispatch("lookup", Some("call_2"), r#"{"key": "SENTINEL-argument"}"#));
    block_on(dispatch("lookup", None, "SENTINEL-plain"));
    search("SENTINEL-query");
    has_secret("SENTINEL-judged");
    remote_guard("SENTINEL-judged");
    embed(&json!({"model": "embed-3", "input": ["SENTINEL-embedded"], "dimensions": 2}));
    local();
    memory();
    fetch();
}

pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    futures_util::FutureExt::now_or_never(future).expect("nothing to wait for")
}
