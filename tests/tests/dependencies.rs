//! Limits the dependencies of the published crates with all features.

use std::collections::{BTreeSet, HashMap};
use std::process::Command;

use serde_json::Value;

const OURS: [&str; 2] = ["llm-trace", "llm-trace-macros"];

/// The packages that a dependent crate builds.
fn packages() -> Vec<Value> {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["metadata", "--format-version=1", "--all-features", "--locked", "--manifest-path", manifest]);
    let told = cargo.output().expect("cargo runs");
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    let mut metadata: Value = serde_json::from_slice(&told.stdout).expect("JSON");

    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut needs: HashMap<String, Vec<String>> = HashMap::new();
    for node in metadata["resolve"]["nodes"].as_array().expect("a graph") {
        let is_built = |dep: &&Value| {
            dep["dep_kinds"].as_array().is_some_and(|kinds| kinds.iter().any(|kind| kind["kind"] != "dev"))
        };
        let deps = node["deps"].as_array().expect("a list").iter().filter(is_built);
        needs.insert(text(&node["id"]), deps.map(|dep| text(&dep["pkg"])).collect());
    }
    let all = metadata["packages"].take();
    let all = all.as_array().expect("packages");
    let mut waiting: Vec<String> =
        all.iter().filter(|package| OURS.iter().any(|ours| package["name"] == *ours)).map(|p| text(&p["id"])).collect();
    let mut reached = BTreeSet::new();
    while let Some(id) = waiting.pop() {
        if reached.insert(id.clone()) {
            waiting.extend(needs.remove(&id).unwrap_or_default());
        }
    }
    let packages: Vec<Value> = all.iter().filter(|package| reached.contains(&text(&package["id"]))).cloned().collect();
    assert!(packages.len() > 50, "all features need more than {}", packages.len());
    packages
}

fn named(package: &Value) -> String {
    format!("{} {}", package["name"], package["version"])
}

#[test]
fn no_dependency_needs_a_newer_rust_than_ours() {
    let version = |text: &str| {
        let mut parts: Vec<u32> = text.split('.').filter_map(|part| part.parse().ok()).collect();
        parts.resize(3, 0);
        parts
    };
    let packages = packages();
    let ours = packages.iter().find(|package| package["name"] == OURS[0]).expect("this crate");
    let ours = version(ours["rust_version"].as_str().expect("a version"));
    let newer = packages.iter().filter(|package| package["rust_version"].as_str().is_some_and(|v| version(v) > ours));
    let newer: Vec<String> = newer.map(|package| format!("{}: {}", named(package), package["rust_version"])).collect();
    assert!(newer.is_empty(), "{newer:#?}");
}

#[test]
fn every_licence_is_allowed() {
    let deny: toml::Table = include_str!("../../deny.toml").parse().expect("TOML");
    let allowed = deny["licenses"]["allow"].as_array().expect("a list").iter().filter_map(|licence| licence.as_str());
    let allowed: Vec<spdx::Licensee> =
        allowed.map(|licence| spdx::Licensee::parse(licence).expect("an SPDX licence")).collect();
    let mut refused = Vec::new();
    for package in packages() {
        let licence = package["license"].as_str().unwrap_or_default();
        let read = spdx::Expression::parse_mode(licence, spdx::ParseMode::LAX);
        let fits = read.is_ok_and(|read| read.evaluate(|asked| allowed.iter().any(|known| known.satisfies(asked))));
        if !fits {
            refused.push(format!("{}: {licence:?}", named(&package)));
        }
    }
    assert!(refused.is_empty(), "{refused:#?}");
}

#[test]
fn the_feature_fields_needs_no_opentelemetry() {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["tree", "--locked", "--manifest-path", manifest, "-p", "llm-trace", "-e", "normal,build", "--prefix"]);
    let tree =
        cargo.args(["none", "--no-default-features", "--features", "fields,fmt,stream"]).output().expect("cargo");
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    let tree = String::from_utf8(tree.stdout).expect("UTF-8");
    assert!(tree.contains("tracing-subscriber") && !tree.contains("opentelemetry"), "{tree}");
}
