//! Redacts spans before their export.

use std::borrow::Cow;
use std::ops::Range;

use opentelemetry::trace::Status;
use opentelemetry_sdk::trace::SpanData;

use super::authors::KnownRoles;
use super::filter::Filter;
use super::keys::{Class, IdentifierKind, KnownKey, ValueSides, is_listed};
use super::permit::Permit;
use super::place::{Place, TextKind};
use super::redact_values::{owned, write_report};
use super::redactor::{Owner, Redactor};
use crate::model::name_target::name_of_attributes;
use crate::otel::KeyValue;

/// The number of attributes per span or event whose lookup result is stored.
const LOOKED_UP: usize = 16;

impl Redactor<'_> {
    /// Redacts a span and records the changes in an attribute. On a call's span, `written` is the range of attributes
    /// that the call wrote; other code set the rest directly.
    pub(crate) fn span(&mut self, span: &mut SpanData, owner: Owner, written: Range<usize>) {
        let around = self.withholds_free_text;
        let masks = self.state.masks(self.masks);
        if masks.input() != masks.output() {
            let mut kinds = span.attributes.iter();
            let sides = kinds.find_map(|KeyValue { key, value, .. }| ValueSides::by(key.as_str(), &value.as_str()));
            self.values = sides.unwrap_or(ValueSides::Own);
        }
        if owner == Owner::Other {
            self.others(&mut span.attributes, false, self.state.span_content());
        } else {
            self.of_call(&mut span.attributes, owner, written);
        }
        // A target exempted by the user exempts no other target.
        self.withholds_free_text |= around;
        let of_span = self.withholds_free_text;
        let anywhere = self.state.span_content() || self.state.event_content();
        for event in &mut span.events.events {
            let known = self.state.policy().known(&event.name);
            self.others(&mut event.attributes, known.convention, anywhere);
            let is_name = is_listed(&event.name) || event.name == "exception" || is_own_event(&event.name);
            if self.withholds_free_text && is_name {
                self.withholds_free_text = of_span;
                continue;
            }
            let place = Place::of(TextKind::Event);
            replace(&mut event.name, self.filter(self.withholds_free_text), place);
            self.withholds_free_text = of_span;
        }
        for link in &mut span.links.links {
            self.others(&mut link.attributes, false, anywhere);
            self.withholds_free_text = of_span;
        }
        self.withholds_free_text = around;
        let hidden = self.masks_name(owner);
        // The layer's policy may have permitted a name of the user's.
        let conventional = if hidden && owner == Owner::Call { conventional_name(&span.attributes) } else { None };
        match conventional {
            Some(name) => span.name = name.into(),
            None => {
                replace(&mut span.name, self.filter(hidden), Place::of(TextKind::Name));
            }
        }
        self.status(&mut span.status);
        write_report(self.take_report(), &mut span.attributes);
    }

    /// Whether the policy permits no name that a user or another crate chose. A filtered call has none.
    fn masks_name(&self, owner: Owner) -> bool {
        self.state.masks_metadata()
            && match owner {
                Owner::Filtered => false,
                Owner::Call => true,
                Owner::Other => self.masked_around,
            }
    }

    fn status(&mut self, status: &mut Status) {
        let Status::Error { description } = status else { return };
        if description.is_empty() {
            return;
        }
        match self.error_text(description) {
            Some(Cow::Borrowed(_)) => {}
            Some(Cow::Owned(clean)) => *status = Status::error(clean),
            None => *status = Status::error(""),
        }
    }

    /// Redacts attributes of any crate.
    fn others(&mut self, attributes: &mut Vec<KeyValue>, convention: bool, content: bool) {
        let policy = self.state.policy();
        let mut all = [KnownKey::NOTHING; LOOKED_UP];
        let (mut convention, mut plain, mut wordy) = (convention, false, false);
        for (at, attribute) in attributes.iter().enumerate() {
            let known = policy.known(attribute.key.as_str());
            convention |= known.convention;
            if let Some(slot) = all.get_mut(at) {
                *slot = known;
            }
            if matches!(known.class, Class::Fact(IdentifierKind::Target)) {
                let target = attribute.value.as_str();
                plain |= policy.is_plain_target(&target);
                wordy |= policy.is_content_target(&target);
            }
        }
        if plain {
            self.withholds_free_text = self.masked_around;
        }
        self.withholds_free_text |= (convention || wordy) && self.withholds_content();
        self.note_roles(attributes);
        let mut removed = Vec::new();
        for (at, KeyValue { key, value, .. }) in attributes.iter_mut().enumerate() {
            let known = all.get(at).copied().unwrap_or_else(|| policy.known(key.as_str()));
            if !self.keeps(key.as_str(), known, value, Owner::Other, content) {
                removed.push(at);
            }
        }
        remove(attributes, &removed);
    }

    fn note_roles(&mut self, attributes: &[KeyValue]) {
        self.roles = KnownRoles::default();
        if self.open.masks_model_parts() {
            for KeyValue { key, value, .. } in attributes {
                self.roles.note(key.as_str(), &value.as_str());
            }
        }
    }

    /// Redacts the attributes of a call's span. Those in `written` passed the filter before; the rest were set at the
    /// start or by other code.
    fn of_call(&mut self, attributes: &mut Vec<KeyValue>, owner: Owner, written: Range<usize>) {
        if written.is_empty() {
            return self.attributes(attributes, owner, self.state.span_content());
        }
        let content = self.state.span_content();
        let mut removed = Vec::new();
        // These were written under the same policy and masks.
        let kept = if owner == Owner::Filtered { written.clone() } else { 0..0 };
        for at in (0..kept.start).chain(kept.end..attributes.len()) {
            let is_own = written.contains(&at);
            let known = self.known(attributes[at].key.as_str());
            // Keys are unique on a span, and the value that the call wrote wins.
            let is_double = !is_own
                && matches!(known.class, Class::Content(_, Some(_)))
                && attributes[written.clone()].iter().any(|own| own.key == attributes[at].key);
            let owner = if is_own { owner } else { Owner::Other };
            let KeyValue { key, value, .. } = &mut attributes[at];
            if is_double || !self.keeps(key.as_str(), known, value, owner, content) {
                removed.push(at);
            }
        }
        remove(attributes, &removed);
    }

    /// The redacted text of an error, if it may be recorded.
    fn error_text<'t>(&mut self, text: &'t str) -> Option<Cow<'t, str>> {
        match self.state.error_text(self.masks) {
            Permit::Open(_) => Some(self.open.clean(text, Place::of(TextKind::Error))),
            _ => {
                self.report.dropped("error");
                None
            }
        }
    }
}

/// The name that the conventions give a call's span with these attributes.
fn conventional_name(attributes: &[KeyValue]) -> Option<String> {
    name_of_attributes(|key| {
        let known = attributes.iter().find(|attribute| attribute.key.as_str() == key);
        known.map(|attribute| attribute.value.as_str())
    })
}

/// Whether llm-trace records events with this name.
fn is_own_event(name: &str) -> bool {
    matches!(name, "llm_trace.attempt" | "gen_ai.client.inference.operation.details" | "gen_ai.evaluation.result")
}

/// Removes the attributes at these positions, which are in order.
fn remove(attributes: &mut Vec<KeyValue>, removed: &[usize]) {
    if !removed.is_empty() {
        let mut at = 0..;
        attributes.retain(|_| at.next().is_some_and(|at| removed.binary_search(&at).is_err()));
    }
}

fn replace(text: &mut Cow<'static, str>, filter: &mut Filter, place: Place<'_>) {
    if let Cow::Owned(clean) = owned(filter.clean(text, place), text) {
        *text = Cow::Owned(clean);
    }
}
