//! Checks the public API with rustdoc's JSON output:
//!
//! ```sh
//! RUSTDOC=$PWD/.ci/rustdoc-json cargo doc --workspace --all-features --no-deps
//! cargo run --all-features --bin api_check -- target/doc/llm_trace.json
//! ```
//!
//! Every item has an example and every method is called in one. Types are `Debug`, enums and structs are
//! non-exhaustive, builders are `must_use`.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::process::ExitCode;

use serde_json::Value;

struct Api {
    index: HashMap<String, Value>,
    /// The code of all examples.
    examples: String,
    /// The ids of the types that are `Debug`.
    debug: HashSet<String>,
    seen: BTreeSet<String>,
    wrong: Vec<String>,
}

fn id(value: &Value) -> String {
    value.to_string()
}

/// The code blocks of a text.
fn code(docs: &str) -> String {
    docs.split("```").skip(1).step_by(2).collect()
}

impl Api {
    fn new(mut document: Value) -> Option<(Self, String)> {
        let root = id(&document["root"]);
        let Value::Object(index) = document["index"].take() else { return None };
        let index: HashMap<String, Value> = index.into_iter().collect();
        let examples = index.values().filter_map(|item| item["docs"].as_str()).map(code).collect();
        let is_debug = |item: &Value| {
            let of = &item["inner"]["impl"];
            of["trait"]["path"].as_str().is_some_and(|path| path.ends_with("Debug"))
        };
        let debug = index.values().filter(|item| is_debug(item));
        let debug = debug.map(|item| id(&item["inner"]["impl"]["for"]["resolved_path"]["id"])).collect();
        Some((Self { index, examples, debug, seen: BTreeSet::new(), wrong: Vec::new() }, root))
    }

    fn wrong(&mut self, path: &str, what: &str) {
        self.wrong.push(format!("{path} {what}"));
    }

    fn walk(&mut self, at: &str, above: &str) {
        let Some(item) = self.index.get(at).cloned() else { return };
        let attributes = item["attrs"].to_string();
        if attributes.contains("hidden") || item["visibility"] == "default" && above.is_empty() {
            return;
        }
        let Some((kind, inner)) = item["inner"].as_object().and_then(|inner| inner.iter().next()) else { return };
        let path = format!("{above}::{}", item["name"].as_str().unwrap_or_default());
        match kind.as_str() {
            "use" => return self.walk(&id(&inner["id"]), above),
            "module" => {
                for child in inner["items"].as_array().into_iter().flatten() {
                    self.walk(&id(child), &path);
                }
                return;
            }
            _ => {}
        }
        if !self.seen.insert(path.clone()) {
            return;
        }
        let name = item["name"].as_str().unwrap_or_default();
        let shown =
            |examples: &str| examples.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == name);
        if code(item["docs"].as_str().unwrap_or_default()).is_empty() && !shown(&self.examples) {
            self.wrong(&path, "has no example");
        }
        if matches!(kind.as_str(), "struct" | "enum") && !self.debug.contains(at) {
            self.wrong(&path, "is not Debug");
        }
        let has_variants = inner["variants"].as_array().is_some_and(|variants| !variants.is_empty());
        if has_variants && !attributes.contains("non_exhaustive") {
            self.wrong(&path, "cannot grow: make it #[non_exhaustive]");
        }
        let mut fields = inner["kind"]["plain"]["fields"].as_array().into_iter().flatten();
        let shows = fields.any(|field| self.index.get(&id(field)).is_some_and(|item| item["visibility"] == "public"));
        if shows && !attributes.contains("non_exhaustive") {
            self.wrong(&path, "has public fields and cannot grow: make it #[non_exhaustive]");
        }
        for block in inner["impls"].as_array().into_iter().flatten() {
            let Some(block) = self.index.get(&id(block)).cloned() else { continue };
            if block["inner"]["impl"]["trait"].is_null() {
                for method in block["inner"]["impl"]["items"].as_array().into_iter().flatten() {
                    self.method(&id(method), &path, attributes.contains("must_use"));
                }
            }
        }
    }

    fn method(&mut self, at: &str, owner: &str, owner_must_be_used: bool) {
        let Some(item) = self.index.get(at).cloned() else { return };
        let (name, signature) = (item["name"].as_str().unwrap_or_default(), &item["inner"]["function"]["sig"]);
        let attributes = item["attrs"].to_string();
        if item["visibility"] != "public" || attributes.contains("hidden") || !signature.is_object() {
            return;
        }
        let path = format!("{owner}::{name}");
        let owner = owner.rsplit("::").next().unwrap_or_default();
        let called = [format!(".{name}("), format!("{owner}::{name}(")];
        let own = code(item["docs"].as_str().unwrap_or_default());
        if own.is_empty() && !called.iter().any(|call| self.examples.contains(call.as_str())) {
            self.wrong(&path, "is called in no example");
        }
        let by_value = signature["inputs"][0][1]["generic"] == "Self";
        let builds = signature["output"]["generic"] == "Self";
        if by_value && builds && !owner_must_be_used && !attributes.contains("must_use") {
            self.wrong(&path, "builds, and is not #[must_use]");
        }
    }
}

fn main() -> ExitCode {
    let path = std::env::args().nth(1).unwrap_or_default();
    let document = std::fs::read(&path).map_err(|error| error.to_string());
    let document = document.and_then(|bytes| serde_json::from_slice(&bytes).map_err(|error| error.to_string()));
    let (mut api, root) = match document.map(Api::new) {
        Ok(Some(api)) => api,
        Ok(None) => {
            eprintln!("{path} is no rustdoc JSON");
            return ExitCode::FAILURE;
        }
        Err(error) => {
            eprintln!("{path}: {error}");
            return ExitCode::FAILURE;
        }
    };
    api.walk(&root, "");
    println!("{} public items, {} of them wrong", api.seen.len(), api.wrong.len());
    api.wrong.iter().for_each(|wrong| println!("{wrong}"));
    // A document in an unknown format has no items and must fail.
    if api.wrong.is_empty() && api.seen.len() > 50 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
