//! The goal of each row, and whether it is met.

use super::fixed::{BULK, FLOOR};
use super::setup::{request, response};

/// Equal, within the difference between two runs of the same row.
const SAME: f64 = 1.02;

/// The maximum cost of a row.
pub(crate) enum Goal {
    /// In nanoseconds.
    Nanos(f64),
    /// A multiple of another row.
    Times(f64, String),
    /// In nanoseconds, in addition to another row.
    Plus(f64, String),
    /// The same ratio to the SDK's spans on this many threads as on one.
    Scaling(String),
}

impl Goal {
    /// The goals of a row.
    pub(crate) fn of(name: &str) -> Vec<Goal> {
        let facts = || "call, facts only".to_owned();
        match name {
            "no subscriber" | "level off" => vec![Goal::Plus(5.0, "bare function".to_owned())],
            "layer absent, span enabled" => vec![Goal::Times(1.1, "a tracing span, no layer".to_owned())],
            "call, facts only" => vec![Goal::Times(2.5, FLOOR.to_owned()), Goal::Times(1.1, BULK.to_owned())],
            "call beside a user's layer, facts only" => {
                vec![Goal::Times(1.15, "tracing-opentelemetry, one bulk write".to_owned())]
            }
            "call, sampled out" => vec![Goal::Times(1.0, FLOOR.to_owned())],
            "foreign span, layer in RedactLayer" => vec![Goal::Plus(140.0, "foreign span, layer".to_owned())],
            _ if is(name, &["content off, Value", "content dropped, Value"]) => vec![Goal::Times(SAME, facts())],
            _ if is(name, &["content off, JSON", "content dropped, JSON"]) => {
                // One scan of request and response, at a gigabyte per second.
                bytes(name).map(|bytes| Goal::Plus(bytes, facts())).into_iter().collect()
            }
            _ if is(name, &["content on, JSON bytes, "]) => {
                let size = name.trim_start_matches("content on, JSON bytes, ");
                vec![Goal::Times(1.5, format!("serde_json Value and back, {size}"))]
            }
            _ if name.ends_with(" threads") && is(name, &["call, 2", "call, 4", "call, 8"]) => {
                vec![Goal::Scaling(name.replace("call", "SDK span"))]
            }
            _ if name.starts_with("chunk, ") && !name.ends_with(" 1 of them") => {
                vec![Goal::Nanos(if name.contains("content off") { 150.0 } else { 400.0 })]
            }
            _ => Vec::new(),
        }
    }

    /// The goal as text, and whether `nanos` meets it; `None` if the other row was not measured.
    pub(crate) fn judge(&self, nanos: f64, row: impl Fn(&str) -> Option<f64>) -> Option<String> {
        let (limit, words) = match self {
            Goal::Nanos(limit) => (*limit, format!("{limit} ns")),
            Goal::Times(times, other) => (row(other)? * times, format!("{times} × {other}")),
            Goal::Plus(more, other) => (row(other)? + more, format!("{other} + {more} ns")),
            Goal::Scaling(sdk) => {
                let alone = row("call, 1 threads")? / row("SDK span, 1 threads")?;
                (row(sdk)? * alone * SAME, format!("{:.2} × {sdk}, as from 1", alone * SAME))
            }
        };
        Some(format!("≤ {words}: {}", if nanos <= limit { "met" } else { "missed" }))
    }
}

fn is(name: &str, beginnings: &[&str]) -> bool {
    beginnings.iter().any(|beginning| name.starts_with(beginning))
}

/// The size of request and response, from the prompt size at the end of a row's name.
fn bytes(name: &str) -> Option<f64> {
    let (_, size) = name.rsplit_once(", ")?;
    let (number, unit) = size.split_once(' ')?;
    let unit = if unit == "MB" { 1 << 20 } else { 1 << 10 };
    let prompt = number.parse::<usize>().ok()? * unit;
    Some((request(prompt).to_string().len() + response(64).to_string().len()) as f64)
}
