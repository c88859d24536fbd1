//! Crates whose log events and spans hold whole requests and responses as free text.

use std::borrow::Cow;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};

use tracing::field::{Field, Visit};
use tracing::{Event, Metadata};

/// Taken from the crates' sources. Whole requests or responses: `rig`, `swiftide_integrations` and the AWS SDK's
/// runtime at `TRACE`, `llm` through the crate `log` at `TRACE`, the agents, nodes and queries of `swiftide` at `DEBUG`
/// and in spans; also `async_openai`, `genai` and `rmcp`. Bytes of a connection, if enabled: `reqwest`, `isahc`,
/// `tungstenite`. Not listed: `hyper`, `h2` and `ureq` log sizes only, and `ollama_rs` prints without `tracing`.
///
/// Users may have a crate named `llm`, so only its modules are listed.
const MODULES: &[&str] = &[
    "async_openai",
    "aws_smithy_runtime",
    "aws_smithy_runtime_api",
    "genai",
    "isahc",
    "llm::backends",
    "llm::providers",
    "reqwest",
    "rig",
    "rig_core",
    "rmcp",
    "swiftide_agents",
    "swiftide_indexing",
    "swiftide_integrations",
    "swiftide_query",
    "tungstenite",
];

/// The target of all events from the crate `log`; a field holds the original target.
pub(crate) const LOG: &str = "log";

/// Whether any such crate was seen. Targets are not looked up before.
static ANY: AtomicBool = AtomicBool::new(false);

/// Checks the target of a new callsite.
pub(crate) fn on_callsite(metadata: &Metadata<'_>) {
    if metadata.target() == LOG || is_known(metadata.target()) {
        expect();
    }
}

/// Enables the lookup of targets.
pub(super) fn expect() {
    ANY.store(true, Ordering::Relaxed);
}

pub(crate) fn any() -> bool {
    ANY.load(Ordering::Relaxed)
}

/// Whether the table holds this target or a parent module.
pub(super) fn is_known(target: &str) -> bool {
    MODULES.iter().any(|module| is_below(target, module))
}

/// Whether `target` is this module or one below it.
pub(crate) fn is_below(target: &str, module: &str) -> bool {
    target.strip_prefix(module).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// The target of an event; for events from the crate `log`, the original one.
pub(crate) fn target<'e>(event: &Event<'e>) -> Cow<'e, str> {
    let target = event.metadata().target();
    if target != LOG {
        return Cow::Borrowed(target);
    }
    let mut found = Target(None);
    event.record(&mut found);
    found.0.map_or(Cow::Borrowed(target), Cow::Owned)
}

struct Target(Option<String>);

impl Visit for Target {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "log.target" {
            self.0 = Some(value.to_owned());
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_is_known_with_its_modules_and_no_other() {
        for target in ["rig", "rig::completions", "reqwest::connect", "isahc::wire", "llm::backends::openai"] {
            assert!(is_known(target), "{target}");
        }
        for target in ["rigged", "app::rig", "hyper::proto::h1", "llm", "llm::routes", "swiftide"] {
            assert!(!is_known(target), "{target}");
        }
        assert!(is_below("app::llm", "app") && is_below("app", "app") && !is_below("apple", "app"));
    }
}
