//! Treating a finished span, or anything else made of attributes, by a policy.

use std::borrow::Cow;
use std::ops::Range;

use opentelemetry::trace::Status;
use opentelemetry::{Array, KeyValue, StringValue, Value};
use opentelemetry_sdk::trace::SpanData;

use super::authors;
use super::authors::KnownRoles;
use super::filter::{Filter, REDACTED};
use super::keys::{Class, KnownKey, Wording, is_structure};
use super::masks::Masks;
use super::permit::{Permit, PolicyState, Side};
use super::place::{Place, TextKind};
use super::report::Report;
use super::rewrite;
use super::rewrite::ContentShape;
use super::style::HashKey;

/// Beginning of the keys of a whole trace's input and output, at backends that merge by trace.
const OF_TRACE: &str = "langfuse.trace.";

/// What `tracing` calls the text of an event.
pub(crate) const MESSAGE: &str = "message";

/// So many attributes of a span or an event are looked up once.
const LOOKED_UP: usize = 32;

/// How the convention's messages begin.
const MESSAGES: &str = r#"[{"role":"#;

/// Whose attributes they are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Owner {
    /// A call's own span, with content that this policy has filtered with these masks.
    Filtered,
    /// A call's own span.
    Call,
    /// Another crate's span, or anyone's event or link.
    Other,
}

/// What is to be done with a value.
pub(crate) enum Verdict<'f> {
    Keep,
    Remove,
    /// By `[REDACTED]`.
    Replace,
    /// By [`Redactor::hash`].
    Hash,
    /// Filter it, of whatever type it is.
    Filter(&'f mut Filter, Place<'static>),
    /// Filter it if it is a text; numbers stay.
    FilterTexts(&'f mut Filter, Place<'static>),
    /// Filter what stands in its JSON.
    Rewrite(&'f mut Filter, ContentShape),
    /// Keep identifiers, and filter other texts.
    Identifiers {
        wording: Wording,
        fails: &'f mut Filter,
    },
    /// Filter it by the authors that it names, if it is a text.
    ByAuthor(&'f mut Filter),
}

/// The policy, as it holds in one place.
pub(crate) struct Redactor<'p> {
    state: &'p PolicyState,
    masks: Masks,
    /// Other code's free text is masked: below a call or a scope where anything is, inside a model call while capture
    /// is off, or by whose text it is.
    closed: bool,
    /// The first of these.
    masked_around: bool,
    /// Below a call or a scope.
    below: bool,
    /// For the process' own logs, where only masks hold.
    local: bool,
    /// Error texts are let through although content is off.
    plain_errors: bool,
    /// Roles of the messages in the attributes that are being treated.
    roles: KnownRoles,
    open: Filter,
    masked: Filter,
    report: Report,
}

