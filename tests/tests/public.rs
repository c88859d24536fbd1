//! README.md, the manifest and the docs pages agree with each other.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use llm_trace::client::{CallBody, CallLayer, CallMiddleware, CallService, Endpoints};
use llm_trace::export::{
    ConfigError, ConsoleProcessor, Destination, ExportProcessor, InitError, InstrumentationScopeProcessor, Parts,
    StatsHandle, Telemetry,
};
use llm_trace::testing::{Captured, CapturedSpan};
use llm_trace::{
    AttributeValue, CallRef, Caller, Check, Evaluation, LlmCall, LlmLayer, Masks, NarrowProcessor, NormalizeProcessor,
    OpenCalls, Operation, Policy, PolicyError, PolicyHandle, PriceTable, PricesError, Propagation, Provider,
    RedactLayer, RedactLogProcessor, RedactProcessor, Scope, Scoped, ScrubRules, Traced, TracedBody, Usage,
};
use opentelemetry_sdk::logs::{InMemoryLogExporter, SimpleLogProcessor};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SimpleSpanProcessor};
use tracing_subscriber::{Registry, fmt::Layer};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The words in backquotes in the first cells of table rows.
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

    for row in section.lines().filter_map(|line| line.trim_start_matches("//!").trim().strip_prefix("| `")) {
        let cells: Vec<&str> = row.trim_end_matches(" |").split(" | ").collect();
        let words = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
        let parts = words(&format!("`{}", cells[0])).into_iter().filter_map(|name| manifest["features"].get(name));
        let parts: Vec<&str> =
            parts.flat_map(|list| list.as_array().expect("a list")).filter_map(|p| p.as_str()).collect();
        for added in words(cells[2]).iter().filter(|added| *added != "rustls") {
            assert!(parts.contains(&format!("dep:{added}").as_str()), "{added} is in no feature of {}", cells[0]);
        }
    }

    let on_demand = section.find("| optional |").expect("two tables");
    let by_default = manifest["features"]["default"].as_array().expect("a list");
    let by_default: BTreeSet<String> = by_default.iter().filter_map(|name| Some(name.as_str()?.to_owned())).collect();
    assert_eq!(first_cells(&section[..on_demand]), by_default);
}

/// The pages of the documentation, by their path from the root.
fn pages() -> Vec<PathBuf> {
    let pages = fs::read_dir(root().join("docs")).expect("docs").map(|file| file.expect("a file").path());
    let mut pages: Vec<PathBuf> = pages.filter(|path| path.extension().is_some_and(|kind| kind == "md")).collect();
    pages.push(root().join("docs/semconv/README.md"));
    pages.sort();
    pages
}

/// The anchors that GitHub and mdBook give to the headings of a page.
fn anchors(page: &Path) -> BTreeSet<String> {
    let text = fs::read_to_string(page).expect("a page");
    let mut in_code = false;
    let headings = text.lines().filter(|line| {
        in_code ^= line.trim_start().starts_with("```");
        !in_code && line.starts_with('#')
    });
    let anchor = |heading: &str| {
        let words = heading.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
        words.chars().filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_')).collect()
    };
    headings.map(anchor).collect()
}

#[test]
fn the_index_and_the_book_have_every_page() {
    let (index, summary) = (read("docs/README.md"), read("docs/SUMMARY.md"));
    for page in pages() {
        let name = page.strip_prefix(root().join("docs")).expect("below docs").to_string_lossy().into_owned();
        assert!(
            ["README.md", "SUMMARY.md"].contains(&&*name) || index.contains(&*name),
            "docs/README.md does not name {name}"
        );
        assert!(
            name == "SUMMARY.md" || summary.contains(&format!("]({name})")),
            "docs/SUMMARY.md does not name {name}"
        );
    }
}

