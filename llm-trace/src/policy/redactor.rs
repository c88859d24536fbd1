//! Redacts a finished span, or any other set of attributes, by a policy.

use std::borrow::Cow;

use super::authors::KnownRoles;
use super::content_shape::ContentShape;
use super::filter::Filter;
use super::keys::{Class, IdentifierKind, KnownKey, ValueSides, is_structure, is_value};
use super::masks::Masks;
use super::permit::{Permit, PolicyState};
use super::place::{Place, TextKind};
use super::report::Report;
use super::side::Side;
use super::style::HashKey;
use crate::semconv::Fact;

/// Prefix of the keys of a trace's input and output, for backends that merge spans by trace.
pub(super) const OF_TRACE: &str = "langfuse.trace.";

/// The field name of an event's text in `tracing`.
pub(crate) const MESSAGE: &str = "message";

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
    pub(super) state: &'p PolicyState,
    pub(super) masks: Masks,
    /// Free text of other code is withheld: below a masked call or scope, inside a model call while capture is off, or
    /// because of its target.
    pub(super) withholds_free_text: bool,
    /// The first of these three reasons applies.
    pub(super) masked_around: bool,
    /// For local logs, where only masks apply.
    pub(super) local: bool,
    /// Error texts pass although capture is off.
    pub(super) plain_errors: bool,
    /// The sides of the input and output values of the current span.
    pub(super) values: ValueSides,
    /// The roles of the messages in the current attributes.
    pub(super) roles: KnownRoles,
    pub(super) open: Filter,
    /// Created for the first masked text, because most spans have none.
    masked: Option<Filter>,
    pub(super) report: Report,
}

impl<'p> Redactor<'p> {
    /// `masks` are those of the surrounding calls and scopes, if any.
    pub(crate) fn new(state: &'p PolicyState, masks: Option<Masks>) -> Self {
        let masked_around = masks.is_some_and(|masks| state.masks(masks).any());
        let withholds_free_text = masked_around || masks.is_some_and(|masks| state.withholds_unmasked_text(masks));
        let all = state.masks(masks.unwrap_or_default());
        let mut open = Filter::open(state.policy());
        if all.output && !all.input {
            open.mask_model_parts(&state.policy().style);
        }
        Self {
            state,
            masks: masks.unwrap_or_default(),
            withholds_free_text,
            masked_around,
            local: false,
            plain_errors: false,
            values: ValueSides::Own,
            roles: KnownRoles::default(),
            open,
            masked: None,
            report: Report::default(),
        }
    }

    /// For local logs, where only masks apply.
    pub(crate) fn for_logs(mut self) -> Self {
        self.withholds_free_text = self.masked_around;
        self.local = true;
        self.plain_errors = !self.state.masks(self.masks).any();
        self
    }

    /// For text with this target: free text and error texts of a crate that logs whole requests and responses are
    /// content of both sides.
    pub(crate) fn written_by(mut self, target: Option<&str>) -> Self {
        let Some(target) = target else { return self };
        if self.state.policy().is_plain_target(target) {
            self.withholds_free_text = self.masked_around;
        } else if self.state.policy().is_content_target(target) {
            self.withholds_free_text |= self.withholds_content();
            self.plain_errors = false;
        }
        self
    }

    /// For a span, event or record of a model call, by any convention: everything except facts is content.
    pub(crate) fn for_model_call(mut self, model_call: bool) -> Self {
        let withholds = if self.local { self.state.masks(self.masks).any() } else { self.withholds_content() };
        self.withholds_free_text |= model_call && withholds;
        self
    }

    /// Whether values are withheld as a whole, including nested values.
    pub(crate) fn withholds_whole(&self, owner: Owner) -> bool {
        if owner == Owner::Other { self.masked_around } else { self.withholds_text_of(owner) }
    }

    /// Whether content does not leave unmasked.
    pub(super) fn withholds_content(&self) -> bool {
        !self.state.captures() || self.state.masks(self.masks).any()
    }

    /// Whether free text of other code is withheld.
    pub(crate) fn withholds_free_text(&self) -> bool {
        self.withholds_free_text
    }

    /// Whether free text of this owner is withheld.
    pub(crate) fn withholds_text_of(&self, owner: Owner) -> bool {
        match owner {
            Owner::Other => self.withholds_free_text,
            Owner::Call | Owner::Filtered => self.state.policy().mask_metadata,
        }
    }

    /// The classification of a key.
    #[inline]
    pub(crate) fn known(&self, key: &str) -> KnownKey {
        self.state.policy().known(key)
    }

