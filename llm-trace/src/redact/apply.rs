//! Treating a finished span, or anything else made of attributes, by a policy.

use std::borrow::Cow;

use opentelemetry::trace::Status;
use opentelemetry::{Array, KeyValue, StringValue, Value};
use opentelemetry_sdk::trace::SpanData;

use super::filter::{Filter, REDACTED};
use super::keys::{Class, is_structure};
use super::masks::Masks;
use super::permit::{Permit, PolicyState, Side};
use super::place::{Place, TextKind};
use super::report::Report;
use super::rewrite;

/// Whose attributes they are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Owner {
    /// A call's own span, with content that this policy has filtered with these masks.
    Filtered,
    /// A call's own span.
    Call,
    /// Another crate's span, or anyone's event or link.
    Other,
}

/// The policy, as it holds in one place.
pub(super) struct Treatment<'p> {
    state: &'p PolicyState,
    masks: Masks,
    /// Below a call or a scope where anything is masked, so that free text is masked.
    closed: bool,
    open: Filter,
    masked: Filter,
    report: Report,
}

impl<'p> Treatment<'p> {
    /// `masks` are those of the calls and scopes around, if there are any.
    pub(super) fn new(state: &'p PolicyState, masks: Option<Masks>) -> Self {
        let closed = masks.is_some_and(|masks| state.masks(masks).any());
        Self {
            state,
            masks: masks.unwrap_or_default(),
            closed,
            open: Filter::open(state.policy()),
            masked: Filter::masked(state.policy()),
            report: Report::default(),
        }
    }

    /// Whether free text is masked here.
    pub(super) fn is_closed(&self) -> bool {
        self.closed
    }

    /// Treats all of a span, and says in it what was done.
    pub(super) fn span(mut self, span: &mut SpanData, owner: Owner) {
        self.attributes(&mut span.attributes, owner, self.state.span_content());
        let anywhere = self.state.span_content() || self.state.event_content();
        for event in &mut span.events.events {
            self.attributes(&mut event.attributes, Owner::Other, anywhere);
            if !is_known_event(&event.name) {
                let place = Place::of(TextKind::Event);
                replace(&mut event.name, if self.closed { &mut self.masked } else { &mut self.open }, place);
            }
        }
        for link in &mut span.links.links {
            self.attributes(&mut link.attributes, Owner::Other, anywhere);
        }
        let hidden = self.closed && self.state.policy().mask_metadata && owner == Owner::Other;
        let filter = if hidden { &mut self.masked } else { &mut self.open };
        replace(&mut span.name, filter, Place::of(TextKind::Name));
        self.status(&mut span.status, owner);
        self.tell(&mut span.attributes);
    }

    fn status(&mut self, status: &mut Status, owner: Owner) {
        let Status::Error { description } = status else { return };
        if description.is_empty() || owner == Owner::Filtered {
            return;
        }
        match self.error_text(description) {
            Some(Cow::Borrowed(_)) => {}
            Some(Cow::Owned(clean)) => *status = Status::error(clean),
            None => *status = Status::error(""),
        }
    }

    /// Adds what was done to what others have done before.
    fn tell(self, attributes: &mut Vec<KeyValue>) {
        let mut report = self.report;
        report.absorb(self.open.into_report());
        report.absorb(self.masked.into_report());
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

    fn attributes(&mut self, attributes: &mut Vec<KeyValue>, owner: Owner, content: bool) {
        attributes.retain_mut(|KeyValue { key, value, .. }| {
            let class = self.state.policy().class(key.as_str());
            self.keeps(key.as_str(), class, value, owner, content)
        });
    }

    /// Treats one value; false where there may be none.
    fn keeps(&mut self, key: &str, class: Class, value: &mut Value, owner: Owner, content: bool) -> bool {
        match class {
            Class::Fact => true,
            Class::Content(..) | Class::Error if owner == Owner::Filtered => true,
            Class::Content(side, shape) => {
                let permit = if content { self.state.side(side, self.masks) } else { Permit::Off };
                let filter = match permit {
                    Permit::Off | Permit::Drop => {
                        self.report.dropped(match side {
                            Side::Input => "input",
                            Side::Output => "output",
                        });
                        return false;
                    }
                    Permit::Masked(_) if is_structure(key) => return true,
                    Permit::Masked(_) => &mut self.masked,
                    Permit::Open(_) => &mut self.open,
                };
                match shape {
                    Some(shape) => match rewrite::attribute(&value.as_str(), shape, filter) {
                        Some(json) => *value = json.into(),
                        None => return false,
                    },
                    None => texts(value, filter, Place::of(TextKind::Text)),
                }
                true
            }
            Class::Error => {
                // One text; a list of causes is as good as one.
                match self.error_text(&value.as_str()) {
                    Some(Cow::Borrowed(_)) => true,
                    Some(Cow::Owned(clean)) => {
                        *value = clean.into();
                        true
                    }
                    None => false,
                }
            }
            Class::Secret => {
                self.report.dropped("secret");
                *value = REDACTED.into();
                true
            }
            Class::Identity => {
                match &self.state.policy().hash_identity {
                    Some(key) => {
                        let text = value.as_str();
                        let hashed = super::style::HashKey::is_digest(&text);
                        let digest = (!hashed).then(|| key.digest(&text));
                        drop(text);
                        if let Some(digest) = digest {
                            self.report.dropped("identity");
                            *value = digest.into();
                        }
                    }
                    None => texts(value, &mut self.open, Place::of(TextKind::Metadata)),
                }
                true
            }
            Class::Unknown => {
                let hidden = match owner {
                    Owner::Other => self.closed,
                    Owner::Call | Owner::Filtered => self.state.policy().mask_metadata,
                };
                let filter = if hidden { &mut self.masked } else { &mut self.open };
                if matches!(value, Value::String(_) | Value::Array(Array::String(_))) {
                    texts(value, filter, Place::of(TextKind::Metadata));
                }
                true
            }
        }
    }

    /// An error's text as it may go out, if it may.
    pub(super) fn error_text<'t>(&mut self, text: &'t str) -> Option<Cow<'t, str>> {
        match self.state.error_text(self.masks) {
            Permit::Open(_) => Some(self.open.clean(text, Place::of(TextKind::Error))),
            _ => {
                self.report.dropped("error");
                None
            }
        }
    }
}

/// Treats a call's own attributes where no span processor will see them: on events and metrics.
pub(crate) fn own_attributes(attributes: &mut Vec<KeyValue>, state: &PolicyState, masks: Masks, content: bool) {
    let mut treatment = Treatment::new(state, Some(masks));
    treatment.attributes(attributes, Owner::Call, content);
    treatment.tell(attributes);
}

/// Events that a convention names, and not a message.
fn is_known_event(name: &str) -> bool {
    name == "exception" || name.starts_with("gen_ai.") || name.starts_with("llm_trace.")
}

fn replace(text: &mut Cow<'static, str>, filter: &mut Filter, place: Place<'_>) {
    if let Cow::Owned(clean) = owned(filter.clean(text, place), text) {
        *text = Cow::Owned(clean);
    }
}

/// Filters each text of a value; a number becomes a text where texts are masked.
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

/// A stand-in can be borrowed as well: owned unless it is the very text.
fn owned<'t>(clean: Cow<'t, str>, text: &str) -> Cow<'t, str> {
    if clean == text { clean } else { Cow::Owned(clean.into_owned()) }
}
