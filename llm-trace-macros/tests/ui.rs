//! Pins the compile errors of invalid uses, for one toolchain.

use std::process::Command;

/// The compiler's own messages change between releases.
const TOOLCHAIN: &str = "rustc 1.95.";

#[test]
fn mistakes_are_explained_at_the_right_place() {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(rustc).arg("--version").output().map(|output| output.stdout).unwrap_or_default();
    if !String::from_utf8_lossy(&version).starts_with(TOOLCHAIN) {
        eprintln!("skipped: the expected errors are those of {TOOLCHAIN}x");
        return;
    }
    let cases = trybuild::TestCases::new();
    cases.pass("tests/ui/pass/*.rs");
    cases.compile_fail("tests/ui/*.rs");
}