    /// A name that is exported under every mask, after scrubbing.
    pub(crate) fn clean_name<'t>(&mut self, text: &'t str) -> Cow<'t, str> {
        self.open.clean(text, Place::of(TextKind::Name))
    }

    /// The filter that masks, or the one that does not.
    pub(super) fn filter(&mut self, masks: bool) -> &mut Filter {
        if masks { self.masked() } else { &mut self.open }
    }

    fn masked(&mut self) -> &mut Filter {
        self.masked.get_or_insert_with(|| Filter::masked(self.state.policy()))
    }

    /// Takes the report of all changes.
    pub(crate) fn take_report(&mut self) -> Report {
        let mut report = std::mem::take(&mut self.report);
        report.absorb(self.open.take_report());
        report.absorb(self.masked.as_mut().map(Filter::take_report).unwrap_or_default());
        report
    }

    /// The treatment of the value of a key.
    pub(crate) fn verdict(&mut self, key: &str, class: Class, owner: Owner, content: bool) -> Verdict<'_> {
        match self.class_of_value(key, class, owner) {
            Class::Fact(wording) if owner == Owner::Other && self.withholds_free_text => {
                Verdict::Identifiers { wording, fails: self.masked() }
            }
            Class::Fact(_) => Verdict::Keep,
            // The call wrote this content through the filter. The same value under another key may come from any code.
            Class::Content(_, Some(_)) if owner == Owner::Filtered => Verdict::Keep,
            // In every style: the backend needs the mark to replace the value that it stores.
            Class::Content(side, _) if self.state.is_masked(side, self.masks) && key.starts_with(OF_TRACE) => {
                self.report.masked(TextKind::Text);
                Verdict::Replace
            }
            Class::Content(side, shape) => self.content_verdict(key, side, shape, content),
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
            Class::Identity if owner == Owner::Other && self.withholds_free_text => {
                Verdict::Identifiers { wording: IdentifierKind::Name, fails: self.masked() }
            }
            Class::Identity => Verdict::FilterTexts(&mut self.open, Place::of(TextKind::Metadata)),
            Class::Metadata if self.state.masks_metadata() => {
                Verdict::Filter(self.masked(), Place::of(TextKind::Metadata))
            }
            Class::Metadata | Class::Unknown => {
                let kind = if key == MESSAGE { TextKind::Event } else { TextKind::Metadata };
                Verdict::FilterTexts(self.filter(self.withholds_text_of(owner)), Place::of(kind))
            }
        }
    }

    fn content_verdict(&mut self, key: &str, side: Side, shape: Option<ContentShape>, content: bool) -> Verdict<'_> {
        let permit = if content { self.state.permit(side, self.masks) } else { Permit::Off };
        let masks_model_parts = side == Side::Input && permit.masks_model_parts();
        // The names of tools and the ids of calls are a model's, and roles are words.
        if masks_model_parts && is_structure(key) {
            return Verdict::Identifiers { wording: IdentifierKind::Word, fails: self.masked() };
        }
        let by_model = masks_model_parts && self.roles.may_be_by_model(key);
        let permit = if by_model { self.state.permit(Side::Output, self.masks) } else { permit };
        let filter = match permit {
            Permit::Off | Permit::Drop => {
                self.report.dropped(side.as_str());
                return Verdict::Remove;
            }
            Permit::Masked(_) if is_structure(key) => {
                return Verdict::Identifiers { wording: IdentifierKind::Word, fails: self.masked() };
            }
            Permit::Masked(_) => self.masked(),
            Permit::Open(_) => &mut self.open,
        };
        match shape {
            Some(shape) => Verdict::Rewrite(filter, shape),
            // A list of texts may be a conversation, but not this one.
            None if side == Side::Input && filter.masks_model_parts() && key != Fact::RequestStopSequences.key() => {
                Verdict::ByAuthor(filter)
            }
            None => Verdict::Filter(filter, Place::of(TextKind::Text)),
        }
    }

    /// The class of a key on this span. Other crates may take another view of the sides of a tool.
    fn class_of_value(&self, key: &str, class: Class, owner: Owner) -> Class {
        match class {
            Class::Content(side, None) if self.values != ValueSides::Own && is_value(key) => {
                let side = match (self.values, owner, side) {
                    (ValueSides::Swapped, Owner::Call | Owner::Filtered, Side::Input) => Side::Output,
                    (ValueSides::Swapped, Owner::Call | Owner::Filtered, Side::Output) => Side::Input,
                    _ => Side::Either,
                };
                Class::Content(side, None)
            }
            class => class,
        }
    }

    /// Like [`verdict`](Self::verdict), for a field of `tracing`, which may be the name of the span.
    pub(crate) fn field_verdict(&mut self, key: &str, class: Class, content: bool) -> Verdict<'_> {
        if key != "otel.name" {
            return self.verdict(key, class, Owner::Other, content);
        }
        // The name of a span is not content only because its crate logs requests.
        let withheld = self.masked_around && (self.local || self.state.policy().mask_metadata);
        Verdict::FilterTexts(self.filter(withheld), Place::of(TextKind::Metadata))
    }

    /// The hash of an identifier, or `None` if it is already hashed.
    pub(crate) fn hash(&mut self, text: &str) -> Option<String> {
        let key = self.state.policy().hash_identity.as_ref().filter(|_| !HashKey::is_digest(text))?;
        self.report.dropped("identity");
        Some(key.digest(text))
    }
}
