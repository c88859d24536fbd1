//! A log processor that redacts records before they are exported.

use std::fmt;
use std::time::Duration;

use opentelemetry::InstrumentationScope;
use opentelemetry::logs::{AnyValue, LogRecord as _, Logger as _, LoggerProvider as _, Severity};
use opentelemetry::trace::TraceId;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::logs::{LogBatch, LogExporter, LogProcessor, SdkLogRecord, SdkLogger, SdkLoggerProvider};

use super::log_record;
use crate::ambient::mask_context;
use crate::ambient::mask_context::{Filtered, SharedMasks};
use crate::guard::otel::export_recheck;
use crate::guard::otel::export_recheck::Note;
use crate::otel::current_context;
use crate::policy::redactor::{Owner, Redactor};
use crate::policy::{Masks, PolicyHandle, PolicyState, Stamp};
use crate::sink::otel;

/// Redacts every log record before the wrapped processor receives it: body, attributes and nested values, from any
/// crate.
///
/// The counterpart of [`RedactProcessor`](crate::RedactProcessor) for log records. The masks are those of the call and
/// the scopes in which the record is emitted. Other processors receive the original record.
///
/// [`init`](crate::export::init) installs it. For your own provider, wrap the exporting processor:
///
/// ```
/// use llm_trace::{Policy, RedactLogProcessor};
/// use opentelemetry_sdk::logs::{InMemoryLogExporter, SdkLoggerProvider, SimpleLogProcessor};
///
/// let exporting = SimpleLogProcessor::new(InMemoryLogExporter::default());
/// let provider = SdkLoggerProvider::builder()
///     .with_log_processor(RedactLogProcessor::new(exporting, Policy::new()))
///     .build();
/// ```
pub struct RedactLogProcessor<P> {
    inner: P,
    policy: PolicyHandle,
    blank: Blank,
    recheck: bool,
}

impl<P: fmt::Debug> fmt::Debug for RedactLogProcessor<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedactLogProcessor").field("inner", &self.inner).finish_non_exhaustive()
    }
}

impl<P> RedactLogProcessor<P> {
    /// Wraps `inner`. Pass a [`PolicyHandle`] to change the policy later.
    pub fn new(inner: P, policy: impl Into<PolicyHandle>) -> Self {
        Self { inner, policy: policy.into(), blank: Blank::default(), recheck: false }
    }

    /// Marks each record for the [`RedactLogExporter`] that follows.
    pub(crate) fn with_recheck(mut self) -> Self {
        self.recheck = true;
        self
    }
}

impl<P: LogProcessor> LogProcessor for RedactLogProcessor<P> {
    fn emit(&self, record: &mut SdkLogRecord, scope: &InstrumentationScope) {
        let around = mask_context::of_span(&current_context::current());
        let masks = around.iter().map(SharedMasks::get).reduce(Masks::union);
        let stamp = self.policy.stamp();
        let state = self.policy.state();
        let owner = if scope.name() == otel::SCOPE {
            let now = masks.map(|masks| Filtered { stamp, masks });
            let filtered = around.iter().any(|place| now.is_some() && place.own_span().filtered == now);
            if filtered { Owner::Filtered } else { Owner::Call }
        } else {
            Owner::Other
        };
        let mut treated = treat(state, masks, record, self.blank.record(), owner);
        if self.recheck {
            treated.add_attribute(export_recheck::KEY, Note::new(masks, owner, stamp).to_number());
        }
        self.inner.emit(&mut treated, scope);
    }

    fn event_enabled(&self, level: Severity, target: &str, name: Option<&str>) -> bool {
        self.inner.event_enabled(level, target, name)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.inner.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.inner.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.inner.set_resource(resource);
    }
}

fn treat(
    state: PolicyState,
    masks: Option<Masks>,
    from: &SdkLogRecord,
    to: SdkLogRecord,
    owner: Owner,
) -> SdkLogRecord {
    let trace = from.trace_context().map_or(TraceId::INVALID, |context| context.trace_id);
    let state = &state.for_trace(trace);
    let content = match owner {
        Owner::Other => state.captures(),
        Owner::Call | Owner::Filtered => state.event_content(),
    };
    let target = from.target().filter(|_| owner == Owner::Other);
    Redactor::new(state, masks).written_by(target.map(AsRef::as_ref)).record(from, to, owner, content)
}

/// A source of empty records: only a logger can create them.
struct Blank(SdkLogger);

impl Default for Blank {
    fn default() -> Self {
        Self(SdkLoggerProvider::builder().build().logger("llm-trace"))
    }
}

impl fmt::Debug for Blank {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Blank")
    }
}

impl Blank {
    fn record(&self) -> SdkLogRecord {
        self.0.create_log_record()
    }
}

/// An empty record, for code without a processor.
pub(crate) fn blank_record() -> SdkLogRecord {
    static BLANK: std::sync::OnceLock<Blank> = std::sync::OnceLock::new();
    BLANK.get_or_init(Blank::default).record()
}

/// Redacts records again if the policy changed while they were queued.
#[derive(Debug)]
pub(crate) struct RedactLogExporter<E> {
    inner: E,
    policy: PolicyHandle,
    blank: Blank,
}

impl<E> RedactLogExporter<E> {
    /// `policy` is the handle of the [`RedactLogProcessor`] before it.
    pub(crate) fn new(inner: E, policy: PolicyHandle) -> Self {
        Self { inner, policy, blank: Blank::default() }
    }

    fn again(&self, stamp: Stamp, record: &SdkLogRecord) -> SdkLogRecord {
        let mut noted = None;
        let mut clean = log_record::copy(record, self.blank.record(), false, |key, value| match value {
            AnyValue::Int(number) if key.as_str() == export_recheck::KEY => {
                noted = Some(Note::from_number(*number));
                None
            }
            value => Some(value.clone()),
        });
        if let Some(body) = record.body() {
            clean.set_body(body.clone());
        }
        match noted {
            Some(note) if !note.is_of(stamp) => {
                treat(self.policy.state(), note.masks(), &clean, self.blank.record(), note.owner())
            }
            _ => clean,
        }
    }
}

impl<E: LogExporter> LogExporter for RedactLogExporter<E> {
    async fn export(&self, batch: LogBatch<'_>) -> OTelSdkResult {
        let stamp = self.policy.stamp();
        let records: Vec<_> = batch.iter().map(|(record, scope)| (self.again(stamp, record), scope)).collect();
        let records: Vec<_> = records.iter().map(|(record, scope)| (record, *scope)).collect();
        self.inner.export(LogBatch::new(&records)).await
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.inner.shutdown_with_timeout(timeout)
    }

    fn event_enabled(&self, level: Severity, target: &str, name: Option<&str>) -> bool {
        self.inner.event_enabled(level, target, name)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.inner.set_resource(resource);
    }
}
