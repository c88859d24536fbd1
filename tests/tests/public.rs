//! What the front page, the manifest and the pages say of each other.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use llm_trace::client::{CallBody, CallLayer, CallMiddleware, CallService, Endpoints};
use llm_trace::export::{
    ConfigError, ConsoleProcessor, Destination, ExportProcessor, InitError, Parts, StampProcessor, StatsHandle,
    Telemetry,
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
    let front = ["README.md", "CONTRIBUTING.md", "ARCHITECTURE.md", "SECURITY.md"].map(|name| root().join(name));
    for page in pages.iter().chain(&front) {
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

fn may_cross_threads<T: Send + Sync + 'static>() {}

macro_rules! may_cross_threads {
    ($($type:ty),* $(,)?) => {$(may_cross_threads::<$type>();)*};
}

#[test]
fn what_is_kept_and_handed_around_may_cross_threads() {
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
        StampProcessor<Spans>,
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
fn a_call_made_of_a_future_does_not_borrow_what_it_was_told() {
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
