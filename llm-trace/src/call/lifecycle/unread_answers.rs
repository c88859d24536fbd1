//! Functions whose responses are not read. Each is reported once and listed by `check()`.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::active_call::ActiveCall;
use crate::diag;

/// Maximum number of functions that are kept.
const MAX_REPORTS: usize = 64;

/// The report of each function, by the location of its macro.
static REPORTS: Mutex<BTreeMap<(&str, u32), String>> = Mutex::new(BTreeMap::new());

/// The feature that is missing to read responses of this type, if it is the response of an HTTP client.
pub(super) fn missing_feature(type_name: &str) -> Option<&'static str> {
    let type_name = type_name.trim_start_matches('&');
    let is_of_reqwest = type_name.starts_with("reqwest::") && type_name.ends_with("::Response");
    if is_of_reqwest && cfg!(not(any(feature = "reqwest-0-12", feature = "reqwest-0-13"))) {
        return Some("`reqwest-0-13` or `reqwest-0-12`");
    }
    (type_name.starts_with("http::response::Response<") && cfg!(not(feature = "http"))).then_some("`http`")
}

fn reports() -> MutexGuard<'static, BTreeMap<(&'static str, u32), String>> {
    REPORTS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The reports of all functions whose responses were not read.
pub(crate) fn all() -> Vec<String> {
    reports().values().cloned().collect()
}

impl ActiveCall {
    /// Warns about a function that returned before its response was seen.
    pub(crate) fn warn_unseen(&self) {
        self.report_unread(true, |function| {
            format!(
                "{function} returned and nothing of the answer was seen, so that its call is unobserved: wrap the stream \
                 with `LlmCall::current().stream(..)`, return `impl Stream` or a boxed stream, or keep \
                 `LlmCall::current()` and give it each piece with `chunk`"
            )
        });
    }

    /// Warns about a function that returned the response of a client for which a feature is missing.
    pub(crate) fn warn_unread_client(&self, type_name: &str, feature: &str) {
        self.report_unread(true, |function| {
            format!(
                "{function} returned `{}`, of which nothing is read, not even its status, so that its call is unobserved: \
                 enable the feature {feature} of llm-trace",
                diag::outside(type_name.trim_start_matches('&'))
            )
        });
    }

    /// Reports a function that returned a value of this type, from which nothing is read.
    pub(crate) fn report_unread_type(&self, type_name: &str) {
        self.report_unread(false, |function| {
            format!(
                "{function} returned `{}`, of which nothing is read: its span has no facts of the answer; choose the \
                 provider's answer with `response = |value| &value.body`, or record it inside the function with \
                 `LlmCall::current().response(&body)`, `.chunk(&event)` or `.usage(..)`",
                diag::outside(type_name.trim_start_matches('&'))
            )
        });
    }

    fn report_unread(&self, is_warning: bool, message: impl FnOnce(&str) -> String) {
        let Some(metadata) = self.span().metadata() else { return };
        let (file, line) = (metadata.file().unwrap_or_default(), metadata.line().unwrap_or_default());
        let message = {
            let mut reports = reports();
            if reports.len() >= MAX_REPORTS || reports.contains_key(&(file, line)) {
                return;
            }
            let module = metadata.module_path().unwrap_or_default();
            let function = format!("the function `{}` marked #[llm_call] in {module}, {file}:{line},", metadata.name());
            reports.entry((file, line)).or_insert(message(&function)).clone()
        };
        if is_warning || diag::is_debugging() {
            diag::warn(&message);
        }
    }
}
