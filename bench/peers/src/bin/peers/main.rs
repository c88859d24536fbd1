//! Compares the cost of tracing with several crates. `bench/peers.sh` runs it.
//!
//! Without arguments, the program starts a local server, measures each row in a process of its own, and prints a table.

mod by_hand;
mod figures;
mod measure;
mod rows;
mod table;
mod with_genai;
mod with_logfire;
mod with_rig;

use std::alloc::System;

use llm_trace_peers::Error;
use measure::Size;
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// 10,000 calls and 2,000 streams.
const FULL: Size = Size { whole_blocks: 50, stream_blocks: 10, calls: 200 };
/// Shows only that all rows run.
const SMOKE: Size = Size { whole_blocks: 1, stream_blocks: 1, calls: 5 };
/// Every row runs in this number of processes, in turns with the others.
const ROUNDS: usize = 3;

fn main() -> Result<(), Error> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args[..] {
        [] => table::print(FULL, ROUNDS),
        ["--smoke"] => table::print(SMOKE, 1),
        ["--row", name, base, whole_blocks, stream_blocks, calls] => {
            let (whole_blocks, stream_blocks) = (whole_blocks.parse()?, stream_blocks.parse()?);
            let figures = rows::measure(name, base, Size { whole_blocks, stream_blocks, calls: calls.parse()? })?;
            println!("{}", serde_json::to_string(&figures)?);
            Ok(())
        }
        _ => Err("usage: peers [--smoke]".into()),
    }
}
