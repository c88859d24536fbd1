//! Redacts a log record by a policy.

use opentelemetry::logs::{AnyValue, LogRecord as _};
use opentelemetry::{Key, StringValue};
use opentelemetry_sdk::logs::SdkLogRecord;

use super::redact_log_processor::blank_record;
use crate::guard::otel::shrink::{is_content, length_limits};
use crate::policy::keys::{Class, IdentifierKind, KnownKey};
use crate::policy::redactor::{MESSAGE, Owner, Redactor, Verdict};
use crate::policy::{Filter, Place, REDACTED, Report, TextKind, authors};
use crate::sink::otel::events::{json, to_json};

/// Maximum depth of nested values. Deeper values are replaced as a whole.
const DEPTH: usize = 64;

/// The attribute with the name of an event in older versions of OpenTelemetry.
const EVENT_NAME: &str = "event.name";

/// Copies `from` into the empty record `to`; `keep` decides each attribute. If free text is `withheld`, the record's own
/// texts must be identifiers.
pub(crate) fn copy(
    from: &SdkLogRecord,
    mut to: SdkLogRecord,
    withheld: bool,
    mut keep: impl FnMut(&Key, &AnyValue) -> Option<AnyValue>,
) -> SdkLogRecord {
    let fits = |text: &str| !withheld || IdentifierKind::Word.fits(text);
    if let Some(name) = from.event_name().filter(|name| fits(name)) {
        to.set_event_name(name);
    }
    if let Some(target) = from.target().filter(|target| fits(target)) {
        to.set_target(target.clone());
    }
    if let Some(time) = from.timestamp() {
        to.set_timestamp(time);
    }
    if let Some(time) = from.observed_timestamp() {
        to.set_observed_timestamp(time);
    }
    if let Some(text) = from.severity_text().filter(|text| fits(text)) {
        to.set_severity_text(text);
    }
    if let Some(number) = from.severity_number() {
        to.set_severity_number(number);
    }
    if let Some(span) = from.trace_context() {
        to.set_trace_context(span.trace_id, span.span_id, span.trace_flags);
    }
    for (key, value) in from.attributes_iter() {
        if let Some(value) = keep(key, value) {
            to.add_attribute(key.clone(), value);
        }
    }
    to
}

/// A copy without a body and without the attributes that hold content. Returns `None` if it has
/// neither.
pub(crate) fn without_content(from: &SdkLogRecord) -> Option<SdkLogRecord> {
    let mut report = Report::default();
    let mut dropped = u64::from(from.body().is_some());
    let mut to = copy(from, blank_record(), false, |key, value| {
        if key.as_str() == Report::KEY {
            report.absorb(read(value));
            return None;
        }
        let content = is_content(key.as_str());
        dropped += u64::from(content);
        (!content).then(|| value.clone())
    });
    if dropped == 0 {
        return None;
    }
    report.cut("content", dropped);
    to.add_attribute(Report::KEY, report.values().into_iter().collect::<AnyValue>());
    Some(to)
}

/// Cuts content and long texts to about this many bytes, and reports it on the record.
pub(crate) fn shrink(record: &SdkLogRecord, bytes: usize) -> SdkLogRecord {
    Redactor::new(&length_limits(bytes), None).record(record, blank_record(), Owner::Call, true)
}

