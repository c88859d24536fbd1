//! Redacts a finished span, or any other set of attributes, by a policy.

use std::borrow::Cow;
use std::ops::Range;

#[cfg(feature = "otel")]
use opentelemetry::trace::Status;
#[cfg(feature = "otel")]
use opentelemetry_sdk::trace::SpanData;

use super::authors;
use super::authors::KnownRoles;
use super::content_shape::ContentShape;
use super::filter::{Filter, REDACTED};
use super::keys::{Class, IdentifierKind, KnownKey, is_structure};
use super::masks::Masks;
use super::permit::{Permit, PolicyState};
use super::place::{Place, TextKind};
use super::report::Report;
use super::rewrite;
use super::side::Side;
use super::style::HashKey;
use crate::otel::{Array, KeyValue, StringValue, Value};

/// Prefix of the keys of a trace's input and output, for backends that merge spans by trace.
const OF_TRACE: &str = "langfuse.trace.";

/// The field name of an event's text in `tracing`.
pub(crate) const MESSAGE: &str = "message";

/// The number of attributes per span or event whose lookup result is stored.
const LOOKED_UP: usize = 32;

/// Prefix of messages in the JSON of the conventions.
const MESSAGES: &str = r#"[{"role":"#;

/// The owner of a set of attributes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Owner {
    /// The span of a call whose content this policy already filtered with these masks.
    Filtered,
    /// The span of a call.
    Call,
    /// The span of another crate, or any event or link.
    Other,
}

/// The treatment of a value.
pub(crate) enum Verdict<'f> {
    Keep,
    Remove,
    /// Replace it by `[REDACTED]`.
    Replace,
    /// Replace it by [`Redactor::hash`].
    Hash,
    /// Filter it, whatever its type.
    Filter(&'f mut Filter, Place<'static>),
    /// Filter it if it is text; keep numbers.
    FilterTexts(&'f mut Filter, Place<'static>),
    /// Filter the texts in its JSON.
    Rewrite(&'f mut Filter, ContentShape),
    /// Keep identifiers and filter other texts.
    Identifiers {
        wording: IdentifierKind,
        fails: &'f mut Filter,
    },
    /// If it is text, filter it by the authors that it names.
    ByAuthor(&'f mut Filter),
}

/// Redacts attributes by the policy and masks of one place.
pub(crate) struct Redactor<'p> {
    state: &'p PolicyState,
    masks: Masks,
    /// Free text of other code is masked: below a masked call or scope, inside a model call while capture is off, or
    /// because of its target.
    closed: bool,
    /// The first of these three reasons applies.
    masked_around: bool,
    /// Inside a call or scope.
    below: bool,
    /// For local logs, where only masks apply.
    local: bool,
    /// Error texts pass although capture is off.
    plain_errors: bool,
    /// The roles of the messages in the current attributes.
    roles: KnownRoles,
    open: Filter,
    masked: Filter,
    report: Report,
}

