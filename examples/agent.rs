//! `cargo run --example agent`: a workflow with a guardrail, a retrieval and an agent that uses two tools concurrently.
//! Prints the trace as a tree, then its metrics and events.

use futures_util::future::join_all;
use llm_trace::{PriceTable, llm_agent, llm_call, llm_guardrail, llm_retrieval, llm_tool, llm_workflow};
use llm_trace_examples::MockLlm;
use serde_json::{Value, json};
use tracing_subscriber::prelude::*;

type Error = Box<dyn std::error::Error + Send + Sync>;

struct Api {
    http: reqwest::Client,
    base: String,
}

impl Api {
    async fn post(&self, path: &str, body: &Value) -> Result<Value, reqwest::Error> {
        self.http.post(format!("{}{path}", self.base)).json(body).send().await?.error_for_status()?.json().await
    }

    #[llm_call(provider = "openai", request = body, server = &self.base)]
    async fn chat(&self, body: &Value) -> Result<Value, reqwest::Error> {
        self.post("/v1/chat/completions", body).await
    }

    #[llm_call(operation = "embeddings", provider = "openai", request = body, server = &self.base)]
    async fn embed(&self, body: &Value) -> Result<Value, reqwest::Error> {
        self.post("/v1/embeddings", body).await
    }

    /// Finds the documents closest to the question. The search runs in this process, so the span's kind is INTERNAL.
    #[llm_retrieval(data_source = "travel-notes", query = question, top_k = 2, remote = false)]
    async fn search(&self, question: &str) -> Result<Vec<Value>, reqwest::Error> {
        self.embed(&json!({"model": "text-embedding-3-small", "input": [question]})).await?;
        Ok(vec![
            json!({"id": "oslo-7", "score": 0.91, "content": "Oslo is best reached by train."}),
            json!({"id": "oslo-2", "score": 0.64, "content": "Bring a coat."}),
        ])
    }
}

#[llm_guardrail(judged = text, decision = |harmless| if *harmless { "allow" } else { "deny" })]
fn is_harmless(text: &str) -> bool {
    !text.contains("password")
}

/// Runs the tool that the model called.
#[llm_tool(name = &call["function"]["name"].as_str(), call_id = &call["id"].as_str(),
    arguments = call["function"]["arguments"].as_str())]
async fn run_tool(call: &Value) -> Result<Value, Error> {
    tokio::time::sleep(std::time::Duration::from_millis(60)).await;
    match call["function"]["name"].as_str() {
        Some("get_weather") => Ok(json!({"celsius": 4, "sky": "clear"})),
        Some("find_train") => Ok(json!({"leaves": "08:15", "from": "Göteborg"})),
        other => Err(format!("there is no tool {other:?}").into()),
    }
}

#[llm_agent(name = "guide", system = INSTRUCTIONS, input = question)]
async fn guide(api: &Api, question: &str) -> Result<String, Error> {
    let tool = |name| {
        json!({"type": "function", "function": {"name": name,
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}})
    };
    let tools = json!([tool("get_weather"), tool("find_train")]);
    let mut messages =
        vec![json!({"role": "system", "content": INSTRUCTIONS}), json!({"role": "user", "content": question})];
    loop {
        let mut answer = api.chat(&json!({"model": "gpt-4o-mini", "messages": messages, "tools": tools})).await?;
        let message = answer["choices"][0]["message"].take();
        let Some(calls) = message["tool_calls"].as_array().cloned() else {
            return Ok(message["content"].as_str().unwrap_or_default().to_owned());
        };
        messages.push(message);
        for (call, result) in calls.iter().zip(join_all(calls.iter().map(run_tool)).await) {
            let content = result.map_or_else(|error| error.to_string(), |result| result.to_string());
            messages.push(json!({"role": "tool", "tool_call_id": call["id"], "content": content}));
        }
    }
}

const INSTRUCTIONS: &str = "You plan trips.";

#[llm_workflow(name = "trip", input = question)]
async fn trip(api: &Api, question: &str) -> Result<String, Error> {
    if !is_harmless(question) {
        return Ok("I cannot help with that.".to_owned());
    }
    let notes = api.search(question).await?;
    let notes: Vec<&str> = notes.iter().filter_map(|note| note["content"].as_str()).collect();
    guide(api, &format!("{question} ({})", notes.join(" "))).await
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    // All three signals go to the console with content, unless the environment configures otherwise.
    let parts = llm_trace::export::from_lookup(&|name| {
        let default = match name {
            "OTEL_METRICS_EXPORTER" | "OTEL_LOGS_EXPORTER" => Some("console"),
            "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT" => Some("SPAN_ONLY"),
            _ => None,
        };
        std::env::var(name).ok().or_else(|| default.map(str::to_owned))
    })?;
    let prices = PriceTable::from_json(
        br#"{"gpt-4o-mini": {"litellm_provider": "openai", "input_cost_per_token": 1.5e-7, "output_cost_per_token": 6e-7}}"#,
    )?;
    // Agent metrics are part of the newest conventions.
    let layer = parts.layer().with_profile(llm_trace::Profile::Latest).with_prices(prices);
    tracing_subscriber::registry().with(layer).try_init()?;

    let server = MockLlm::start()?;
    let api = Api { http: reqwest::Client::new(), base: server.url().to_owned() };
    println!("{}", trip(&api, "How do I get to Oslo, and what do I wear?").await?);
    parts.telemetry.shutdown(std::time::Duration::from_secs(5));
    Ok(())
}
