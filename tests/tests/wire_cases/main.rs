//! Small exchanges in the formats that providers send: `tests/cases/wire/*.json` and those of the shared folder.
//!
//! Each case runs annotated (by value, by bytes, by a custom type) and through both client layers, and is tested on the
//! exported data.

mod annotated_runs;
mod case;
mod client_runs;
mod expectation;
mod formats;

use std::path::{Path, PathBuf};

use case::{judge, load};

#[test]
fn our_cases_match() {
    let cases = load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("cases/wire"));
    assert!(!cases.is_empty(), "no cases");
    judge(&cases);
}

#[test]
fn the_shared_cases_match() {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/cases/wire");
    let dir = std::env::var_os("LLM_TRACE_CASES").map_or_else(beside, PathBuf::from);
    if !dir.is_dir() {
        eprintln!("skipped: no cases in {}", dir.display());
        return;
    }
    judge(&load(&dir));
}
