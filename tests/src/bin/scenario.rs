//! Sends known spans to a real backend and prints them, one JSON line per span.
//!
//! `scenario calls|updates|operations phoenix|mlflow [http|json|grpc]`, with the backend's address in the vendor's own
//! variable. `tests/backends/` reads the spans back from the backend.

use std::time::Duration;

use llm_trace::export::{Destination, preset};
use llm_trace::{
    Caller, Capture, Compat, LlmCall, Policy, RedactProcessor, TraceBackend, TraceUpdate, llm_agent, llm_call,
    llm_guardrail, llm_retrieval, llm_tool, llm_workflow,
};
use opentelemetry::trace::{SpanKind, Status};
use opentelemetry::{Array, KeyValue, Value as Otel};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SimpleSpanProcessor, SpanData};
use serde_json::{Map, Value, json};
use tracing_subscriber::prelude::*;

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Outcome {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let (scenario, backend, way) = match words.as_slice() {
        [scenario, backend] => (*scenario, *backend, "http"),
        [scenario, backend, way] => (*scenario, *backend, *way),
        _ => return Err("scenario calls|updates|operations phoenix|mlflow [http|json|grpc]".into()),
    };
    let policy = Policy::new().capture(Capture::Span);
    let to = destination(backend, way)?.policy(policy.clone()).build()?;
    let stats = to.stats();
    let kept = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder()
        .with_id_generator(llm_trace::TraceIdGenerator::default())
        .with_span_processor(to)
        .with_span_processor(RedactProcessor::new(SimpleSpanProcessor::new(kept.clone()), policy.clone()))
        .build();
    let trace_backend = if backend == "mlflow" { TraceBackend::MlFlow } else { TraceBackend::Phoenix };
    let layer = llm_trace::layer().with_policy(policy).with_trace_backend(trace_backend);
    // Fills the lists of both backends. The other scenarios run without compatibility attributes.
    let layer = if scenario == "operations" { layer.with_compat(Compat::OpenInference) } else { layer };
    let layer = layer.with_tracer_provider(&provider);
    let run = match scenario {
        "calls" => calls,
        "updates" => updates,
        "operations" => operations,
        other => return Err(format!("there is no scenario {other}").into()),
    };
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), run);
    // Read before the shutdown, which clears the exporter.
    for span in kept.get_finished_spans()? {
        println!("{}", line(&span));
    }
    provider.shutdown_with_timeout(Duration::from_secs(120))?;
    match stats.get() {
        stats if stats.dropped() == 0 => Ok(()),
        stats => Err(format!("not all spans arrived: {stats:?}").into()),
    }
}

fn destination(backend: &str, way: &str) -> Outcome<Destination> {
    let var = |name: &str| std::env::var(name).map_err(|_| format!("{name} is not set"));
    Ok(match (backend, way) {
        (_, "http") => preset::named(backend)?,
        ("phoenix", "grpc") => Destination::grpc(var("PHOENIX_GRPC_ENDPOINT")?),
        ("mlflow", "json") => Destination::http_json(var("MLFLOW_TRACKING_URI")?).header("x-mlflow-experiment-id", "0"),
        _ => return Err(format!("{backend} does not take {way}").into()),
    })
}

#[llm_call(provider = "openai", request = request)]
fn chat(request: &Value, answer: Value) -> Value {
    answer
}

#[llm_call(provider = "openai", request = request, mask_input, mask_output)]
fn masked(request: &Value, answer: Value) -> Value {
    answer
}

#[llm_call(provider = "anthropic", request = request, error_type = |_| "429")]
fn refused(request: &Value) -> Result<Value, std::io::Error> {
    Err(std::io::Error::other("429: slow down, please"))
}

fn answer(text: &str) -> Value {
    json!({"id": "chatcmpl-1", "object": "chat.completion", "model": "gpt-4o-mini-2024-07-18",
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}],
        "usage": {"prompt_tokens": 262, "completion_tokens": 31, "total_tokens": 293,
            "prompt_tokens_details": {"cached_tokens": 200}}})
}