impl Redactor<'_> {
    /// Redacts `from` into `to` and adds the report of the changes.
    pub(crate) fn record(mut self, from: &SdkLogRecord, to: SdkLogRecord, owner: Owner, content: bool) -> SdkLogRecord {
        let event = self.event_of(from);
        if owner == Owner::Other {
            let convention = event.convention
                || from.attributes_iter().any(|(key, value)| {
                    self.known(key.as_str()).convention || self.has_convention(key.as_str(), value, 0)
                })
                || from.body().is_some_and(|body| self.has_convention(MESSAGE, body, 0));
            self = self.for_model_call(convention);
        }
        let withheld = owner == Owner::Other && self.withholds_free_text();
        let body = from.body().and_then(|body| {
            // Earlier conventions had content in the body of named events.
            let class = match event.class {
                Class::Content(side, _) => Class::Content(side, None),
                _ => Class::Unknown,
            };
            self.any(MESSAGE, class, body.clone(), (owner, content), 0)
        });
        let mut before = Report::default();
        let mut to = copy(from, to, withheld, |key, value| {
            if key.as_str() == Report::KEY {
                before = read(value);
                return None;
            }
            let class = self.known(key.as_str()).class;
            // A key, or its part below a known prefix, may be free text as well.
            if withheld && !IdentifierKind::Word.fits(key.as_str()) {
                return None;
            }
            self.any(key.as_str(), class, value.clone(), (owner, content), 0)
        });
        if let Some(body) = body {
            to.set_body(body);
        }
        if owner == Owner::Other {
            self.clean_names(&mut to);
        }
        let mut report = self.take_report();
        report.absorb(before);
        if !report.is_empty() {
            to.add_attribute(Report::KEY, report.values().into_iter().collect::<AnyValue>());
        }
        to
    }

    /// The classification of the record's event, by its name or, in older versions, by the attribute with its name.
    fn event_of(&self, record: &SdkLogRecord) -> KnownKey {
        let by_name = record.event_name().map_or(KnownKey::NOTHING, |name| self.known(name));
        if by_name.convention {
            return by_name;
        }
        let mut names = record.attributes_iter().filter_map(|(key, value)| match value {
            AnyValue::String(name) if key.as_str() == EVENT_NAME => Some(self.known(name.as_str())),
            _ => None,
        });
        names.find(|known| known.convention).unwrap_or(by_name)
    }

    /// Whether only model calls have a key in this value, at any depth that is redacted by keys.
    fn has_convention(&self, key: &str, value: &AnyValue, depth: usize) -> bool {
        match value {
            _ if depth == DEPTH => false,
            AnyValue::Map(map) => map.iter().any(|(name, value)| {
                self.known(name.as_str()).convention
                    || self.known(&format!("{key}.{name}")).convention
                    || self.has_convention(name.as_str(), value, depth + 1)
            }),
            AnyValue::ListAny(list) => list.iter().any(|value| self.has_convention(key, value, depth + 1)),
            _ => false,
        }
    }

    /// Scrubs the record's own names. A static text cannot be rewritten, so it is replaced as a whole.
    fn clean_names(&mut self, record: &mut SdkLogRecord) {
        if record.event_name().is_some_and(|name| self.clean_name(name) != name) {
            record.set_event_name(REDACTED);
        }
        if record.severity_text().is_some_and(|text| self.clean_name(text) != text) {
            record.set_severity_text(REDACTED);
        }
        if let Some(target) = record.target().map(ToString::to_string) {
            let clean = self.clean_name(&target);
            if clean != target {
                record.set_target(clean.into_owned());
            }
        }
    }

    /// Redacts a value under this key. Returns `None` if it must be removed.
    fn any(
        &mut self,
        key: &str,
        class: Class,
        value: AnyValue,
        whose: (Owner, bool),
        depth: usize,
    ) -> Option<AnyValue> {
        let (owner, content) = whose;
        // If free text is allowed, nested values are redacted by their own keys.
        let is_nested = matches!(value, AnyValue::Map(_) | AnyValue::ListAny(_));
        if is_nested && class == Class::Unknown && !self.withholds_whole(owner) {
            return Some(self.nested(key, value, whose, depth));
        }
        Some(match self.verdict(key, class, owner, content) {
            Verdict::Keep => value,
            Verdict::Remove => return None,
            Verdict::Replace => text(REDACTED),
            Verdict::Hash => match self.hash(&written(&value)) {
                Some(hashed) => text(&hashed),
                None => value,
            },
            Verdict::FilterTexts(..)
                if matches!(value, AnyValue::Int(_) | AnyValue::Double(_) | AnyValue::Boolean(_)) =>
            {
                value
            }
            Verdict::Identifiers { wording, fails } => match &value {
                AnyValue::Int(_) | AnyValue::Double(_) | AnyValue::Boolean(_) => value,
                AnyValue::String(text) if wording.fits(text.as_str()) => value,
                AnyValue::ListAny(list)
                    if wording.fits_all(list.iter().map(|item| match item {
                        AnyValue::String(text) => Some(text.as_str()),
                        _ => None,
                    })) =>
                {
                    value
                }
                other => text(&fails.clean(&written(other), Place::of(TextKind::Metadata))),
            },
            Verdict::FilterTexts(filter, place) | Verdict::Filter(filter, place) if filter.masks() => {
                text(&filter.clean(&written(&value), place))
            }
            Verdict::FilterTexts(filter, place) | Verdict::Filter(filter, place) => texts(value, filter, place, 0),
            Verdict::ByAuthor(filter) => match value {
                AnyValue::String(json) => text(&authors::rewrite(json.as_str(), filter)),
                AnyValue::Map(_) | AnyValue::ListAny(_) | AnyValue::Bytes(_) => {
                    let clean = authors::rewrite(&written(&value), filter);
                    json(&clean).unwrap_or_else(|| text(&clean))
                }
                number => number,
            },
            Verdict::Rewrite(filter, shape) => match value {
                AnyValue::String(json) => text(&authors::attribute(json.as_str(), shape, filter)?),
                value => json(&authors::attribute(&written(&value), shape, filter)?)?,
            },
        })
    }
    /// Redacts the values in a map or a list of unknown meaning.
    fn nested(&mut self, key: &str, value: AnyValue, whose: (Owner, bool), depth: usize) -> AnyValue {
        match value {
            AnyValue::Map(_) | AnyValue::ListAny(_) if depth == DEPTH => text(REDACTED),
            AnyValue::Map(map) => {
                let withheld = self.withholds_text_of(whose.0);
                let map = map.into_iter().filter_map(|(name, value)| {
                    if withheld && !IdentifierKind::Word.fits(name.as_str()) {
                        return None;
                    }
                    let class = match self.known(&format!("{key}.{name}")).class {
                        Class::Unknown => self.known(name.as_str()).class,
                        known => known,
                    };
                    let value = self.any(name.as_str(), class, value, whose, depth + 1)?;
                    Some((name, value))
                });
                AnyValue::Map(Box::new(map.collect()))
            }
            AnyValue::ListAny(list) => {
                let list = list.into_iter().filter_map(|value| self.any(key, Class::Unknown, value, whose, depth + 1));
                AnyValue::ListAny(Box::new(list.collect()))
            }
            other => other,
        }
    }
}

