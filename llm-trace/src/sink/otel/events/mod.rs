//! Events: log records with an event name, linked to the call's span.

mod structured;

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use opentelemetry::logs::{AnyValue, LogRecord, Logger, LoggerProvider, Severity};
use opentelemetry::trace::SpanContext;
use opentelemetry::{Array, Key, KeyValue, StringValue, Value};

use crate::policy::{Report, redact_attributes, write_report};
use crate::semconv::{ContentField, Fact, Profile, event};
use crate::sink::ended_call::{EndedCall, Sink};
use crate::sink::otel::scope;

pub(crate) use structured::json;
pub(crate) use structured::to_json;
use structured::value;

/// The attributes of an event.
pub(crate) type Fields = Vec<(Key, AnyValue)>;

/// The loggers of a layer's events. There are none by default.
#[derive(Clone, Default)]
pub(crate) struct Events {
    /// One logger per profile.
    loggers: Option<Arc<[Box<dyn Emit>; 2]>>,
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events").field("wanted", &self.wanted()).finish()
    }
}

/// A logger of any type.
trait Emit: Send + Sync {
    fn wants(&self, name: &'static str, severity: Severity) -> bool;
    fn emit(&self, event: Event<'_>);
}

/// One event.
struct Event<'a> {
    name: &'static str,
    severity: Option<Severity>,
    time: SystemTime,
    /// The span of the event; without one, the active span.
    span: Option<&'a SpanContext>,
    fields: Fields,
}

impl<L> Emit for L
where
    L: Logger + Send + Sync,
{
    fn wants(&self, name: &'static str, severity: Severity) -> bool {
        self.event_enabled(severity, TARGET, Some(name))
    }

    fn emit(&self, event: Event<'_>) {
        let mut record = self.create_log_record();
        record.set_event_name(event.name);
        record.set_target(TARGET);
        record.set_timestamp(event.time);
        if let Some(severity) = event.severity {
            record.set_severity_number(severity);
            record.set_severity_text(severity.name());
        }
        if let Some(span) = event.span.filter(|span| span.is_valid()) {
            record.set_trace_context(span.trace_id(), span.span_id(), Some(span.trace_flags()));
        }
        record.add_attributes(event.fields);
        Logger::emit(self, record);
    }
}

const TARGET: &str = "llm-trace";

impl Events {
    pub(crate) fn set_provider<P>(&mut self, provider: &P)
    where
        P: LoggerProvider,
        P::Logger: Send + Sync + 'static,
    {
        let logger = |profile| Box::new(provider.logger_with_scope(scope(profile))) as Box<dyn Emit>;
        self.loggers = Some(Arc::new([logger(Profile::Core), logger(Profile::Latest)]));
    }

    /// Whether a logger is set.
    pub(crate) fn wanted(&self) -> bool {
        self.loggers.is_some()
    }

    /// Emits the details of an inference.
    fn details(&self, profile: Profile, span: Option<&SpanContext>, time: SystemTime, fields: Fields) {
        // Only the latest conventions define a severity for it.
        let severity = (profile == Profile::Latest).then_some(Severity::Debug);
        self.emit(profile, Event { name: event::DETAILS, severity, time, span, fields });
    }

    /// Emits a failure.
    fn exception(&self, profile: Profile, span: Option<&SpanContext>, time: SystemTime, fields: Fields) {
        self.emit(profile, Event { name: event::EXCEPTION, severity: Some(Severity::Warn), time, span, fields });
    }

    /// Emits the result of an evaluation.
    pub(crate) fn evaluation(&self, profile: Profile, span: Option<&SpanContext>, time: SystemTime, fields: Fields) {
        self.emit(profile, Event { name: event::EVALUATION, severity: None, time, span, fields });
    }

    fn emit(&self, profile: Profile, event: Event<'_>) {
        let Some(loggers) = &self.loggers else { return };
        let logger = match profile {
            Profile::Core => &loggers[0],
            Profile::Latest => &loggers[1],
        };
        if logger.wants(event.name, event.severity.unwrap_or(Severity::Info)) {
            logger.emit(event);
        }
    }
}

impl Sink for Events {
    /// Emits the events of a call's end.
    fn write(&self, call: &mut EndedCall<'_>) {
        let call = &*call;
        let EndedCall { record, end, profile, policy, masks, .. } = call;
        let (span, time) = (call.span, end.time());
        if record.operation.is_inference() {
            let mut attributes = call.start_key_values();
            attributes.extend_from_slice(&call.attributes);
            let report = redact_attributes(&mut attributes, policy, *masks, policy.event_content());
            write_report(report, &mut attributes);
            let (list, report) = call.content.on(policy.event_content());
            self.details(*profile, span, time, details(attributes, list, report));
        }
        if let Some(error_type) = &end.error_type {
            let kind = record.error.type_name.as_deref().unwrap_or(error_type);
            self.exception(*profile, span, time, exception(kind, record.error_message(policy, *masks)));
        }
    }
}

/// The fields of an inference: the attributes of its span, its content, and the report of changes.
fn details(attributes: Vec<KeyValue>, content: &[(&'static str, String)], report: &Report) -> Fields {
    let mut all = report.clone();
    let mut fields = Fields::with_capacity(attributes.len() + content.len() + 1);
    for KeyValue { key, value: known, .. } in attributes {
        match &known {
            Value::Array(Array::String(values)) if key.as_str() == Report::KEY => {
                all.absorb(Report::read(values.iter().map(StringValue::as_str)));
            }
            _ if content.iter().any(|(ours, _)| *ours == key.as_str()) => {}
            _ => fields.push((key, value(known))),
        }
    }
    fields.extend(content.iter().filter_map(|(key, text)| Some((Key::from(*key), json(text)?))));
    if !all.is_empty() {
        fields.push((Key::from(Report::KEY), all.values().into_iter().collect()));
    }
    fields
}

/// The fields of a failure: the type of the error, and its text if permitted.
fn exception(kind: &str, message: Option<&str>) -> Fields {
    let mut fields: Fields = vec![(Key::from(Fact::ExceptionType.key()), text(kind))];
    fields.extend(message.map(|message| (Key::from(ContentField::ExceptionMessage.key()), text(message))));
    fields
}

pub(crate) fn text(text: &str) -> AnyValue {
    AnyValue::String(text.to_owned().into())
}
