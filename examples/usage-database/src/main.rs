//! `cargo run --manifest-path examples/usage-database/Cargo.toml`: each call is a row in SQLite, and the cost of each
//! team is printed. A path as its argument keeps the database.

use std::time::{Duration, UNIX_EPOCH};

use llm_trace::{Caller, FinishedCall, PriceTable, llm_call};
use llm_trace_examples::MockLlm;
use rusqlite::{Connection, params};
use serde_json::{Value, json};
use tracing_subscriber::prelude::*;

type Error = Box<dyn std::error::Error>;

const TABLE: &str = "CREATE TABLE IF NOT EXISTS calls (
    started_ms INTEGER, duration_ms INTEGER, team TEXT, model TEXT, outcome TEXT, error TEXT,
    input_tokens INTEGER, cached_tokens INTEGER, output_tokens INTEGER, cost REAL, trace_id TEXT)";

fn insert(database: &Connection, call: &FinishedCall) -> rusqlite::Result<usize> {
    let milliseconds = |duration: Duration| i64::try_from(duration.as_millis()).ok();
    let row = params![
        call.start_time().duration_since(UNIX_EPOCH).ok().and_then(milliseconds),
        call.duration().and_then(milliseconds),
        call.caller_team_id(),
        call.model(),
        call.outcome().as_str(),
        call.error_type(),
        call.input_tokens(),
        call.cache_read_tokens(),
        call.output_tokens(),
        call.cost(),
        call.trace_id(),
    ];
    database.execute("INSERT INTO calls VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
}

#[llm_call(provider = "openai", request = body, server = base)]
fn chat(base: &str, body: &Value) -> Result<Value, ureq::Error> {
    ureq::post(format!("{base}/v1/chat/completions")).send_json(body)?.body_mut().read_json()
}

fn ask(base: &str, team: &str, model: &str) -> Result<Value, ureq::Error> {
    let body = json!({"model": model, "messages": [{"role": "user", "content": "What is a span?"}]});
    llm_trace::scope().caller(Caller::new().team_id(team)).run(|| chat(base, &body))
}

fn print_teams(database: &Connection) -> rusqlite::Result<()> {
    println!("{:<10} {:>6} {:>7} {:>13} {:>14} {:>12}", "team", "calls", "failed", "input tokens", "output tokens", "USD");
    let mut teams = database.prepare(
        "SELECT team, COUNT(*), SUM(outcome <> 'completed'), TOTAL(input_tokens), TOTAL(output_tokens), TOTAL(cost)
         FROM calls GROUP BY team ORDER BY TOTAL(cost) DESC",
    )?;
    let mut rows = teams.query([])?;
    while let Some(row) = rows.next()? {
        let (team, calls, failed) = (row.get::<_, String>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?);
        let (input, output, cost) = (row.get::<_, f64>(3)?, row.get::<_, f64>(4)?, row.get::<_, f64>(5)?);
        println!("{team:<10} {calls:>6} {failed:>7} {input:>13} {output:>14} {cost:>12.6}");
    }
    Ok(())
}

fn main() -> Result<(), Error> {
    // Without a path, SQLite keeps it in memory, shared by both connections.
    let path = std::env::args().nth(1).unwrap_or_else(|| "file:usage?mode=memory&cache=shared".to_owned());
    let (writer, reader) = (Connection::open(&path)?, Connection::open(&path)?);
    writer.execute(TABLE, [])?;

    let prices = PriceTable::from_json(
        br#"{"gpt-4o": {"litellm_provider": "openai", "input_cost_per_token": 2.5e-6, "output_cost_per_token": 1e-5},
        "gpt-4o-mini": {"litellm_provider": "openai", "input_cost_per_token": 1.5e-7, "output_cost_per_token": 6e-7}}"#,
    )?;
    let layer = llm_trace::layer().with_prices(prices).with_call_hook(move |call: &FinishedCall| {
        if let Err(error) = insert(&writer, call) {
            eprintln!("a call is not in the database: {error}");
        }
    });
    let hooks = layer.call_hooks();
    tracing_subscriber::registry().with(layer).try_init()?;

    let server = MockLlm::start()?;
    for (team, model) in [("research", "gpt-4o"), ("platform", "gpt-4o-mini"), ("research", "gpt-4o-mini")] {
        ask(server.url(), team, model)?;
    }
    // It answers 429.
    if ask(server.url(), "platform", "busy").is_ok() {
        return Err("the server was not busy".into());
    }

    // Calls that wait are written before the program ends.
    if !hooks.flush(Duration::from_secs(5)) {
        eprintln!("{} calls are not in the database", hooks.waiting());
    }
    print_teams(&reader)?;
    Ok(())
}