/// Filters each text of a value, including the keys of maps.
fn texts(value: AnyValue, filter: &mut Filter, place: Place<'_>, depth: usize) -> AnyValue {
    match value {
        AnyValue::Map(_) | AnyValue::ListAny(_) if depth == DEPTH => text(REDACTED),
        AnyValue::String(known) => {
            AnyValue::String(StringValue::from(filter.clean(known.as_str(), place).into_owned()))
        }
        AnyValue::ListAny(list) => {
            AnyValue::ListAny(Box::new(list.into_iter().map(|value| texts(value, filter, place, depth + 1)).collect()))
        }
        AnyValue::Map(map) => {
            let map = map.into_iter().map(|(name, value)| {
                let name = Key::from(filter.clean(name.as_str(), place).into_owned());
                (name, texts(value, filter, place, depth + 1))
            });
            AnyValue::Map(Box::new(map.collect()))
        }
        AnyValue::Bytes(bytes) => {
            let known = String::from_utf8_lossy(&bytes);
            let clean = filter.clean(&known, place);
            if clean == known { AnyValue::Bytes(bytes) } else { text(&clean) }
        }
        other => other,
    }
}

/// A text itself, and any other value as JSON.
fn written(value: &AnyValue) -> String {
    match value {
        AnyValue::String(text) => text.as_str().to_owned(),
        AnyValue::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        other => to_json(other).to_string(),
    }
}

fn text(text: &str) -> AnyValue {
    AnyValue::String(text.to_owned().into())
}

/// Parses the report of changes already made to the record.
fn read(value: &AnyValue) -> Report {
    let AnyValue::ListAny(list) = value else { return Report::default() };
    Report::read(list.iter().filter_map(|value| match value {
        AnyValue::String(text) => Some(text.as_str()),
        _ => None,
    }))
}
