//! The answer to "may this content go out".

use std::sync::Arc;

use arc_swap::Guard;
use opentelemetry::trace::TraceId;

use super::filter::Filter;
use super::keys::Class;
use super::masks::Masks;
use super::policy::{Capture, Policy};
use super::style::{HashKey, Style};
use crate::json::Mode;

/// What may be done with one side's content.
#[derive(Clone, Debug)]
pub(crate) enum Permit {
    /// Not wanted: nothing is read, nothing is said.
    Off,
    /// Masked without a trace: nothing is read; the report says that it was masked.
    Drop,
    /// Masked: structure only, through this filter.
    Masked(Filter),
    /// Let through, by way of scrubbers and budgets.
    Open(Filter),
}

impl Permit {
    /// How much of a document's content has to be read for it.
    pub(crate) fn mode(&self) -> Option<Mode> {
        match self {
            Permit::Off | Permit::Drop => None,
            Permit::Masked(filter) if !filter.reads() => Some(Mode::Structure),
            Permit::Masked(_) | Permit::Open(_) => Some(Mode::Full),
        }
    }

    /// The filter, where an attribute is to be written.
    pub(crate) fn filter(self) -> Option<Filter> {
        match self {
            Permit::Off | Permit::Drop => None,
            Permit::Masked(filter) | Permit::Open(filter) => Some(filter),
        }
    }

    /// Whether content goes out, but for the parts that a model wrote.
    pub(crate) fn masks_model_parts(&self) -> bool {
        matches!(self, Permit::Open(filter) if filter.masks_model_parts())
    }

    /// Whether content goes out unmasked.
    pub(crate) fn is_open(&self) -> bool {
        matches!(self, Permit::Open(_))
    }
}

/// Which side of a call a text belongs to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Side {
    Input,
    Output,
    /// Of which of the two is not known: masked where any is.
    Either,
}

impl Side {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Side::Input => "input",
            Side::Output => "output",
            Side::Either => "content",
        }
    }
}

/// The policy as it stood at one moment. Not to be kept: it is cheap as long as few are held by a thread.
#[derive(Debug)]
pub(crate) struct PolicyState {
    policy: Guard<Arc<Policy>>,
    /// The policy's, or less.
    capture: Capture,
}

impl PolicyState {
    pub(crate) fn new(policy: Guard<Arc<Policy>>) -> Self {
        Self { capture: policy.capture, policy }
    }

    /// As it is for this trace, whose content may be left out; so is that of no trace, unless all is kept.
    pub(crate) fn for_trace(mut self, trace: TraceId) -> Self {
        if !self.policy.content_share.has(trace) {
            self.capture = Capture::Off;
        }
        self
    }

    /// Whether content of some traces is left out.
    pub(crate) fn is_share(&self) -> bool {
        !self.policy.content_share.is_all()
    }

    /// Whether content goes anywhere.
    pub(crate) fn captures(&self) -> bool {
        self.capture != Capture::Off
    }

    pub(crate) fn policy(&self) -> &Arc<Policy> {
        &self.policy
    }

    /// What is masked in the end: by the policy, by `masks`, or for want of a scope.
    pub(crate) fn masks(&self, masks: Masks) -> Masks {
        let all = self.policy.masks.union(masks);
        let unknown = self.policy.default_mask && !masks.cleared;
        all.mask_input(unknown).mask_output(unknown)
    }

    /// Whether content goes on span attributes.
    pub(crate) fn span_content(&self) -> bool {
        matches!(self.capture, Capture::Span | Capture::SpanAndEvent)
    }

    /// Whether content goes on events.
    pub(crate) fn event_content(&self) -> bool {
        matches!(self.capture, Capture::Event | Capture::SpanAndEvent)
    }

    /// What may be done with what is sent.
    pub(crate) fn input(&self, masks: Masks) -> Permit {
        self.side(Side::Input, masks)
    }

    /// What may be done with what comes back.
    pub(crate) fn output(&self, masks: Masks) -> Permit {
        self.side(Side::Output, masks)
    }

    pub(crate) fn side(&self, side: Side, masks: Masks) -> Permit {
        if self.capture == Capture::Off {
            return Permit::Off;
        }
        let masks = self.masks(masks);
        let masked = match side {
            Side::Input => masks.input,
            Side::Output => masks.output,
            Side::Either => masks.any(),
        };
        match (masked, &self.policy.style) {
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

    /// A user's or session's identifier as it goes out, where the policy hashes them.
    pub(crate) fn hashed_identity(&self, id: &str) -> Option<String> {
        let key = self.policy.hash_identity.as_ref()?;
        Some(if HashKey::is_digest(id) { id.to_owned() } else { key.digest(id) })
    }

    /// What texts that callers attach pass; `masked` if the policy may mask them.
    pub(crate) fn metadata_filter(&self, masked: bool) -> Filter {
        if masked && self.policy.mask_metadata { Filter::masked(&self.policy) } else { Filter::open(&self.policy) }
    }

    /// Whether values that callers attach are masked.
    pub(crate) fn masks_metadata(&self) -> bool {
        self.policy.mask_metadata
    }

    /// Whether other code's free text is held back from export at a place with these masks, although nothing is masked.
    pub(crate) fn holds_free_text(&self, masks: Masks) -> bool {
        masks.model_call && self.capture == Capture::Off && !self.policy.keep_free_text
    }

    /// Whether other code's free text is not exported from a place with these masks.
    pub(crate) fn closes(&self, masks: Masks) -> bool {
        self.masks(masks).any() || self.holds_free_text(masks)
    }

    /// Whether a user's or session's identifier stands under this key.
    pub(crate) fn is_identity(&self, key: &str) -> bool {
        self.policy.class(key) == Class::Identity
    }

    /// Whether a side is masked in the end.
    pub(crate) fn is_masked(&self, side: Side, masks: Masks) -> bool {
        let masks = self.masks(masks);
        match side {
            Side::Input => masks.input,
            Side::Output => masks.output,
            Side::Either => masks.any(),
        }
    }

    /// What may be done with error texts, which can echo either side: nothing while capture is
    /// off, unless the policy keeps them, and never while a side is masked.
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
