//! The pages of `docs/semconv`, generated from the library's tables.

mod examples;

use std::fmt::Write as _;
use std::path::PathBuf;

use llm_trace::Profile;
use llm_trace::internal::tables::{Attribute, MetricRow, attributes, metrics};

pub use examples::example;

/// The folder of the pages.
pub fn dir() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/semconv")
}

/// The pages: each file's name below [`dir`], and its text.
pub fn pages() -> [(&'static str, String); 5] {
    [
        ("README.md", page()),
        ("registry/manifest.yaml", manifest()),
        ("registry/imports.yaml", IMPORTS.to_owned()),
        ("registry/attributes.yaml", attribute_registry()),
        ("registry/metrics.yaml", metric_registry()),
    ]
}

/// The first cell of a row: the name, with the profile where it is not the same in both.
fn name_cell(core: Option<&str>, latest: Option<&str>) -> String {
    match (core, latest) {
        (Some(core), Some(latest)) if core == latest => format!("`{core}`"),
        (Some(core), Some(latest)) => format!("`{core}`<br>latest: `{latest}`"),
        (Some(core), None) => format!("core: `{core}`"),
        (None, Some(latest)) => format!("latest: `{latest}`"),
        (None, None) => String::new(),
    }
}

/// The page for human readers.
fn page() -> String {
    let mut out = String::from(
        "# Attributes and metrics\n\n\
         Made from the library's tables by `cargo run -p llm-trace-tests --bin registry`; a test fails when this page is \
         not up to date.\n\n\
         A name without a profile is the same in both: `core`, the default, and `latest`. *Text* is the kind of text a \
         value is: an `identifier` is checked where it enters (bounded, no control characters), an `identity` is one \
         that a policy can hash, `free` is the user's own. *Label* marks the attributes that `with_metric_attributes` \
         accepts.\n\n\
         `registry/` holds our own attributes and metrics as a registry for [Weaver](#check-with-weaver).\n\n## Facts\n\n\
         | attribute | type | example | text | label | meaning |\n|---|---|---|---|---|---|\n",
    );
    let (facts, content): (Vec<_>, Vec<_>) = attributes().into_iter().partition(|row| row.kind != "content");
    for Attribute { core, latest, value, kind, label, doc, .. } in facts {
        let value = if value[0] == value[1] { value[0].to_owned() } else { value.join(", ") };
        let label = if label { "yes" } else { "" };
        let name = name_cell(core, latest);
        let example = example(core.or(latest).unwrap_or_default());
        let example = example.as_str().map_or_else(|| example.to_string(), str::to_owned);
        let _ = writeln!(out, "| {name} | {value} | `{example}` | {kind} | {label} | {doc} |");
    }
    out.push_str("\n## Content\n\nWritten only where the policy permits it.\n\n| attribute | meaning |\n|---|---|\n");
    for Attribute { core, latest, doc, .. } in content {
        let _ = writeln!(out, "| {} | {doc} |", name_cell(core, latest));
    }
    out.push_str("\n## Metrics\n\n| metric | instrument | unit | meaning |\n|---|---|---|---|\n");
    for MetricRow { core, latest, instrument, unit, doc, .. } in metrics() {
        let _ = writeln!(out, "| {} | {instrument} | `{unit}` | {doc} |", name_cell(core, latest));
    }
    out.push_str(WEAVER);
    out
}

/// How to check telemetry with Weaver.
const WEAVER: &str = "
## Check with Weaver

`registry/` is a registry for [Weaver](https://github.com/open-telemetry/weaver). It depends on the conventions of the \
core profile and imports their names. Weaver checks it:

```sh
weaver registry check -r docs/semconv/registry
```

`live-check` listens on port 4317 for OTLP over gRPC and compares all spans, metrics and log records with the registry. \
It prints its findings as they arrive, and a summary at Ctrl-C:

```sh
weaver registry live-check -r docs/semconv/registry --inactivity-timeout 0
```

In another terminal, run a program with the feature `otlp-grpc`:

```sh
OTEL_EXPORTER=otlp_grpc OTEL_ENDPOINT=http://localhost:4317 cargo run -p quickstart --features llm-trace/otlp-grpc
```

Outside of this repository, use `-r 'https://github.com/llm-trace/llm-trace.git[docs/semconv/registry]'`. Weaver 0.25 \
reports these as violations:

- unknown attributes: those of your program, `level` and `target` of `tracing` events on a span, and a backend's own \
names, which `update_trace` and `with_compat` write;
- `gen_ai.provider.name` that is missing from `gen_ai.client.operation.duration`: tools, workflows, plans and guardrails \
have no provider.

The registry is for the core profile only.
";

/// A text as a double-quoted YAML string.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Whether the conventions of neither profile have this name.
fn is_ours(name: &str) -> bool {
    name.starts_with("llm_trace.") || name == "gen_ai.usage.cost"
}

/// Which names of the conventions the registry contains, for Weaver: all.
const IMPORTS: &str = "\
imports:
  attribute_groups: [\"registry.*\"]
  metrics: [\"*\"]
  events: [\"*\"]
  entities: [\"*\"]
";

/// The manifest, for Weaver: the registry's own version, and the conventions that the core profile follows.
fn manifest() -> String {
    let field = |name| {
        let line = include_str!("../../Cargo.toml").lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_default().trim_matches([' ', '=', '"'])
    };
    let (repository, own) = (field("repository"), field("version"));
    let conventions = Profile::Core.schema_url();
    let version = conventions.rsplit('/').next().unwrap_or_default();
    format!(
        "schema_url: {repository}/registry/{own}\n\
         description: Attributes and metrics of llm-trace that the semantic conventions have no name for.\n\
         stability: development\n\
         dependencies:\n  - schema_url: {conventions}\n    \
         registry_path: https://github.com/open-telemetry/semantic-conventions.git@v{version}[model]\n"
    )
}

/// The attributes of llm-trace, for Weaver.
fn attribute_registry() -> String {
    let mut out = String::from(
        "groups:\n  - id: registry.llm_trace\n    type: attribute_group\n    display_name: llm-trace attributes\n    \
         brief: \"Attributes of llm-trace that the semantic conventions have no name for.\"\n    attributes:\n",
    );
    for Attribute { core, latest, value, kind, doc, .. } in attributes() {
        let mut names: Vec<&str> = core.into_iter().chain(latest).filter(|name| is_ours(name)).collect();
        names.dedup();
        for name in names {
            let (id, value) = match (name.strip_suffix(".<key>"), value[0]) {
                (Some(prefix), value) => (prefix, format!("template[{value}]")),
                // Structured values are JSON text on spans.
                (None, "any") => (name, "string".to_owned()),
                (None, value) => (name, value.to_owned()),
            };
            let _ = writeln!(out, "      - id: {id}\n        type: {value}\n        stability: development");
            let _ = writeln!(out, "        brief: {}", quoted(doc));
            if kind == "content" {
                out.push_str("        note: \"Content: written only where the policy permits it.\"\n");
            }
            let example = example(core.or(latest).unwrap_or_default());
            if !example.is_null() && value != "boolean" {
                let _ = writeln!(out, "        examples: [{example}]");
            }
        }
    }
    out
}

/// The metrics of llm-trace, for Weaver.
fn metric_registry() -> String {
    let mut out = String::from("groups:\n");
    for MetricRow { core, instrument, unit, doc, .. } in metrics() {
        let Some(name) = core.filter(|name| is_ours(name)) else { continue };
        let _ = writeln!(out, "  - id: metric.{name}\n    type: metric\n    metric_name: {name}");
        let _ = writeln!(out, "    stability: development\n    brief: {}", quoted(doc));
        let _ = writeln!(out, "    instrument: {instrument}\n    unit: {}", quoted(unit));
    }
    out
}
