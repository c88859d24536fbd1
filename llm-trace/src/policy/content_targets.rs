//! Crates whose own log lines and spans hold whole requests and answers as free text.

use std::borrow::Cow;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};

use tracing::field::{Field, Visit};
use tracing::{Event, Metadata};

/// Read in their sources. Whole requests or answers: `rig`, `swiftide_integrations` and the AWS SDK's runtime at
/// `TRACE`, `llm` by the crate `log` at `TRACE`, the agents, nodes and queries of `swiftide` at `DEBUG` and in spans.
/// What was not expected: `async_openai`, `genai`, `rmcp`. The bytes of a connection where that is asked for: `reqwest`,
/// `isahc`, `tungstenite`. `hyper`, `h2` and `ureq` write sizes only, `ollama_rs` prints past every subscriber.
///
/// `llm` is a likely name for a user's own crate, so that its modules are named here.
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

/// The target of everything that comes from the crate `log`; the true one is a field.
pub(crate) const LOG: &str = "log";

/// Whether any such crate has been heard of: nothing is looked up before.
static ANY: AtomicBool = AtomicBool::new(false);

/// Looks at a callsite once.
pub(crate) fn on_callsite(metadata: &Metadata<'_>) {
    if metadata.target() == LOG || is_known(metadata.target()) {
        expect();
    }
}

/// From now on targets are looked at.
pub(super) fn expect() {
    ANY.store(true, Ordering::Relaxed);
}

pub(crate) fn any() -> bool {
    ANY.load(Ordering::Relaxed)
}

/// Whether the table has this target, or a module around it.
pub(super) fn is_known(target: &str) -> bool {
    MODULES.iter().any(|module| is_below(target, module))
}

/// Whether `target` is this module or one below it.
pub(super) fn is_below(target: &str, module: &str) -> bool {
    target.strip_prefix(module).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// Who wrote an event, also where it came by the crate `log`.
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