/// A question that needs a tool, an embedding, a refused call and a masked call, below one root.
fn calls() {
    let caller = Caller::from_api_key("sk-virtual").key_alias("ci").team_id("platform");
    llm_trace::scope().user("user-17").session("session-4711").caller(caller).run(|| {
        tracing::info_span!("POST /answer", otel.kind = "server").in_scope(|| {
            let tools = json!([{"type": "function", "function": {"name": "get_weather", "description": "Weather of a city",
                "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}}]);
            let system = json!({"role": "system", "content": "Answer in one short sentence."});
            let user = json!({"role": "user", "content": "How is the weather in Paris?"});
            let call = json!({"id": "call_1", "type": "function",
                "function": {"name": "get_weather", "arguments": "{\"city\":\"Paris\"}"}});
            let mut wants_tool = answer("");
            wants_tool["choices"][0] = json!({"index": 0, "finish_reason": "tool_calls",
                "message": {"role": "assistant", "content": null, "tool_calls": [call]}});
            chat(&json!({"model": "gpt-4o-mini", "temperature": 0.2, "messages": [system, user], "tools": tools}), wants_tool);
            let asked = json!({"role": "assistant", "content": null, "tool_calls": [call]});
            let result = json!({"role": "tool", "tool_call_id": "call_1", "content": "18 degrees, light rain"});
            chat(
                &json!({"model": "gpt-4o-mini", "temperature": 0.2, "messages": [system, user, asked, result], "tools": tools}),
                answer("It is 18 degrees with light rain."),
            );
            LlmCall::builder("embeddings").provider("openai").run(|call| {
                call.request(&json!({"model": "text-embedding-3-small", "input": "light rain"}));
                call.response(&json!({"object": "list", "model": "text-embedding-3-small",
                    "data": [{"index": 0, "embedding": [0.1, 0.2]}], "usage": {"prompt_tokens": 2, "total_tokens": 2}}));
            });
            let request = json!({"model": "claude-sonnet-4", "max_tokens": 64,
                "messages": [{"role": "user", "content": "Say it in French."}]});
            drop(refused(&request));
            let secret = json!({"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "sentinel-prompt"}]});
            masked(&secret, answer("sentinel-answer"));
        });
    });
}

/// Concurrent traces with their own input and output, which a second call later replaces.
fn updates() {
    let ask = |text: &str| json!({"model": "gpt-4o-mini", "messages": [{"role": "user", "content": text}]});
    let masks = [("open", false, false), ("input", true, false), ("output", false, true), ("both", true, true)];
    for (number, (name, input, output)) in masks.into_iter().enumerate() {
        let trace = format!("{:016x}{:016x}", std::process::id(), number + 1);
        let of_trace = || {
            let scope = llm_trace::scope().session(format!("update-{name}"));
            scope.update_trace(TraceUpdate::INPUT | TraceUpdate::OUTPUT).existing_trace(trace.as_str())
        };
        // The second call comes later and from other code, and joins the trace of the first.
        let (Ok(first), Ok(second)) = (of_trace(), of_trace()) else { continue };
        first.run(|| chat(&ask("first question"), answer("first answer")));
        second.mask_input(input).mask_output(output).run(|| chat(&ask("second question"), answer("second answer")));
    }
}

#[llm_workflow(name = "travel desk", input = question)]
fn travel_desk(question: &str) -> String {
    if is_refused(question) { "I cannot help with that.".to_owned() } else { planner(question) }
}

#[llm_guardrail(name = "no secrets", judged = text, decision = |refused| if *refused { "deny" } else { "allow" })]
fn is_refused(text: &str) -> bool {
    text.contains("password")
}

#[llm_agent(name = "planner", input = question)]
fn planner(question: &str) -> String {
    embed(question);
    let found = handbook(question);
    let context = format!("Answer by the handbook: {}", found[0]["content"]);
    let request = |mut messages: Vec<Value>| {
        messages.insert(0, json!({"role": "system", "content": context}));
        json!({"model": "gpt-4o-mini", "temperature": 0.2, "messages": messages, "tools": [{"type": "function",
            "function": {"name": "weather", "description": "The weather of a city"}}]})
    };
    let asked = json!({"role": "user", "content": question});
    let call = json!({"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": "{\"city\":\"Oslo\"}"}});
    let wish = json!({"role": "assistant", "content": null, "tool_calls": [call]});
    let mut wants_tool = answer("");
    wants_tool["choices"][0] = json!({"index": 0, "finish_reason": "tool_calls", "message": wish});
    chat(&request(vec![asked.clone()]), wants_tool);
    let result = weather("call_1", "Oslo");
    drop(flights("call_2", "Oslo"));
    let told = json!({"role": "tool", "tool_call_id": "call_1", "content": result.to_string()});
    chat(&request(vec![asked, wish, told]), answer("Pack a coat: it is 4 degrees in Oslo."));
    "Pack a coat: it is 4 degrees in Oslo.".to_owned()
}

fn embed(text: &str) {
    LlmCall::builder("embeddings").provider("openai").run(|call| {
        call.request(&json!({"model": "text-embedding-3-small", "input": text}));
        call.response(&json!({"object": "list", "model": "text-embedding-3-small",
            "data": [{"index": 0, "embedding": [0.1, 0.2]}], "usage": {"prompt_tokens": 9, "total_tokens": 9}}));
    });
}

#[llm_retrieval(data_source = "handbook", query = question, top_k = 2)]
fn handbook(question: &str) -> Vec<Value> {
    vec![json!({"id": "7", "score": 0.92, "content": "Name the clothes to pack."})]
}

#[llm_tool(call_id = id, description = "The weather of a city", arguments = json!({"city": city}))]
fn weather(id: &str, city: &str) -> Value {
    json!({"celsius": 4, "sky": "overcast"})
}

#[llm_tool(call_id = id, arguments = json!({"to": city}), error_type = |_| "timeout")]
fn flights(id: &str, city: &str) -> Result<Value, std::io::Error> {
    Err(std::io::Error::other("no answer from the airline"))
}

/// A workflow with a guardrail and an agent that searches, calls models and two tools, one of which fails.
fn operations() {
    llm_trace::scope().user("user-17").session("session-operations").run(|| {
        travel_desk("What do I pack for Oslo?");
    });
}

fn line(span: &SpanData) -> Value {
    let mut attributes = Map::new();
    for KeyValue { key, value, .. } in &span.attributes {
        attributes.insert(key.to_string(), plain(value));
    }
    let (status, message) = match &span.status {
        Status::Unset => ("unset", ""),
        Status::Ok => ("ok", ""),
        Status::Error { description } => ("error", description.as_ref()),
    };
    let kind = match span.span_kind {
        SpanKind::Client => "client",
        SpanKind::Server => "server",
        SpanKind::Internal => "internal",
        SpanKind::Producer => "producer",
        SpanKind::Consumer => "consumer",
    };
    json!({"trace_id": span.span_context.trace_id().to_string(), "span_id": span.span_context.span_id().to_string(),
        "parent_id": span.parent_span_id.to_string(), "name": span.name, "kind": kind, "status": status,
        "message": message, "attributes": attributes})
}

fn plain(value: &Otel) -> Value {
    match value {
        Otel::Bool(value) => json!(value),
        Otel::I64(value) => json!(value),
        Otel::F64(value) => json!(value),
        Otel::String(value) => json!(value.as_str()),
        Otel::Array(Array::String(values)) => values.iter().map(|value| json!(value.as_str())).collect(),
        Otel::Array(Array::I64(values)) => json!(values),
        other => json!(other.to_string()),
    }
}
