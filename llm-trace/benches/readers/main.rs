//! Bytes per second of each wire format's reader, compared with parsing the same bytes as `serde_json::Value`.
//!
//! `cargo bench --bench readers --features internal -- WORD` measures only the formats with this word in their name.

mod embeddings;
mod messages;
mod payload;
mod prompts;
mod streams;
#[path = "../shared/timing.rs"]
mod timing;

use std::hint::black_box;
use std::time::Duration;

use llm_trace::internal::{Content, read};

use payload::Payload;
use timing::nanos;

/// The measuring time of each number.
const BUDGET: Duration = Duration::from_millis(300);

fn main() {
    // Cargo passes its own flags.
    let word = std::env::args().skip(1).find(|arg| !arg.starts_with('-')).unwrap_or_default();
    let payloads = [messages::all(), prompts::all(), streams::all(), embeddings::all()].concat();
    println!("MB/s, and as a multiple of `Value`; the last against `Value` printed again.\n");
    println!("| format | KB | `Value` | content off | × | `Value`, printed | content on | × |");
    println!("|---|---:|---:|---:|---:|---:|---:|---:|");
    for payload in payloads.iter().filter(|payload| payload.name.contains(&word)) {
        row(payload);
    }
}

fn row(payload: &Payload) {
    payload.check();
    let value = nanos(BUDGET, || payload.values(|value| drop(black_box(value))));
    let printed = nanos(BUDGET, || payload.values(|value| drop(black_box(value.to_string()))));
    let off = nanos(BUDGET, || read(&payload.exchange(Content::Off)));
    let on = nanos(BUDGET, || read(&payload.exchange(Content::Full)));
    let bytes = payload.len() as f64;
    // Bytes per microsecond are megabytes per second.
    let rate = |nanos: f64| bytes / nanos * 1e3;
    println!(
        "| {} | {:.1} | {:.0} | {:.0} | {:.2} | {:.0} | {:.0} | {:.2} |",
        payload.name,
        bytes / 1024.0,
        rate(value),
        rate(off),
        value / off,
        rate(printed),
        rate(on),
        printed / on,
    );
}
