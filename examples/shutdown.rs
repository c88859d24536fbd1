//! `cargo run --example shutdown`: a program that exports all its telemetry when it is stopped.
//!
//! Stop it with Ctrl-C, or with `kill` from another terminal.

use std::time::Duration;

use llm_trace::llm_call;
use llm_trace_examples::MockLlm;
use serde_json::{Value, json};
use tokio::signal::unix::{SignalKind, signal};

#[llm_call(provider = "openai", request = body, server = base)]
async fn chat(http: &reqwest::Client, base: &str, body: &Value) -> Result<Value, reqwest::Error> {
    http.post(format!("{base}/v1/chat/completions")).json(body).send().await?.error_for_status()?.json().await
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let telemetry = llm_trace::init()?;
    let mut terminate = signal(SignalKind::terminate())?;
    let server = MockLlm::start()?;
    let http = reqwest::Client::new();
    let question = json!({"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "What is a span?"}]});

    let work = async {
        loop {
            if let Err(error) = chat(&http, server.url(), &question).await {
                eprintln!("{error}");
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    };
    tokio::select! {
        () = work => {}
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
    // `select!` dropped the running call: its span records that and is exported with the others.
    telemetry.shutdown(Duration::from_secs(5));
    Ok(())
}
