//! What a call costs, each row as a ratio to a floor of the same run: `cargo bench`.
//!
//! The floor is a raw OpenTelemetry SDK span with the same 20 attributes. `cargo bench -- WORD` runs only the rows
//! whose name has that word, and the floor.

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
    // Cargo passes flags of its own.
    let word = std::env::args().skip(1).find(|arg| !arg.starts_with('-'));
    let mut table = Table::new(word);
    // What disturbs a machine can last longer than a row: each is measured several times, far apart.
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
