//! The cost of a call, each row as a ratio to a baseline of the same run: `cargo bench`.
//!
//! The baseline is a raw OpenTelemetry SDK span with the same 20 attributes. `cargo bench -- WORD` runs only the rows
//! with this word in their name, and the baseline.

#[path = "../../../bench/src/attributes.rs"]
mod attributes;
mod content;
mod fixed;
mod foreign;
mod goals;
#[path = "../shared/null.rs"]
mod null;
mod peers;
mod setup;
mod streams;
mod table;
#[path = "../shared/timing.rs"]
mod timing;

use table::Table;

const PASSES: usize = 4;

fn main() {
    // Cargo passes its own flags.
    let word = std::env::args().skip(1).find(|arg| !arg.starts_with('-'));
    let mut table = Table::new(word);
    // A disturbance can last longer than a row, so each row is measured several times at different times.
    for _ in 0..PASSES {
        fixed::floor(&mut table);
        fixed::off(&mut table);
        fixed::metadata(&mut table);
        peers::fastrace(&mut table);
        content::masked(&mut table);
        content::on(&mut table);
        streams::chunks(&mut table);
        foreign::spans(&mut table);
        fixed::threads(&mut table);
    }
    table.print();
}
