//! The folders of `llm-trace/src` and the direction of their imports, as CONTRIBUTING.md lists them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use syn::visit::Visit;

/// Files of the crate root. They re-export every room, and the macros' code calls `__private`.
const ROOT: &[&str] = &["lib", "internal"];

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The rooms in the order of CONTRIBUTING.md: each may import from those above it.
fn listed_rooms() -> Vec<String> {
    let page = fs::read_to_string(repository().join("CONTRIBUTING.md")).unwrap();
    let map = page.split("llm-trace/src/\n").nth(1).expect("CONTRIBUTING.md has a map below `llm-trace/src/`");
    map.lines()
        .take_while(|line| line.starts_with("  "))
        .filter_map(|line| line.split_whitespace().next())
        .map(|room| room.trim_end_matches('/').trim_end_matches(".rs").to_owned())
        .collect()
}

/// The source files of each room.
fn rooms() -> BTreeMap<String, Vec<PathBuf>> {
    fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, files);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }

    let source = repository().join("llm-trace/src");
    let mut files = Vec::new();
    collect(&source, &mut files);
    let mut rooms = BTreeMap::<String, Vec<PathBuf>>::new();
    for file in files {
        let first = file.strip_prefix(&source).unwrap().iter().next().unwrap().to_str().unwrap();
        rooms.entry(first.trim_end_matches(".rs").to_owned()).or_default().push(file);
    }
    rooms
}

/// Collects the first segment after `crate::` in every path and `use` outside of test code.
#[derive(Default)]
struct CratePaths(BTreeSet<String>);

impl CratePaths {
    fn add(&mut self, tree: &syn::UseTree) {
        match tree {
            syn::UseTree::Path(path) => drop(self.0.insert(path.ident.to_string())),
            syn::UseTree::Name(name) => drop(self.0.insert(name.ident.to_string())),
            syn::UseTree::Rename(rename) => drop(self.0.insert(rename.ident.to_string())),
            syn::UseTree::Group(group) => group.items.iter().for_each(|item| self.add(item)),
            syn::UseTree::Glob(_) => {}
        }
    }
}

fn is_test(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.meta.require_list().is_ok_and(|list| list.tokens.to_string() == "test")
    })
}

impl<'ast> Visit<'ast> for CratePaths {
    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        if !is_test(&module.attrs) {
            syn::visit::visit_item_mod(self, module);
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        if let syn::UseTree::Path(path) = &item.tree
            && path.ident == "crate"
            && !is_test(&item.attrs)
        {
            self.add(&path.tree);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let mut segments = path.segments.iter();
        if segments.next().is_some_and(|first| first.ident == "crate")
            && let Some(name) = segments.next()
        {
            self.0.insert(name.ident.to_string());
        }
        syn::visit::visit_path(self, path);
    }
}

/// The rooms that the names exported at the crate root come from.
fn exported_names() -> BTreeMap<String, String> {
    fn leaves(tree: &syn::UseTree, names: &mut Vec<String>) {
        match tree {
            syn::UseTree::Path(path) => leaves(&path.tree, names),
            syn::UseTree::Name(name) => names.push(name.ident.to_string()),
            syn::UseTree::Rename(rename) => names.push(rename.rename.to_string()),
            syn::UseTree::Group(group) => group.items.iter().for_each(|item| leaves(item, names)),
            syn::UseTree::Glob(_) => {}
        }
    }

    let root = fs::read_to_string(repository().join("llm-trace/src/lib.rs")).unwrap();
    let mut exported = BTreeMap::new();
    for item in syn::parse_file(&root).unwrap().items {
        if let syn::Item::Use(item) = item
            && let syn::UseTree::Path(path) = &item.tree
        {
            let mut names = Vec::new();
            leaves(&path.tree, &mut names);
            exported.extend(names.into_iter().map(|name| (name, path.ident.to_string())));
        }
    }
    exported
}

/// The rooms each room imports from, with one file that does so.
fn imports() -> BTreeMap<String, BTreeMap<String, PathBuf>> {
    let (rooms, exported) = (rooms(), exported_names());
    let mut imports = BTreeMap::<String, BTreeMap<String, PathBuf>>::new();
    for (room, files) in rooms.iter().filter(|(room, _)| !ROOT.contains(&room.as_str())) {
        let below = imports.entry(room.clone()).or_default();
        // Files with unit tests may import any room.
        let is_code = |file: &&PathBuf| !file.file_stem().is_some_and(|stem| stem.to_string_lossy().ends_with("tests"));
        for file in files.iter().filter(is_code) {
            let mut paths = CratePaths::default();
            paths.visit_file(&syn::parse_file(&fs::read_to_string(file).unwrap()).unwrap());
            for name in paths.0 {
                let target = exported.get(&name).unwrap_or(&name);
                if target != room && rooms.contains_key(target) {
                    below.entry(target.clone()).or_insert_with(|| file.clone());
                }
            }
        }
    }
    imports
}

#[test]
fn the_map_lists_every_room_once() {
    let listed = listed_rooms();
    let unique: BTreeSet<_> = listed.iter().cloned().collect();
    assert_eq!(unique.len(), listed.len(), "a room is listed twice in CONTRIBUTING.md: {listed:?}");
    let rooms: BTreeSet<_> = rooms().into_keys().filter(|room| !ROOT.contains(&room.as_str())).collect();
    assert_eq!(rooms, unique, "the rooms in llm-trace/src (left) are not those in CONTRIBUTING.md (right)");
}

#[test]
fn a_room_imports_only_from_rooms_above_it() {
    let listed = listed_rooms();
    let place = |room: &str| listed.iter().position(|known| known == room);
    let mut wrong = Vec::new();
    for (room, targets) in imports() {
        for (target, file) in targets {
            // A total order also rules out circles.
            if place(&target) >= place(&room) {
                wrong.push(format!("{room} imports {target}, for example in {}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "imports against the order in CONTRIBUTING.md:\n{}", wrong.join("\n"));
}

#[test]
fn paths_are_found_in_groups_and_expressions() {
    let file = syn::parse_file(
        "use crate::{a::B, c}; fn f() { crate::d::e(); } #[cfg(test)] mod tests { use crate::hidden; }",
    );
    let mut paths = CratePaths::default();
    paths.visit_file(&file.unwrap());
    assert_eq!(paths.0.into_iter().collect::<Vec<_>>(), ["a", "c", "d"]);
}
