//! Generates `docs/semconv` from the library's tables.

use llm_trace_tests::registry::{dir, pages};

fn main() -> std::io::Result<()> {
    for (name, text) in pages() {
        let path = dir().join(name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::write(&path, text)?;
        println!("{}", path.display());
    }
    Ok(())
}
