//! Generates a function for each Rust snippet in README.md and docs/.
//!
//! A comment directly above a snippet lists its free variables as parameters: `<!-- given: key: &str, headers:
//! http::HeaderMap -->`. A snippet that needs a crate outside of the workspace is marked `rust,ignore` and must occur
//! verbatim in an example of `examples/clients` or in `examples/usage-database`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

struct Snippet {
    line: usize,
    given: String,
    ignored: bool,
    code: String,
}

fn snippets(page: &str) -> Vec<Snippet> {
    let (mut found, mut given) = (Vec::new(), String::new());
    let mut lines = page.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        let line = line.trim();
        if let Some(text) = line.strip_prefix("<!-- given:") {
            given = text.trim_end_matches("-->").trim().to_owned();
            continue;
        }
        let Some(info) = line.strip_prefix("```") else { continue };
        let code: Vec<&str> = lines.by_ref().map(|(_, line)| line).take_while(|line| line.trim() != "```").collect();
        if info == "rust" || info.starts_with("rust,") {
            let (given, ignored) = (std::mem::take(&mut given), info.contains("ignore"));
            found.push(Snippet { line: number + 1, given, ignored, code: code.join("\n") });
        }
    }
    found
}

/// A page that builds a layer ends by adding it to a subscriber.
fn rest(code: &str) -> &'static str {
    if code.contains("let layer =") && !code.contains(".with(layer)") {
        "let _ = tracing_subscriber::registry().with(layer);"
    } else {
        ""
    }
}

fn function(name: &str, page: &Path, Snippet { line, given, code, .. }: &Snippet) -> String {
    let page = page.display();
    let rest = rest(code);
    format!(
        "/// {page}:{line}\nasync fn {name}_{line}({given}) -> Result<(), Box<dyn std::error::Error>> {{\n\
         let _ = {{\n{code}\n{rest}\n}};\nOk(())\n}}\n\n"
    )
}

/// The words, independent of line breaks.
fn words(code: &str) -> String {
    code.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn examples(dir: &Path) -> io::Result<Vec<String>> {
    let files = fs::read_dir(dir)?.filter_map(|file| Some(file.ok()?.path()));
    let sources = files.filter(|path| path.extension().is_some_and(|kind| kind == "rs"));
    sources.map(|path| Ok(words(&fs::read_to_string(path)?))).collect()
}

const USAGE_DATABASE: &str = "examples/usage-database/src/main.rs";

fn main() -> io::Result<()> {
    let root = PathBuf::from("../..");
    let mut pages = vec![root.join("README.md")];
    pages.extend(fs::read_dir(root.join("docs"))?.filter_map(|file| Some(file.ok()?.path())));
    pages.retain(|path| path.extension().is_some_and(|kind| kind == "md"));
    pages.sort();
    let mut examples = examples(&root.join("examples/clients"))?;
    examples.push(words(&fs::read_to_string(root.join(USAGE_DATABASE))?));

    let mut code = String::new();
    for page in &pages {
        let stem = page.file_stem().unwrap_or_default().to_string_lossy().to_lowercase().replace('-', "_");
        for snippet in snippets(&fs::read_to_string(page)?) {
            if !snippet.ignored {
                code.push_str(&function(&stem, page, &snippet));
            } else if !examples.iter().any(|example| example.contains(&words(&snippet.code))) {
                let line = snippet.line;
                let _ = writeln!(code, "compile_error!(\"{}:{line} is in no example\");", page.display());
            }
        }
    }
    for path in ["../../README.md", "../../docs", "../../examples/clients", "../../examples/usage-database/src"] {
        println!("cargo::rerun-if-changed={path}");
    }
    fs::write(PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("snippets.rs"), code)
}
