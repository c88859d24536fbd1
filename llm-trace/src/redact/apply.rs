//! Treating a finished span, or anything else made of attributes, by a policy.

use std::borrow::Cow;
use std::ops::Range;

use opentelemetry::trace::Status;
use opentelemetry::{Array, Key, KeyValue, StringValue, Value};
use opentelemetry_sdk::trace::SpanData;

use super::filter::{Filter, REDACTED};
use super::keys::{Class, is_structure};
use super::masks::Masks;
use super::permit::{Permit, PolicyState};
use super::place::{Place, TextKind};
use super::policy::{Capture, Policy};
use super::report::Report;
use super::rewrite::{self, Shape};
use super::style::HashKey;

/// Beginning of the keys of a whole trace's input and output, at backends that merge by trace.
const OF_TRACE: &str = "langfuse.trace.";

/// What `tracing` calls the text of an event.
pub(super) const MESSAGE: &str = "message";

/// How the convention's messages begin.
const MESSAGES: &str = r#"[{"role":"#;

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

/// What is to be done with a value.
pub(super) enum Verdict<'f> {
    Keep,
    Remove,
    /// By `[REDACTED]`.
    Replace,
    /// By [`Treatment::hash`].
    Hash,
    /// Filter it, of whatever type it is.
    Filter(&'f mut Filter, Place<'static>),
    /// Filter it if it is a text; numbers stay.
    FilterTexts(&'f mut Filter, Place<'static>),
    /// Filter what stands in its JSON.
    Rewrite(&'f mut Filter, Shape),
}

/// The policy, as it holds in one place.
pub(super) struct Treatment<'p> {
    state: &'p PolicyState,
    masks: Masks,
    /// Free text is masked: below a call or a scope where anything is, or by whose text it is.
    closed: bool,
    /// The first of these.
    masked_around: bool,
    /// Below a call or a scope.
    below: bool,
    /// Error texts are let through although content is off.
    plain_errors: bool,
    open: Filter,
    masked: Filter,
    report: Report,
}

