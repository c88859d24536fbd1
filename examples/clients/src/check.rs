//! Checks the span of one example: `check NAME < spans.jsonl`, as `OTEL_EXPORTER=console_json` prints them.

use std::io::Read as _;
use std::process::ExitCode;

use serde_json::{Value, json};

/// The expected attributes of the call's span, the same for every client; `null` if a value is not known in advance.
fn expected(example: &str) -> Option<Value> {
    let openai = |kind| {
        json!({"kind": "client", "gen_ai.provider.name": "openai", "gen_ai.operation.name": "chat",
            "gen_ai.request.model": "gpt-4o-mini", "gen_ai.response.model": "gpt-4o-mini-2024-07-18",
            "gen_ai.usage.output_tokens": 11, "gen_ai.response.finish_reasons": [kind]})
    };
    Some(match example {
        "reqwest" | "ureq" | "hyper" | "async-openai" | "genai" | "actix" | "tonic" => openai("stop"),
        "rig" => openai("completed"),
        "ollama" => json!({"kind": "client", "gen_ai.provider.name": "ollama", "gen_ai.operation.name": "chat",
            "gen_ai.request.model": "llama3.2", "gen_ai.response.model": "llama3.2",
            "gen_ai.usage.input_tokens": 14, "gen_ai.usage.output_tokens": 10, "gen_ai.response.finish_reasons": null}),
        "anthropic" => json!({"kind": "client", "gen_ai.provider.name": "anthropic", "gen_ai.operation.name": "chat",
            "gen_ai.request.model": "claude-sonnet-4-5", "gen_ai.response.model": "claude-sonnet-4-5",
            "gen_ai.usage.output_tokens": 9, "gen_ai.response.finish_reasons": ["end_turn"]}),
        "bedrock" => json!({"kind": "client", "gen_ai.provider.name": "aws.bedrock", "gen_ai.operation.name": "chat",
            "gen_ai.request.model": "amazon.nova-lite-v1:0", "gen_ai.usage.input_tokens": 12,
            "gen_ai.usage.output_tokens": 10, "gen_ai.response.finish_reasons": ["end_turn"]}),
        "rmcp" => {
            json!({"kind": "internal", "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "get_weather"})
        }
        _ => return None,
    })
}

fn check(example: &str, printed: &str) -> Result<(), String> {
    let expected = expected(example).ok_or_else(|| format!("there is no example {example}"))?;
    let spans: Vec<Value> = printed.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let is_call = |span: &&Value| span["attributes"].get("gen_ai.operation.name").is_some();
    let calls: Vec<&Value> = spans.iter().filter(is_call).collect();
    let [call] = calls[..] else { return Err(format!("{} spans of calls, not one", calls.len())) };
    let (trace, parent) = if matches!(example, "actix" | "tonic") {
        (json!("4bf92f3577b34da6a3ce929d0e0e4736"), json!("00f067aa0ba902b7"))
    } else {
        let span = spans.iter().find(|span| span["name"] == "question").ok_or("no span of the program's own")?;
        (span["trace_id"].clone(), span["span_id"].clone())
    };
    if call["parent_span_id"] != parent || call["trace_id"] != trace {
        return Err("the call's span is not below the program's".to_owned());
    }
    if let Some(forecast) = spans.iter().find(|span| example == "rmcp" && span["name"] == "forecast") {
        if forecast["parent_span_id"] != call["span_id"] || forecast["trace_id"] != call["trace_id"] {
            return Err("the server's span is not below the call's".to_owned());
        }
    } else if example == "rmcp" {
        return Err("the server has no span".to_owned());
    }
    if call["status"]["code"] != "unset" {
        return Err(format!("the status is {}", call["status"]));
    }
    for (name, value) in expected.as_object().into_iter().flatten() {
        let found = if name == "kind" { &call["kind"] } else { &call["attributes"][name] };
        if found != value {
            return Err(format!("{name} is {found}, not {value}"));
        }
    }
    let messages = ["gen_ai.input.messages", "gen_ai.output.messages"];
    match messages.into_iter().find(|name| example != "rmcp" && !call["attributes"][*name].is_string()) {
        Some(name) => Err(format!("there is no {name}")),
        None => Ok(()),
    }
}

fn main() -> ExitCode {
    let example = std::env::args().nth(1).unwrap_or_default();
    let mut printed = String::new();
    let read = std::io::stdin().read_to_string(&mut printed).map_err(|error| error.to_string());
    match read.and_then(|_| check(&example, &printed)) {
        Ok(()) => {
            println!("ok    {example}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            println!("WRONG {example}: {error}\n{printed}");
            ExitCode::FAILURE
        }
    }
}