/// Adds a report to the counts on the span.
pub(crate) fn write(mut report: Report, attributes: &mut Vec<KeyValue>) {
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

impl<'p> Redactor<'p> {
    /// `masks` are those of the surrounding calls and scopes, if any.
    pub(crate) fn new(state: &'p PolicyState, masks: Option<Masks>) -> Self {
        let masked_around = masks.is_some_and(|masks| state.masks(masks).any());
        let closed = masked_around || masks.is_some_and(|masks| state.holds_free_text(masks));
        let all = state.masks(masks.unwrap_or_default());
        let mut open = Filter::open(state.policy());
        if all.output && !all.input {
            open.mask_model_parts(&state.policy().style);
        }
        Self {
            state,
            masks: masks.unwrap_or_default(),
            closed,
            masked_around,
            below: masks.is_some(),
            local: false,
            plain_errors: false,
            roles: KnownRoles::default(),
            open,
            masked: Filter::masked(state.policy()),
            report: Report::default(),
        }
    }

    /// For local logs, where only masks apply. Outside of calls and scopes, error texts pass unless the policy masks a
    /// side.
    pub(crate) fn for_logs(mut self) -> Self {
        self.closed = self.masked_around;
        self.local = true;
        self.plain_errors = !self.below && !self.state.masks(self.masks).any();
        self
    }

    /// For text with this target: free text and error texts of a crate that logs whole requests and responses are
    /// content of both sides.
    pub(crate) fn written_by(mut self, target: Option<&str>) -> Self {
        let Some(target) = target else { return self };
        if self.state.policy().is_plain_target(target) {
            self.closed = self.masked_around;
        } else if self.state.policy().is_content_target(target) {
            self.closed |= self.keeps_content_in();
            self.plain_errors = false;
        }
        self
    }

    /// For a span, event or record of a model call, by any convention: everything except facts is content.
    pub(crate) fn for_model_call(mut self, model_call: bool) -> Self {
        let keeps = if self.local { self.state.masks(self.masks).any() } else { self.keeps_content_in() };
        self.closed |= model_call && keeps;
        self
    }

    /// Whether values are masked as a whole, including nested values.
    pub(crate) fn hides_whole(&self, owner: Owner) -> bool {
        if owner == Owner::Other { self.masked_around } else { self.hides(owner) }
    }

    fn keeps_content_in(&self) -> bool {
        !self.state.captures() || self.state.masks(self.masks).any()
    }

    /// Whether free text is masked.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed
    }

    /// Whether free text of this owner is masked.
    pub(crate) fn hides(&self, owner: Owner) -> bool {
        match owner {
            Owner::Other => self.closed,
            Owner::Call | Owner::Filtered => self.state.policy().mask_metadata,
        }
    }

    /// The classification of a key.
    pub(crate) fn known(&self, key: &str) -> KnownKey {
        self.state.policy().known(key)
    }

    /// Redacts a span and records the changes in an attribute. On a call's span, `written` is the range of attributes
    /// that the call wrote; other code set the rest directly.
    #[cfg(feature = "otel")]
    pub(crate) fn span(mut self, span: &mut SpanData, owner: Owner, written: Range<usize>) {
        let closed = self.closed;
        if owner == Owner::Other {
            self.others(&mut span.attributes, false, self.state.span_content());
        } else {
            self.of_call(&mut span.attributes, owner, written);
        }
        // A target exempted by the user exempts no other target.
        self.closed |= closed;
        let span_closed = self.closed;
        let anywhere = self.state.span_content() || self.state.event_content();
        for event in &mut span.events.events {
            let known = self.state.policy().known(&event.name);
            self.others(&mut event.attributes, known.convention, anywhere);
            let is_name = known.exact || event.name == "exception" || is_own_event(&event.name);
            if self.closed && is_name {
                self.closed = span_closed;
                continue;
            }
            let place = Place::of(TextKind::Event);
            replace(&mut event.name, if self.closed { &mut self.masked } else { &mut self.open }, place);
            self.closed = span_closed;
        }
        for link in &mut span.links.links {
            self.others(&mut link.attributes, false, anywhere);
            self.closed = span_closed;
        }
        self.closed = closed;
        let hidden = self.masked_around && self.state.policy().mask_metadata && owner == Owner::Other;
        let filter = if hidden { &mut self.masked } else { &mut self.open };
        replace(&mut span.name, filter, Place::of(TextKind::Name));
        self.status(&mut span.status);
        self.write_report(&mut span.attributes);
    }

    #[cfg(feature = "otel")]
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

    pub(crate) fn into_report(self) -> Report {
        let mut report = self.report;
        report.absorb(self.open.into_report());
        report.absorb(self.masked.into_report());
        report
    }

    /// Adds this report to the counts that are already recorded.
    fn write_report(self, attributes: &mut Vec<KeyValue>) {
        write(self.into_report(), attributes);
    }

    /// Redacts attributes of any crate.
    #[cfg(feature = "otel")]
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
            if known.class == Class::Fact(IdentifierKind::Target) {
                let target = attribute.value.as_str();
                plain |= policy.is_plain_target(&target);
                wordy |= policy.is_content_target(&target);
            }
        }
        if plain {
            self.closed = self.masked_around;
        }
        self.closed |= (convention || wordy) && self.keeps_content_in();
        self.note_roles(attributes);
        let mut at = 0..;
        attributes.retain_mut(|KeyValue { key, value, .. }| {
            let known = at.next().and_then(|at| all.get(at).copied().filter(|_| at < LOOKED_UP));
            let class = known.map_or_else(|| policy.class(key.as_str()), |known| known.class);
            self.keeps(key.as_str(), class, value, Owner::Other, content)
        });
    }

    #[cfg(feature = "otel")]
    fn note_roles(&mut self, attributes: &[KeyValue]) {
        self.roles = KnownRoles::default();
        if self.open.masks_model_parts() {
            for KeyValue { key, value, .. } in attributes {
                self.roles.note(key.as_str(), &value.as_str());
            }
        }
    }

    fn attributes(&mut self, attributes: &mut Vec<KeyValue>, owner: Owner, content: bool) {
        attributes.retain_mut(|KeyValue { key, value, .. }| {
            let class = self.state.policy().class(key.as_str());
            self.keeps(key.as_str(), class, value, owner, content)
        });
    }

    /// Redacts the attributes of a call's span. Those in `written` passed the filter before; the rest were set at the
    /// start or by other code.
    #[cfg(feature = "otel")]
    fn of_call(&mut self, attributes: &mut Vec<KeyValue>, owner: Owner, written: Range<usize>) {
        if written.is_empty() {
            return self.attributes(attributes, owner, self.state.span_content());
        }
        let content = self.state.span_content();
        let gated = |class| matches!(class, Class::Content(_, Some(_)));
        let mut own = Vec::new();
        let mut at = 0..attributes.len();
        // The range `written` moves to the front as attributes before it are removed, so its keys are collected first.
        let others = || attributes[..written.start].iter().chain(attributes.get(written.end..).unwrap_or_default());
        if others().any(|attribute| gated(self.state.policy().class(attribute.key.as_str()))) {
            own.extend(attributes[written.clone()].iter().map(|attribute| attribute.key.clone()));
        }
        attributes.retain_mut(|KeyValue { key, value, .. }| {
            let is_own = at.next().is_some_and(|at| written.contains(&at));
            // It was written under the same policy and masks.
            if is_own && owner == Owner::Filtered {
                return true;
            }
            let class = self.state.policy().class(key.as_str());
            if is_own {
                return self.keeps(key.as_str(), class, value, owner, content);
            }
            // Keys are unique on a span, and the value that the call wrote wins.
            if gated(class) && own.contains(key) {
                return false;
            }
            self.keeps(key.as_str(), class, value, Owner::Other, content)
        });
    }

    /// Redacts one value. Returns false if the attribute must be removed.
    fn keeps(&mut self, key: &str, class: Class, value: &mut Value, owner: Owner, content: bool) -> bool {
        if owner == Owner::Other && self.closed && !IdentifierKind::Word.fits(key) {
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
                let fits = match value {
                    Value::String(text) => wording.fits(text.as_str()),
                    Value::Array(Array::String(all)) => all.iter().all(|text| wording.fits(text.as_str())),
                    _ => true,
                };
                if !fits {
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
                let Some(json) = rewrite::attribute(&value.as_str(), shape, filter) else { return false };
                *value = json.into();
            }
        }
        true
    }

    /// The treatment of the value of a key.
    pub(crate) fn verdict(&mut self, key: &str, class: Class, owner: Owner, content: bool) -> Verdict<'_> {
        match class {
            Class::Fact(wording) if owner == Owner::Other && self.closed => {
                Verdict::Identifiers { wording, fails: &mut self.masked }
            }
            Class::Fact(_) => Verdict::Keep,
            // The call wrote this content through the filter. The same value under another key may come from any code.
            Class::Content(_, Some(_)) if owner == Owner::Filtered => Verdict::Keep,
            // In every style: the backend needs the mark to replace the value that it stores.
            Class::Content(side, _) if self.state.is_masked(side, self.masks) && key.starts_with(OF_TRACE) => {
                self.report.masked(TextKind::Text);
                Verdict::Replace
            }
            Class::Content(side, shape) => {
                let permit = if content { self.state.side(side, self.masks) } else { Permit::Off };
                let by_model = side == Side::Input && permit.masks_model_parts() && self.roles.may_be_by_model(key);
                let permit = if by_model { self.state.side(Side::Output, self.masks) } else { permit };
                let filter = match permit {
                    Permit::Off | Permit::Drop => {
                        self.report.dropped(side.as_str());
                        return Verdict::Remove;
                    }
                    Permit::Masked(_) if is_structure(key) => {
                        return Verdict::Identifiers { wording: IdentifierKind::Word, fails: &mut self.masked };
                    }
                    Permit::Masked(_) => &mut self.masked,
                    Permit::Open(_) => &mut self.open,
                };
                match shape {
                    Some(shape) => Verdict::Rewrite(filter, shape),
                    None if side == Side::Input && filter.masks_model_parts() => Verdict::ByAuthor(filter),
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
            Class::Identity if owner == Owner::Other && self.closed => {
                Verdict::Identifiers { wording: IdentifierKind::Name, fails: &mut self.masked }
            }
            Class::Identity => Verdict::FilterTexts(&mut self.open, Place::of(TextKind::Metadata)),
            Class::Unknown => {
                // The name of a span is not content only because its crate logs requests.
                let hidden = match key {
                    "otel.name" if self.local => self.masked_around,
                    "otel.name" => self.masked_around && self.state.policy().mask_metadata,
                    _ => self.hides(owner),
                };
                let filter = if hidden { &mut self.masked } else { &mut self.open };
                let kind = if key == MESSAGE { TextKind::Event } else { TextKind::Metadata };
                Verdict::FilterTexts(filter, Place::of(kind))
            }
        }
    }

    /// The hash of an identifier, or `None` if it is already hashed.
    pub(crate) fn hash(&mut self, text: &str) -> Option<String> {
        let key = self.state.policy().hash_identity.as_ref().filter(|_| !HashKey::is_digest(text))?;
        self.report.dropped("identity");
        Some(key.digest(text))
    }

    /// The redacted text of an error, if it may be recorded.
    #[cfg(feature = "otel")]
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

/// Redacts a call's attributes on events and metrics, which no span processor sees.
pub(crate) fn own_attributes(attributes: &mut Vec<KeyValue>, state: &PolicyState, masks: Masks, content: bool) {
    let mut treatment = Redactor::new(state, Some(masks));
    treatment.attributes(attributes, Owner::Call, content);
    treatment.write_report(attributes);
}

/// Redacts attributes that the user adds to a call: any key may hold content.
pub(crate) fn user_attributes(
    attributes: &mut Vec<KeyValue>,
    state: &PolicyState,
    masks: Masks,
    content: bool,
) -> Report {
    if attributes.is_empty() {
        return Report::default();
    }
    let mut treatment = Redactor::new(state, Some(masks));
    treatment.attributes(attributes, Owner::Call, content);
    treatment.into_report()
}

/// Whether llm-trace records events with this name.
fn is_own_event(name: &str) -> bool {
    matches!(name, "llm_trace.attempt" | "gen_ai.client.inference.operation.details" | "gen_ai.evaluation.result")
}

fn replace(text: &mut Cow<'static, str>, filter: &mut Filter, place: Place<'_>) {
    if let Cow::Owned(clean) = owned(filter.clean(text, place), text) {
        *text = Cow::Owned(clean);
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
fn owned<'t>(clean: Cow<'t, str>, text: &str) -> Cow<'t, str> {
    if clean == text { clean } else { Cow::Owned(clean.into_owned()) }
}
