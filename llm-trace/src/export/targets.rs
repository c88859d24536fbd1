//! The destinations of each signal, as text.

/// The destinations of each signal as text; metrics and log records only if they are exported.
#[derive(Clone, Debug)]
pub(crate) struct Targets {
    pub(crate) spans: String,
    pub(crate) metrics: Option<String>,
    pub(crate) log_records: Option<String>,
}
