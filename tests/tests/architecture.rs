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
        .filter(|room| *room != "#") // The heading of a group.
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

/// Whether a file has code of the library. Files with unit tests may import any room.
fn is_code(file: &Path) -> bool {
    !file.file_stem().is_some_and(|stem| stem.to_string_lossy().ends_with("tests"))
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
        let syn::Item::Use(syn::ItemUse { tree, .. }) = item else { continue };
        let trees: Vec<&syn::UseTree> = match &tree {
            syn::UseTree::Group(group) => group.items.iter().collect(),
            tree => vec![tree],
        };
        for tree in trees {
            let syn::UseTree::Path(path) = tree else { continue };
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
        for file in files.iter().filter(|file| is_code(file)) {
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

/// The `use` paths of one file, as absolute segments below `crate`.
#[derive(Default)]
struct Module {
    /// The module that is visited: that of the file, or an inline one.
    path: Vec<String>,
    uses: Vec<Vec<String>>,
    /// The names that the file exports from elsewhere.
    exports: BTreeMap<String, Vec<String>>,
}

impl Module {
    /// The segments below `crate` of a path that starts with `crate`, `super` or `self`, or in a `mod.rs` with a child.
    fn absolute(&self, segments: &[String], children: &BTreeSet<String>) -> Option<Vec<String>> {
        let mut base = self.path.clone();
        let mut rest = segments;
        match rest.first()?.as_str() {
            "crate" => return Some(rest[1..].to_vec()),
            "self" => rest = &rest[1..],
            "super" => {
                while rest.first().is_some_and(|first| first == "super") {
                    base.pop();
                    rest = &rest[1..];
                }
            }
            child if children.contains(child) => {}
            _ => return None,
        }
        Some(base.into_iter().chain(rest.iter().cloned()).collect())
    }
}

/// Collects the paths of one file outside of test code.
struct FilePaths<'c> {
    module: Module,
    children: &'c BTreeSet<String>,
}

impl FilePaths<'_> {
    fn add(&mut self, tree: &syn::UseTree, mut before: Vec<String>, is_exported: bool) {
        let (name, exported) = match tree {
            syn::UseTree::Path(path) => {
                before.push(path.ident.to_string());
                return self.add(&path.tree, before, is_exported);
            }
            syn::UseTree::Group(group) => {
                return group.items.iter().for_each(|item| self.add(item, before.clone(), is_exported));
            }
            syn::UseTree::Glob(_) => return,
            syn::UseTree::Name(name) => (name.ident.to_string(), name.ident.to_string()),
            syn::UseTree::Rename(rename) => (rename.ident.to_string(), rename.rename.to_string()),
        };
        if name != "self" {
            before.push(name);
        }
        let Some(path) = self.module.absolute(&before, self.children) else { return };
        if is_exported {
            self.module.exports.insert(exported, path.clone());
        }
        self.module.uses.push(path);
    }
}

impl<'ast> Visit<'ast> for FilePaths<'_> {
    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        if !is_test(&module.attrs) {
            self.module.path.push(module.ident.to_string());
            syn::visit::visit_item_mod(self, module);
            self.module.path.pop();
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        if !is_test(&item.attrs) {
            self.add(&item.tree, Vec::new(), !matches!(item.vis, syn::Visibility::Inherited));
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments: Vec<_> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        if ["crate", "super"].contains(&segments[0].as_str()) {
            self.module.uses.extend(self.module.absolute(&segments, self.children));
        }
        syn::visit::visit_path(self, path);
    }
}

/// All files by their module path.
fn modules() -> BTreeMap<Vec<String>, Module> {
    let source = repository().join("llm-trace/src");
    let files: Vec<_> = rooms().into_values().flatten().filter(|file| is_code(file)).collect();
    let path = |file: &Path| -> Vec<String> {
        let below = file.strip_prefix(&source).unwrap().with_extension("");
        below.iter().map(|part| part.to_str().unwrap().to_owned()).filter(|part| part != "mod").collect()
    };
    let all: BTreeSet<_> = files.iter().map(|file| path(file)).collect();
    let read = |file: &PathBuf| {
        let own = path(file);
        let is_child = |other: &&Vec<String>| other.len() == own.len() + 1 && other.starts_with(&own);
        let children = all.iter().filter(is_child).map(|other| other[own.len()].clone()).collect();
        let mut paths = FilePaths { module: Module { path: own.clone(), ..Module::default() }, children: &children };
        paths.visit_file(&syn::parse_file(&fs::read_to_string(file).unwrap()).unwrap());
        (own, paths.module)
    };
    files.iter().map(read).collect()
}

/// The file that defines the item at the end of a path, through re-exports.
fn defining_file<'m>(
    modules: &'m BTreeMap<Vec<String>, Module>,
    path: &[String],
    depth: usize,
) -> Option<&'m Vec<String>> {
    let (file, module) = (1..=path.len()).rev().find_map(|len| modules.get_key_value(&path[..len]))?;
    let (exported, rest) = match path.get(file.len()).and_then(|name| module.exports.get(name)) {
        Some(exported) if depth < 8 => (exported, &path[file.len() + 1..]),
        _ => return Some(file),
    };
    let exported: Vec<_> = exported.iter().chain(rest).cloned().collect();
    defining_file(modules, &exported, depth + 1).or(Some(file))
}

#[test]
fn files_of_a_room_form_no_circle_of_more_than_two() {
    let modules = modules();
    let mut edges = BTreeMap::<&Vec<String>, BTreeSet<&Vec<String>>>::new();
    for (file, module) in &modules {
        let targets = module.uses.iter().filter_map(|path| defining_file(&modules, path, 0));
        // A `mod.rs` exports the files of its folder.
        let is_import = |target: &&Vec<String>| target[0] == file[0] && !target.starts_with(file);
        edges.insert(file, targets.filter(is_import).collect());
    }
    let reachable = |from| {
        let (mut known, mut open) = (BTreeSet::new(), vec![from]);
        while let Some(file) = open.pop() {
            open.extend(edges[file].iter().filter(|target| known.insert(**target)));
        }
        known
    };
    let reachable: BTreeMap<_, _> = edges.keys().map(|file| (*file, reachable(*file))).collect();
    let circles: BTreeSet<Vec<String>> = edges
        .keys()
        .map(|file| reachable[file].iter().filter(|other| reachable[**other].contains(file)))
        .map(|circle| circle.map(|file| file.join("/")).collect())
        .collect();
    let pairs = circles.iter().filter(|circle| circle.len() == 2).count();
    let larger: Vec<_> = circles.iter().filter(|circle| circle.len() > 2).collect();
    assert!(pairs > 0, "no imports were found");
    assert!(larger.is_empty(), "files that import each other in a circle: {larger:#?}");
}
