//! The decision whether content may be recorded.

use std::sync::Arc;

use arc_swap::Guard;

use super::filter::Filter;
use super::keys::Class;
use super::masks::Masks;
use super::policy::{Capture, Policy};
use super::side::Side;
use super::style::{HashKey, Style};
use crate::json::Mode;
use crate::otel::TraceId;

/// The permission for the content of one side.
#[derive(Clone, Debug)]
pub(crate) enum Permit {
    /// Not captured: nothing is read or reported.
    Off,
    /// Masked by omission: nothing is read, and the report counts a mask.
    Drop,
    /// Masked: the structure is recorded through this filter.
    Masked(Filter),
    /// Recorded through scrubbers and limits.
    Open(Filter),
}

impl Permit {
    /// The part of a document's content that has to be read.
    pub(crate) fn mode(&self) -> Option<Mode> {
        match self {
            Permit::Off | Permit::Drop => None,
            Permit::Masked(filter) if !filter.reads() => Some(Mode::Structure),
            Permit::Masked(_) | Permit::Open(_) => Some(Mode::Full),
        }
    }

    /// The filter, if an attribute is written.
    pub(crate) fn filter(self) -> Option<Filter> {
        match self {
            Permit::Off | Permit::Drop => None,
            Permit::Masked(filter) | Permit::Open(filter) => Some(filter),
        }
    }

    /// Whether content is recorded except for the parts that a model wrote.
    pub(crate) fn masks_model_parts(&self) -> bool {
        matches!(self, Permit::Open(filter) if filter.masks_model_parts())
    }

    /// Whether content is recorded unmasked.
    pub(crate) fn is_open(&self) -> bool {
        matches!(self, Permit::Open(_))
    }
}

/// A snapshot of the policy. Drop it soon: it is cheap only while a thread holds few of them.
#[derive(Debug)]
pub(crate) struct PolicyState {
    policy: Guard<Arc<Policy>>,
    /// The capture setting of the policy, or less for this trace.
    capture: Capture,
}

impl Masks {
    /// Whether a side is masked.
    fn has_side(self, side: Side) -> bool {
        match side {
            Side::Input => self.input,
            Side::Output => self.output,
            Side::Either => self.any(),
        }
    }
}

impl PolicyState {
    pub(crate) fn new(policy: Guard<Arc<Policy>>) -> Self {
        Self { capture: policy.capture, policy }
    }

    /// Applies the content ratio to this trace. A call without a trace keeps its content only if the ratio is 1.
    pub(crate) fn for_trace(mut self, trace: TraceId) -> Self {
        if !self.policy.content_share.has(trace) {
            self.capture = Capture::Off;
        }
        self
    }

    /// Whether the content of some traces is omitted.
    pub(crate) fn is_share(&self) -> bool {
        !self.policy.content_share.is_all()
    }

    /// Whether content is captured.
    pub(crate) fn captures(&self) -> bool {
        self.capture != Capture::Off
    }

    pub(crate) fn policy(&self) -> &Arc<Policy> {
        &self.policy
    }

    /// The masks in effect: those of the policy, `masks`, and the default mask.
    pub(crate) fn masks(&self, masks: Masks) -> Masks {
        let all = self.policy.masks.union(masks);
        let unknown = self.policy.default_mask && !masks.cleared;
        all.mask_input(unknown).mask_output(unknown)
    }

    /// Whether content is recorded in span attributes.
    pub(crate) fn span_content(&self) -> bool {
        matches!(self.capture, Capture::Span | Capture::SpanAndEvent)
    }

    /// Whether content is recorded in events.
    pub(crate) fn event_content(&self) -> bool {
        matches!(self.capture, Capture::Event | Capture::SpanAndEvent)
    }

    /// The permission for the content of a side.
    pub(crate) fn permit(&self, side: Side, masks: Masks) -> Permit {
        if self.capture == Capture::Off {
            return Permit::Off;
        }
        let masks = self.masks(masks);
        match (masks.has_side(side), &self.policy.style) {
            (false, style) => {
                let mut filter = Filter::open(&self.policy);
                if side == Side::Input && masks.output {
                    filter.mask_model_parts(style);
                }
                Permit::Open(filter)
            }
            (true, Style::Drop) => Permit::Drop,
            (true, _) => Permit::Masked(Filter::masked(&self.policy)),
        }
    }

    /// The hash of a user's or session's identifier, if the policy hashes them.
    pub(crate) fn hashed_identity(&self, id: &str) -> Option<String> {
        let key = self.policy.hash_identity.as_ref()?;
        Some(if HashKey::is_digest(id) { id.to_owned() } else { key.digest(id) })
    }

    /// The filter for metadata of callers; `masked` if the policy may mask them.
    pub(crate) fn metadata_filter(&self, masked: bool) -> Filter {
        if masked && self.policy.mask_metadata { Filter::masked(&self.policy) } else { Filter::open(&self.policy) }
    }

    /// Whether metadata of callers is masked.
    pub(crate) fn masks_metadata(&self) -> bool {
        self.policy.mask_metadata
    }

    /// Whether free text of other code is withheld under these masks although neither side is masked.
    pub(crate) fn withholds_unmasked_text(&self, masks: Masks) -> bool {
        masks.model_call && self.capture == Capture::Off && !self.policy.keep_free_text
    }

    /// Whether free text of other code is withheld under these masks.
    pub(crate) fn withholds_free_text(&self, masks: Masks) -> bool {
        self.masks(masks).any() || self.withholds_unmasked_text(masks)
    }

    /// Whether this key holds an identifier of a user or session.
    pub(crate) fn is_identity(&self, key: &str) -> bool {
        self.policy.class(key) == Class::Identity
    }

    /// Whether a side is masked in effect.
    pub(crate) fn is_masked(&self, side: Side, masks: Masks) -> bool {
        self.masks(masks).has_side(side)
    }

    /// Whether error texts are recorded even while capture is off.
    pub(crate) fn keeps_error_text(&self) -> bool {
        self.policy.error_text
    }

    /// The permission for error texts, which may repeat the input or output: none while capture is off, unless the
    /// policy keeps them, and none while a side is masked.
    pub(crate) fn error_text(&self, masks: Masks) -> Permit {
        let masks = self.masks(masks);
        if masks.any() {
            Permit::Drop
        } else if self.capture == Capture::Off && !self.policy.error_text {
            Permit::Off
        } else {
            Permit::Open(Filter::open(&self.policy))
        }
    }
}
