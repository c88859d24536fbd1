//! Runs all rows in turns, and prints the table.

use std::path::Path;
use std::process::{Command, Output};

use llm_trace_peers::{Error, provider};

use crate::figures::Figures;
use crate::measure::Size;
use crate::rows::{Program, ROWS, Row};

/// Python's rows make this part of the calls, in one round.
const PYTHON: u32 = 5;

const HEAD: &str = "\
| client | tracing | µs per call | µs per chunk | allocations per call | per chunk | bytes per call | \
attributes: call, stream | spans | MB at the end |
|---|---|---:|---:|---:|---:|---:|---:|---:|---:|";

/// Runs one row in a process of its own. `None` if the machine does not have the program.
fn run(row: &Row, base: &str, mut size: Size) -> Result<Option<Figures>, Error> {
    // Python's calls take a hundred times as long.
    if matches!(row.program, Program::Python) {
        size.whole_blocks = size.whole_blocks.div_ceil(PYTHON);
        size.stream_blocks = size.stream_blocks.div_ceil(PYTHON);
    }
    eprintln!("{}, {}", row.client, row.tracing);
    let sizes = [size.whole_blocks, size.stream_blocks, size.calls].map(|size| size.to_string());
    let Output { status, stdout, stderr } = match row.program {
        Program::This => Command::new(std::env::current_exe()?).args(["--row", row.name, base]).args(sizes).output()?,
        Program::Python => {
            let Ok(python) = std::env::var("PEERS_PYTHON") else { return Ok(None) };
            let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("with_litellm.py");
            Command::new(python).arg(script).args([row.name, base]).args(sizes).output()?
        }
    };
    if !status.success() {
        return Err(format!("{}: {}", row.name, String::from_utf8_lossy(&stderr)).into());
    }
    let figures: Figures = serde_json::from_slice(&stdout)?;
    if let Some((_, exports)) = figures.traced
        && exports.spans != exports.calls
    {
        return Err(format!("{}: {} spans for {} calls", row.name, exports.spans, exports.calls).into());
    }
    Ok(Some(figures))
}

/// A number with these decimals, with a sign if it is a difference.
fn number(value: f64, digits: i32, added: bool) -> String {
    let unit = 10_f64.powi(digits);
    // No "-0.0".
    let value = (value * unit).round() / unit + 0.0;
    let digits = usize::try_from(digits).unwrap_or(0);
    if added { format!("{value:+.digits$}") } else { format!("{value:.digits$}") }
}

/// One line of the table.
fn line(row: &Row, figures: Figures) -> String {
    let (cost, exported) = match figures.traced {
        None => (figures.floor, "– | – | –".to_owned()),
        Some((cost, exports)) => {
            let [whole, stream] = exports.attributes;
            (cost.minus(figures.floor), format!("{:.0} | {whole:.0}, {stream:.0} | {}", exports.bytes, exports.spans))
        }
    };
    let added = figures.traced.is_some();
    let allocations = |all: Option<f64>, digits| all.map_or("–".to_owned(), |all| number(all, digits, added));
    let memory = figures.memory.map_or("–".to_owned(), |bytes| number(bytes as f64 / 1e6, 1, false));
    let (call, chunk) = (cost.call, cost.chunk());
    format!(
        "| {} | {} | {} | {} | {} | {} | {exported} | {memory} |",
        row.client,
        row.tracing,
        number(call.micros, 1, added),
        number(chunk.micros, 2, added),
        allocations(call.allocations, 0),
        allocations(chunk.allocations, 1),
    )
}

/// Measures all rows, and prints them.
pub fn print(size: Size, rounds: usize) -> Result<(), Error> {
    let base = format!("http://{}/v1", provider::start()?);
    let mut all: Vec<Vec<Figures>> = vec![Vec::new(); ROWS.len()];
    for round in 0..rounds {
        for (row, all) in ROWS.iter().zip(&mut all) {
            if matches!(row.program, Program::Python) && round > 0 {
                continue;
            }
            all.extend(run(row, &base, size)?);
        }
    }
    println!("{HEAD}");
    for (row, all) in ROWS.iter().zip(&all) {
        match Figures::merge(all) {
            Some(figures) => println!("{}", line(row, figures)),
            None => println!("| {} | {} | skipped: see `bench/peers.sh` |", row.client, row.tracing),
        }
    }
    Ok(())
}
