//! Redacts the values of attributes.

use std::borrow::Cow;

use super::authors;
use super::budget::floor;
use super::content_shape::ContentShape;
use super::filter::{Filter, REDACTED};
use super::keys::{Class, IdentifierKind, KnownKey};
use super::masks::Masks;
use super::permit::PolicyState;
use super::place::{Place, TextKind};
use super::redactor::{OF_TRACE, Owner, Redactor, Verdict};
use super::report::Report;
use super::rewrite;
use crate::otel::{Array, KeyValue, StringValue, Value};

/// Prefix of messages in the JSON of the conventions.
const MESSAGES: &str = r#"[{"role":"#;

/// Redacts attributes of a call on events and metrics, which no span processor sees.
pub(crate) fn redact_attributes(
    attributes: &mut Vec<KeyValue>,
    state: &PolicyState,
    masks: Masks,
    content: bool,
) -> Report {
    let mut treatment = Redactor::new(state, Some(masks));
    treatment.attributes(attributes, Owner::Call, content);
    treatment.take_report()
}

/// Redacts attributes that the user adds to a call: any key may hold content, and a text under the key of a fact need not
/// be an identifier.
pub(crate) fn redact_user_attributes(
    attributes: &mut Vec<KeyValue>,
    state: &PolicyState,
    masks: Masks,
    content: bool,
) -> Report {
    if attributes.is_empty() {
        return Report::default();
    }
    let mut report = redact_attributes(attributes, state, masks, content);
    let mut filter = state.metadata_filter(true);
    for KeyValue { key, value, .. } in attributes {
        if let Class::Fact(wording) = state.policy().known(key.as_str()).class
            && !fits(value, wording)
        {
            texts(value, &mut filter, Place::of(TextKind::Metadata));
        }
    }
    report.absorb(filter.into_report());
    report
}

/// Adds a report to the counts on the span.
pub(crate) fn write_report(mut report: Report, attributes: &mut Vec<KeyValue>) {
    if report.is_empty() {
        return;
    }
    if let Some(at) = attributes.iter().position(|known| known.key.as_str() == Report::KEY) {
        if let Value::Array(Array::String(values)) = &attributes[at].value {
            report.absorb(Report::read(values.iter().map(StringValue::as_str)));
        }
        attributes.swap_remove(at);
    }
    let values = report.values().into_iter().map(StringValue::from).collect();
    attributes.push(KeyValue::new(Report::KEY, Value::Array(Array::String(values))));
}

impl PolicyState {
    /// Cuts the texts of attributes that are not content to the limit of texts.
    pub(crate) fn cut_texts(&self, attributes: &mut [KeyValue]) {
        let limit = self.policy().budgets.text;
        let is_longer = |text: &StringValue| text.as_str().len() > limit;
        let cut = |text: &mut StringValue| {
            let end = floor(text.as_str(), limit);
            *text = text.as_str()[..end].to_owned().into();
        };
        for KeyValue { value, .. } in attributes {
            match value {
                Value::String(text) if is_longer(text) => cut(text),
                Value::Array(Array::String(texts)) => texts.iter_mut().filter(|text| is_longer(text)).for_each(cut),
                _ => {}
            }
        }
    }
}

impl Redactor<'_> {
    pub(super) fn attributes(&mut self, attributes: &mut Vec<KeyValue>, owner: Owner, content: bool) {
        attributes.retain_mut(|KeyValue { key, value, .. }| {
            let known = self.known(key.as_str());
            self.keeps(key.as_str(), known, value, owner, content)
        });
    }

    /// Redacts one value. Returns false if the attribute must be removed.
    #[inline]
    pub(super) fn keeps(&mut self, key: &str, known: KnownKey, value: &mut Value, owner: Owner, content: bool) -> bool {
        let free_text = owner == Owner::Other && self.withholds_free_text;
        // Most values are facts and numbers, which pass in any case.
        match known.class {
            Class::Fact(wording) if !free_text || (known.is_word && fits(value, wording)) => true,
            Class::Unknown
                if matches!(value, Value::Bool(_) | Value::I64(_) | Value::F64(_)) && (!free_text || known.is_word) =>
            {
                true
            }
            _ => self.keeps_text(key, known, value, owner, content),
        }
    }

    fn keeps_text(&mut self, key: &str, known: KnownKey, value: &mut Value, owner: Owner, content: bool) -> bool {
        let class = known.class;
        if owner == Owner::Other && self.withholds_free_text && !known.is_word {
            // A key, or its part below a known prefix, may be free text as well.
            self.report.dropped("key");
            return false;
        }
        if matches!(class, Class::Content(..)) && *value == Value::from(REDACTED) && key.starts_with(OF_TRACE) {
            return true;
        }
        match self.verdict(key, class, owner, content) {
            Verdict::Keep => {}
            Verdict::Remove => return false,
            Verdict::Replace => *value = REDACTED.into(),
            Verdict::Hash => {
                let hashed = self.hash(&value.as_str());
                if let Some(hashed) = hashed {
                    *value = hashed.into();
                }
            }
            Verdict::Identifiers { wording, fails } => {
                if !fits(value, wording) {
                    texts(value, fails, Place::of(TextKind::Metadata));
                }
            }
            Verdict::FilterTexts(filter, place) => {
                // A list of numbers may be an embedding, which is content.
                if matches!(value, Value::String(_) | Value::Array(_)) {
                    texts(value, filter, place);
                }
            }
            // Messages under an unknown key stay valid JSON.
            Verdict::Filter(filter, _) if !filter.masks() && value.as_str().starts_with(MESSAGES) => {
                let Some(json) = rewrite::attribute(&value.as_str(), ContentShape::Messages, filter) else {
                    return false;
                };
                *value = json.into();
            }
            Verdict::ByAuthor(filter) => {
                if matches!(value, Value::String(_) | Value::Array(_)) {
                    *value = authors::rewrite(&value.as_str(), filter).into();
                }
            }
            Verdict::Filter(filter, place) => texts(value, filter, place),
            Verdict::Rewrite(filter, shape) => {
                let Some(json) = authors::attribute(&value.as_str(), shape, filter) else { return false };
                *value = json.into();
            }
        }
        true
    }
}

/// Whether a value is a number, a flag or an identifier of this form.
fn fits(value: &Value, wording: IdentifierKind) -> bool {
    match value {
        Value::String(text) => wording.fits(text.as_str()),
        Value::Array(Array::String(all)) => wording.fits_all(all.iter().map(|text| Some(text.as_str()))),
        _ => true,
    }
}

/// Filters each text of a value. Numbers become texts if texts are masked.
fn texts(value: &mut Value, filter: &mut Filter, place: Place<'_>) {
    match value {
        Value::Array(Array::String(all)) => {
            for text in all {
                if let Cow::Owned(clean) = owned(filter.clean(text.as_str(), place), text.as_str()) {
                    *text = clean.into();
                }
            }
        }
        Value::String(text) => {
            if let Cow::Owned(clean) = owned(filter.clean(text.as_str(), place), text.as_str()) {
                *text = clean.into();
            }
        }
        other if filter.masks() => {
            let clean = filter.clean(&other.as_str(), place).into_owned();
            *other = clean.into();
        }
        _ => {}
    }
}

/// Returns an owned text unless it is unchanged, because a replacement may be borrowed too.
pub(super) fn owned<'t>(clean: Cow<'t, str>, text: &str) -> Cow<'t, str> {
    match clean {
        Cow::Borrowed(same) if std::ptr::eq(same, text) => clean,
        clean => Cow::Owned(clean.into_owned()),
    }
}
