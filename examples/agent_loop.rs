//! `cargo run --example agent_loop`: an agent whose loop stands in `main`, without a function to annotate. Prints the trace.

use llm_trace::{LlmCall, Operation, llm_call, llm_tool};
use llm_trace_examples::MockLlm;
use serde_json::{Value, json};

type Error = Box<dyn std::error::Error + Send + Sync>;

#[llm_call(provider = "openai", request = body, server = base)]
async fn chat(http: &reqwest::Client, base: &str, body: &Value) -> Result<Value, reqwest::Error> {
    let response = http.post(format!("{base}/v1/chat/completions")).json(body).send().await?;
    response.error_for_status()?.json().await
}

/// Reports a failure in its value, as the model has to read it.
#[llm_tool(name = name, call_id = id, arguments = arguments, failed = |result| result["is_error"] == true)]
fn run_tool(name: &str, id: &str, arguments: &str) -> Value {
    match name {
        "get_weather" => json!({"celsius": 4, "sky": "clear"}),
        _ => json!({"is_error": true, "text": "there is no such tool"}),
    }
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let _telemetry = llm_trace::init()?;
    let server = MockLlm::start()?;
    let http = reqwest::Client::new();
    let tools = ["get_weather", "find_train"].map(|name| json!({"type": "function", "function": {"name": name}}));
    let mut messages = vec![json!({"role": "user", "content": "What do I wear in Oslo?"})];

    let agent = LlmCall::builder(Operation::InvokeAgent).agent("guide");
    let answer = agent.try_instrument(async {
        loop {
            let body = json!({"model": "gpt-4o-mini", "messages": messages, "tools": tools});
            let mut answer = chat(&http, server.url(), &body).await?;
            let message = answer["choices"][0]["message"].take();
            let Some(calls) = message["tool_calls"].as_array().cloned() else {
                return Ok::<_, Error>(message["content"].as_str().unwrap_or_default().to_owned());
            };
            messages.push(message);
            for call in &calls {
                let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
                let function = &call["function"];
                let (name, id, arguments) = (text(&function["name"]), text(&call["id"]), text(&function["arguments"]));
                let result = run_tool(&name, &id, &arguments);
                messages.push(json!({"role": "tool", "tool_call_id": id, "content": result.to_string()}));
            }
        }
    });
    println!("{}", answer.await?);
    Ok(())
}