/// Adds a report to what the span says already.
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
    /// `masks` are those of the calls and scopes around, if there are any.
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

    /// For what stays in the process' own logs: only masks hold there, and outside of every call and scope error texts
    /// stay in unless the policy masks a side.
    pub(crate) fn for_logs(mut self) -> Self {
        self.closed = self.masked_around;
        self.local = true;
        self.plain_errors = !self.below && !self.state.masks(self.masks).any();
        self
    }

    /// For what is written under a target: free text of a crate that writes whole requests and
    /// answers is content of both sides, and so are its error texts.
    pub(crate) fn written_by(mut self, target: Option<&str>) -> Self {
        let Some(target) = target else { return self };
        if self.state.policy().is_plain_target(target) {
            self.closed = self.masked_around;
        } else if self.state.policy().is_wordy(target) {
            self.closed |= self.keeps_content_in();
            self.plain_errors = false;
        }
        self
    }

    /// For a span, event or record of a model call, by the conventions of whatever crate: but for facts, all that it
    /// says is content.
    pub(crate) fn for_model_call(mut self, model_call: bool) -> Self {
        let keeps = if self.local { self.state.masks(self.masks).any() } else { self.keeps_content_in() };
        self.closed |= model_call && keeps;
        self
    }

    /// Whether values are masked as a whole, with what is nested in them.
    #[cfg(feature = "logs")]
    pub(crate) fn hides_whole(&self, owner: Owner) -> bool {
        if owner == Owner::Other { self.masked_around } else { self.hides(owner) }
    }

    fn keeps_content_in(&self) -> bool {
        !self.state.captures() || self.state.masks(self.masks).any()
    }

    /// Whether free text is masked here.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed
    }

    /// Whether free text is masked in what is this owner's.
    pub(crate) fn hides(&self, owner: Owner) -> bool {
        match owner {
            Owner::Other => self.closed,
            Owner::Call | Owner::Filtered => self.state.policy().mask_metadata,
        }
    }

    /// What is known of a key.
    #[cfg(feature = "logs")]
    pub(crate) fn known(&self, key: &str) -> KnownKey {
        self.state.policy().known(key)
    }

    /// Treats all of a span, and says in it what was done. In the call's own span, `written` are the
    /// attributes that the call wrote: others were set directly, by whomever.
    pub(crate) fn span(mut self, span: &mut SpanData, owner: Owner, written: Range<usize>) {
        let closed = self.closed;
        if owner == Owner::Other {
            self.others(&mut span.attributes, false, self.state.span_content());
        } else {
            self.of_call(&mut span.attributes, owner, written);
        }
        // What is plain by its target makes no other target plain.
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

    pub(crate) fn into_report(self) -> Report {
        let mut report = self.report;
        report.absorb(self.open.into_report());
        report.absorb(self.masked.into_report());
        report
    }

    /// Adds what was done to what others have done before.
    fn tell(self, attributes: &mut Vec<KeyValue>) {
        write(self.into_report(), attributes);
    }

    /// Treats attributes of whatever crate, which can say whose they are.
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
            if known.class == Class::Fact(Wording::Target) {
                let target = attribute.value.as_str();
                plain |= policy.is_plain_target(&target);
                wordy |= policy.is_wordy(&target);
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

    /// Treats the attributes of a call's own span, of which those in `written` passed the source gate. Others are what
    /// the span was started with, or other code's.
    fn of_call(&mut self, attributes: &mut Vec<KeyValue>, owner: Owner, written: Range<usize>) {
        if written.is_empty() {
            return self.attributes(attributes, owner, self.state.span_content());
        }
        let content = self.state.span_content();
        let gated = |class| matches!(class, Class::Content(_, Some(_)));
        let mut own = Vec::new();
        let mut at = 0..attributes.len();
        // What stands in `written` moves to the front as attributes before it are removed: its keys are read first.
        let others = || attributes[..written.start].iter().chain(attributes.get(written.end..).unwrap_or_default());
        if others().any(|attribute| gated(self.state.policy().class(attribute.key.as_str()))) {
            own.extend(attributes[written.clone()].iter().map(|attribute| attribute.key.clone()));
        }
        attributes.retain_mut(|KeyValue { key, value, .. }| {
            let is_own = at.next().is_some_and(|at| written.contains(&at));
            // The policy and the masks are those that it was written under.
            if is_own && owner == Owner::Filtered {
                return true;
            }
            let class = self.state.policy().class(key.as_str());
            if is_own {
                return self.keeps(key.as_str(), class, value, owner, content);
            }
            // Each key stands on a span once, and the call knows what it said.
            if gated(class) && own.contains(key) {
                return false;
            }
            self.keeps(key.as_str(), class, value, Owner::Other, content)
        });
    }

    /// Treats one value; false where there may be none.
    fn keeps(&mut self, key: &str, class: Class, value: &mut Value, owner: Owner, content: bool) -> bool {
        if class == Class::Unknown && owner == Owner::Other && self.closed && !Wording::Word.fits(key) {
            // A key can be made of anything, too.
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
                // Many numbers can be a vector, which is content.
                if matches!(value, Value::String(_) | Value::Array(_)) {
                    texts(value, filter, place);
                }
            }
            // Messages under a key that can hold anything: they stay valid JSON.
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

    /// What is to be done with the value of a key.
    pub(crate) fn verdict(&mut self, key: &str, class: Class, owner: Owner, content: bool) -> Verdict<'_> {
        match class {
            Class::Fact(wording) if owner == Owner::Other && self.closed => {
                Verdict::Identifiers { wording, fails: &mut self.masked }
            }
            Class::Fact(_) => Verdict::Keep,
            // What the source gate writes; the same under another key is anyone's.
            Class::Content(_, Some(_)) if owner == Owner::Filtered => Verdict::Keep,
            // In every style: the backend must get the mark, to replace what it holds.
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
                    Permit::Masked(_) if is_structure(key) => return Verdict::Keep,
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
                Verdict::Identifiers { wording: Wording::Name, fails: &mut self.masked }
            }
            Class::Identity => Verdict::FilterTexts(&mut self.open, Place::of(TextKind::Metadata)),
            Class::Unknown => {
                // A span's name is no text of a request because its crate writes some.
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

    /// The hash of an identifier; `None` where it is one already.
    pub(crate) fn hash(&mut self, text: &str) -> Option<String> {
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
    let mut treatment = Redactor::new(state, Some(masks));
    treatment.attributes(attributes, Owner::Call, content);
    treatment.tell(attributes);
}

/// Treats what the user adds to a call's own span: content may stand under any key.
pub(crate) fn user_attributes(attributes: &mut Vec<KeyValue>, state: &PolicyState, masks: Masks) -> Report {
    if attributes.is_empty() {
        return Report::default();
    }
    let mut treatment = Redactor::new(state, Some(masks));
    treatment.attributes(attributes, Owner::Call, state.span_content());
    treatment.into_report()
}

/// Names of this crate's own events.
fn is_own_event(name: &str) -> bool {
    matches!(name, "llm_trace.attempt" | "gen_ai.client.inference.operation.details" | "gen_ai.evaluation.result")
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