/// Adds a report to what the span says already.
pub(super) fn write(mut report: Report, attributes: &mut Vec<KeyValue>) {
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

impl<'p> Treatment<'p> {
    /// `masks` are those of the calls and scopes around, if there are any.
    pub(super) fn new(state: &'p PolicyState, masks: Option<Masks>) -> Self {
        let closed = masks.is_some_and(|masks| state.masks(masks).any());
        Self {
            state,
            masks: masks.unwrap_or_default(),
            closed,
            masked_around: closed,
            below: masks.is_some(),
            plain_errors: false,
            open: Filter::open(state.policy()),
            masked: Filter::masked(state.policy()),
            report: Report::default(),
        }
    }

    /// For what stays in the process' own logs: outside of every call and scope, error texts stay
    /// in unless the policy masks a side.
    pub(super) fn for_logs(mut self) -> Self {
        self.plain_errors = !self.below && !self.state.masks(self.masks).any();
        self
    }

    /// For what is written under a target: free text of a crate that writes whole requests and
    /// answers is content of both sides, and so are its error texts.
    pub(super) fn written_by(mut self, target: Option<&str>) -> Self {
        if target.is_some_and(|target| self.state.policy().is_wordy(target)) {
            self.closed |= self.keeps_content_in();
            self.plain_errors = false;
        }
        self
    }

    fn keeps_content_in(&self) -> bool {
        self.state.policy().capture == Capture::Off || self.state.masks(self.masks).any()
    }

    /// Whether free text is masked here.
    pub(super) fn is_closed(&self) -> bool {
        self.closed
    }

    /// Whether free text is masked in what is this owner's.
    pub(super) fn hides(&self, owner: Owner) -> bool {
        match owner {
            Owner::Other => self.closed,
            Owner::Call | Owner::Filtered => self.state.policy().mask_metadata,
        }
    }

    /// What stands under a key.
    #[cfg(feature = "logs")]
    pub(super) fn class(&self, key: &str) -> Class {
        self.state.policy().class(key)
    }

    /// Treats all of a span, and says in it what was done. In the call's own span, `written` are the
    /// attributes that the call wrote: others were set directly, by whomever.
    pub(super) fn span(mut self, span: &mut SpanData, owner: Owner, written: Range<usize>) {
        if owner == Owner::Other {
            self = self.written_by(target(&span.attributes).as_deref());
            self.attributes(&mut span.attributes, owner, self.state.span_content());
        } else {
            self.of_call(&mut span.attributes, owner, written);
        }
        let anywhere = self.state.span_content() || self.state.event_content();
        let closed = self.closed;
        for event in &mut span.events.events {
            self = self.written_by(target(&event.attributes).as_deref());
            self.attributes(&mut event.attributes, Owner::Other, anywhere);
            if !is_known_event(&event.name) {
                let place = Place::of(TextKind::Event);
                replace(&mut event.name, if self.closed { &mut self.masked } else { &mut self.open }, place);
            }
            self.closed = closed;
        }
        for link in &mut span.links.links {
            self.attributes(&mut link.attributes, Owner::Other, anywhere);
        }
        let hidden = self.masked_around && self.state.policy().mask_metadata && owner == Owner::Other;
        let filter = if hidden { &mut self.masked } else { &mut self.open };
        replace(&mut span.name, filter, Place::of(TextKind::Name));
        self.status(&mut span.status);
        self.tell(&mut span.attributes);
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

    pub(super) fn into_report(self) -> Report {
        let mut report = self.report;
        report.absorb(self.open.into_report());
        report.absorb(self.masked.into_report());
        report
    }

    /// Adds what was done to what others have done before.
    fn tell(self, attributes: &mut Vec<KeyValue>) {
        write(self.into_report(), attributes);
    }

    fn attributes(&mut self, attributes: &mut Vec<KeyValue>, owner: Owner, content: bool) {
        attributes.retain_mut(|KeyValue { key, value, .. }| {
            let class = self.state.policy().class(key.as_str());
            self.keeps(key.as_str(), class, value, owner, content)
        });
    }

    /// Treats the attributes of a call's own span, of which those in `written` passed the source gate.
    fn of_call(&mut self, attributes: &mut Vec<KeyValue>, owner: Owner, written: Range<usize>) {
        let content = self.state.span_content();
        let gated = |policy: &Policy, key: &Key| matches!(policy.class(key.as_str()), Class::Content(_, Some(_)));
        let others = attributes[..written.start].iter().chain(&attributes[written.end..]);
        if !others.into_iter().any(|attribute| gated(self.state.policy(), &attribute.key)) {
            return self.attributes(attributes, owner, content);
        }
        let own: Vec<Key> = attributes[written.clone()].iter().map(|attribute| attribute.key.clone()).collect();
        let mut at = 0..;
        attributes.retain_mut(|KeyValue { key, value, .. }| {
            let is_own = at.next().is_some_and(|at| written.contains(&at));
            let is_other = !is_own && gated(self.state.policy(), key);
            // Each key stands on a span once, and the call knows what it said.
            if is_other && own.contains(key) {
                return false;
            }
            let class = self.state.policy().class(key.as_str());
            let owner = if is_other { Owner::Call } else { owner };
            self.keeps(key.as_str(), class, value, owner, content)
        });
    }

    /// Treats one value; false where there may be none.
    fn keeps(&mut self, key: &str, class: Class, value: &mut Value, owner: Owner, content: bool) -> bool {
        if key.starts_with(OF_TRACE) && *value == Value::from(REDACTED) {
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
            Verdict::FilterTexts(filter, place) => {
                // Many numbers can be a vector, which is content.
                if matches!(value, Value::String(_) | Value::Array(_)) {
                    texts(value, filter, place);
                }
            }
            // Messages under a key that can hold anything: they stay valid JSON.
            Verdict::Filter(filter, _) if !filter.masks() && value.as_str().starts_with(MESSAGES) => {
                let Some(json) = rewrite::attribute(&value.as_str(), Shape::Messages, filter) else { return false };
                *value = json.into();
            }
            Verdict::Filter(filter, place) => texts(value, filter, place),
            Verdict::Rewrite(filter, shape) => {
                let Some(json) = rewrite::attribute(&value.as_str(), shape, filter) else { return false };
                *value = json.into();
            }
        }
        true
    }

    /// What is to be done with the value of a key.
    pub(super) fn verdict(&mut self, key: &str, class: Class, owner: Owner, content: bool) -> Verdict<'_> {
        match class {
            Class::Fact => Verdict::Keep,
            // What the source gate writes; the same under another key is anyone's.
            Class::Content(_, Some(_)) if owner == Owner::Filtered => Verdict::Keep,
            // In every style: the backend must get the mark, to replace what it holds.
            Class::Content(side, _) if key.starts_with(OF_TRACE) && self.state.is_masked(side, self.masks) => {
                self.report.masked(TextKind::Text);
                Verdict::Replace
            }
            Class::Content(side, shape) => {
                let permit = if content { self.state.side(side, self.masks) } else { Permit::Off };
                let filter = match permit {
                    Permit::Off | Permit::Drop => {
                        self.report.dropped(side.as_str());
                        return Verdict::Remove;
                    }
                    Permit::Masked(_) if is_structure(key) => return Verdict::Keep,
                    Permit::Masked(_) => &mut self.masked,
                    Permit::Open(_) => &mut self.open,
                };
                match shape {
                    Some(shape) => Verdict::Rewrite(filter, shape),
                    None => Verdict::Filter(filter, Place::of(TextKind::Text)),
                }
            }
            Class::Error if self.plain_errors || self.state.error_text(self.masks).is_open() => {
                Verdict::FilterTexts(&mut self.open, Place::of(TextKind::Error))
            }
            Class::Error => {
                self.report.dropped("error");
                Verdict::Remove
            }
            Class::Secret => {
                self.report.dropped("secret");
                Verdict::Replace
            }
            Class::Identity if self.state.policy().hash_identity.is_some() => Verdict::Hash,
            Class::Identity => Verdict::FilterTexts(&mut self.open, Place::of(TextKind::Metadata)),
            Class::Unknown => {
                // A span's name is no text of a request because its crate writes some.
                let hidden = self.hides(owner) && (key != "otel.name" || self.masked_around);
                let filter = if hidden { &mut self.masked } else { &mut self.open };
                let kind = if key == MESSAGE { TextKind::Event } else { TextKind::Metadata };
                Verdict::FilterTexts(filter, Place::of(kind))
            }
        }
    }

    /// The hash of an identifier; `None` where it is one already.
    pub(super) fn hash(&mut self, text: &str) -> Option<String> {
        let key = self.state.policy().hash_identity.as_ref().filter(|_| !HashKey::is_digest(text))?;
        self.report.dropped("identity");
        Some(key.digest(text))
    }

    /// An error's text as it may go out, if it may.
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

/// Treats a call's own attributes where no span processor will see them: on events and metrics.
pub(crate) fn own_attributes(attributes: &mut Vec<KeyValue>, state: &PolicyState, masks: Masks, content: bool) {
    let mut treatment = Treatment::new(state, Some(masks));
    treatment.attributes(attributes, Owner::Call, content);
    treatment.tell(attributes);
}

/// Treats what the user adds to a call's own span: content may stand under any key.
pub(crate) fn user_attributes(attributes: &mut Vec<KeyValue>, state: &PolicyState, masks: Masks) -> Report {
    if attributes.is_empty() {
        return Report::default();
    }
    let mut treatment = Treatment::new(state, Some(masks));
    treatment.attributes(attributes, Owner::Call, state.span_content());
    treatment.into_report()
}

/// Who wrote a span or an event, as `tracing-opentelemetry` has it.
fn target(attributes: &[KeyValue]) -> Option<String> {
    let get = |key: &str| attributes.iter().find(|known| known.key.as_str() == key);
    let found = get("target").or_else(|| get("code.module.name")).or_else(|| get("code.namespace"))?;
    Some(found.value.as_str().into_owned())
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
