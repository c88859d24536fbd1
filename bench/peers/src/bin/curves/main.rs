//! Measures how the cost of tracing grows, and draws it. `bench/curves.sh` runs it.

#[path = "../../../../src/attributes.rs"]
mod attributes;
mod chart;
#[path = "../../../../../llm-trace/benches/shared/null.rs"]
mod null;
#[path = "../../../../src/payload.rs"]
#[expect(dead_code, reason = "other programs use the rest")]
mod payload;
mod prompts;
mod streams;
mod tasks;
mod telemetry;
mod traces;

use std::path::Path;
use std::time::Duration;

use llm_trace_peers::Error;

/// The time for one point, and how often it is measured: the best counts.
#[derive(Clone, Copy)]
pub struct Effort {
    pub time: Duration,
    pub rounds: u32,
}

fn main() -> Result<(), Error> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (folder, effort) = match &args[..] {
        [folder] => (folder, Effort { time: Duration::from_millis(500), rounds: 5 }),
        [smoke, folder] if smoke == "--smoke" => (folder, Effort { time: Duration::ZERO, rounds: 1 }),
        _ => return Err("usage: curves [--smoke] FOLDER".into()),
    };
    let charts = streams::charts(effort)?.into_iter().chain([
        tasks::chart(effort)?,
        prompts::chart(effort)?,
        traces::chart(effort)?,
    ]);
    for chart in charts {
        for line in chart.floors.iter().chain(&chart.lines) {
            println!("{}: {}: {:?}", chart.file, line.name, line.points);
        }
        chart.draw(Path::new(folder))?;
    }
    Ok(())
}