#[test]
fn links_lead_somewhere_and_not_out_of_the_book() {
    let repository = "https://github.com/llm-trace/llm-trace/blob/main/";
    let front = ["README.md", "CONTRIBUTING.md", "ARCHITECTURE.md", "SECURITY.md", "CHANGELOG.md"];
    for page in pages().into_iter().chain(front.map(|name| root().join(name))) {
        let text = fs::read_to_string(&page).expect("a page");
        let page_name = page.display();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = match file.strip_prefix(repository) {
                Some(file) => root().join(file),
                None if link.contains("://") || link.contains(' ') => continue,
                None if file.is_empty() => page.clone(),
                None => page.parent().expect("a folder").join(file),
            };
            assert!(target.exists(), "{page_name}: {link} leads nowhere");
            assert!(anchor.is_empty() || anchors(&target).contains(anchor), "{page_name}: {link} names no heading");
            let (book, target) = (root().join("docs"), target.canonicalize().expect("it exists"));
            assert!(
                !page.starts_with(&book)
                    || link.contains("://")
                    || target.starts_with(book.canonicalize().expect("docs")),
                "{page_name}: {link} leads out of the book: use its address in the repository"
            );
        }
    }
}

/// The tests that a page names: `[file: test, test; file: test]`, or the name alone for the file of the page.
fn named_tests<'p>(page: &'p str, default: &'p str) -> Vec<(&'p str, &'p str)> {
    let mut found = Vec::new();
    let brackets = page.split("`[").skip(1).filter_map(|rest| rest.split("]`").next());
    for names in brackets.filter(|names| names.starts_with(|c: char| c.is_ascii_lowercase())) {
        for group in names.split(';').map(str::trim) {
            let (file, names) = group.split_once(':').unwrap_or((default, group));
            found.extend(names.split(',').map(|name| (file.trim(), name.trim())));
        }
    }
    found
}

#[test]
fn tests_that_a_page_names_exist() {
    for (page, default, at_least) in
        [("what-leaves-your-process", "", 50), ("data-at-rest", "files/main", 8), ("traps", "traps", 20)]
    {
        let text = read(&format!("docs/{page}.md"));
        let named = named_tests(&text, default);
        assert!(named.len() >= at_least, "{page}: {}", named.len());
        for (file, test) in named {
            let path = if file.ends_with(".rs") { file.to_owned() } else { format!("tests/tests/{file}.rs") };
            assert!(root().join(&path).exists(), "{page}: {path} is not there, which should have {test}");
            assert!(read(&path).contains(&format!("fn {test}(")), "{page}: {path} has no {test}");
        }
    }
}

fn may_cross_threads<T: Send + Sync + 'static>() {}

macro_rules! may_cross_threads {
    ($($type:ty),* $(,)?) => {$(may_cross_threads::<$type>();)*};
}

#[test]
fn public_types_are_send_and_sync() {
    type Spans = SimpleSpanProcessor<InMemorySpanExporter>;
    may_cross_threads!(
        LlmCall,
        CallRef,
        Evaluation,
        OpenCalls,
        Operation,
        Provider,
        AttributeValue,
        Usage,
        Masks,
        Check,
        Policy,
        PolicyHandle,
        PolicyError,
        ScrubRules,
        PriceTable,
        PricesError,
        LlmLayer<Registry>,
        RedactLayer<Layer<Registry>>,
        RedactProcessor<Spans>,
        NormalizeProcessor<Spans>,
        NarrowProcessor<Spans>,
        InstrumentationScopeProcessor<Spans>,
        RedactLogProcessor<SimpleLogProcessor<InMemoryLogExporter>>,
        ConsoleProcessor,
        ExportProcessor,
        Scope,
        Scoped<()>,
        Caller,
        Propagation,
        Destination,
        Parts,
        Telemetry,
        StatsHandle,
        ConfigError,
        InitError,
        Endpoints,
        CallMiddleware,
        CallLayer,
        CallService<()>,
        CallBody<String>,
        TracedBody<String>,
        Traced<futures_util::stream::Empty<String>>,
        llm_trace::aws::CallInterceptor,
        Captured,
        CapturedSpan,
    );
}

#[test]
fn a_call_of_a_future_does_not_borrow_its_arguments() {
    fn spawn<F: Future<Output: Send> + Send + 'static>(future: F) -> F {
        future
    }
    let (plain, fallible) = {
        let body = serde_json::json!({"model": "m"});
        let call = || LlmCall::builder(Operation::Chat).request(&body);
        (
            spawn(call().instrument(std::future::ready(1))),
            spawn(call().try_instrument(std::future::ready(Err::<(), _>(std::fmt::Error)))),
        )
    };
    let (one, error) = futures_util::FutureExt::now_or_never(async { (plain.await, fallible.await) }).expect("ready");
    assert_eq!((one, error), (1, Err(std::fmt::Error)));
}
