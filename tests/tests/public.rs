//! What the front page, the manifest and the pages say of each other.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The words in backquotes in the first cells of a table's rows.
fn first_cells(tables: &str) -> BTreeSet<String> {
    let rows = tables.lines().filter_map(|line| line.trim_start_matches("//!").trim().strip_prefix("| "));
    let cells = rows.filter_map(|row| row.split(" | ").next());
    cells.flat_map(|cell| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>()).collect()
}

#[test]
fn the_front_page_names_every_feature_and_no_other() {
    let page = read("llm-trace/src/lib.rs");
    let section = page.split("//! # Features").nth(1).and_then(|rest| rest.split("//! # ").next()).expect("a section");
    let manifest: toml::Table = read("llm-trace/Cargo.toml").parse().expect("TOML");
    let features = manifest["features"].as_table().expect("features").keys().cloned();
    let features: BTreeSet<String> = features.filter(|name| name != "default" && name != "internal").collect();
    assert_eq!(first_cells(section), features);

    let on_demand = section.find("on demand").expect("two tables");
    let by_default = manifest["features"]["default"].as_array().expect("a list");
    let by_default: BTreeSet<String> = by_default.iter().filter_map(|name| Some(name.as_str()?.to_owned())).collect();
    assert_eq!(first_cells(&section[..on_demand]), by_default);
}

#[test]
fn the_index_has_every_page_and_links_lead_somewhere() {
    let pages = fs::read_dir(root().join("docs")).expect("docs").map(|file| file.expect("a file").path());
    let pages: Vec<PathBuf> = pages.filter(|path| path.extension().is_some_and(|kind| kind == "md")).collect();
    let index = read("docs/README.md");
    for page in pages.iter().chain([&root().join("README.md"), &root().join("CONTRIBUTING.md")]) {
        let name = page.file_name().expect("a name").to_string_lossy();
        assert!(
            !page.parent().expect("a folder").ends_with("docs") || name == "README.md" || index.contains(&*name),
            "docs/README.md does not name {name}"
        );
        let text = fs::read_to_string(page).expect("a page");
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = link.split('#').next().unwrap_or_default();
            if link.contains("://") || link.contains(' ') || file.is_empty() {
                continue;
            }
            assert!(page.with_file_name(file).exists(), "{}: {link} leads nowhere", page.display());
        }
    }
}
