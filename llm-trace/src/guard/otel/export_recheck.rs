//! A mark that a guard leaves on a span or record, for the check before it is sent.

use opentelemetry::Value;

use crate::policy::redactor::Owner;
use crate::policy::{Masks, Stamp};

/// Never exported: the exporters that add this attribute remove it.
pub(crate) const KEY: &str = "llm_trace.internal.redacted";

/// Whether an attribute is the mark. Code that removes attributes must keep it.
pub(crate) fn is_note(key: &str) -> bool {
    key == KEY
}

/// In place of masks: outside of every call and scope.
const OUTSIDE: i64 = 16;

/// Not the span of a call.
const OTHER: i64 = 32;

const EPOCH_AT: u32 = 6;

/// The policy and masks that redacted an item: the epoch, and the masks in the low bits.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Note(i64);

impl Note {
    pub(crate) fn new(masks: Option<Masks>, owner: Owner, stamp: Stamp) -> Self {
        let masks = masks.map_or(OUTSIDE, |masks| i64::from(masks.bits()));
        let owner = if owner == Owner::Other { OTHER } else { 0 };
        Self(masks | owner | (stamp.epoch.cast_signed() << EPOCH_AT))
    }

    pub(crate) fn read(value: &Value) -> Option<Self> {
        if let Value::I64(number) = value { Some(Self(*number)) } else { None }
    }

    pub(crate) fn from_number(number: i64) -> Self {
        Self(number)
    }

    pub(crate) fn to_number(self) -> i64 {
        self.0
    }

    /// Whether the policy is still the same.
    pub(crate) fn is_of(self, stamp: Stamp) -> bool {
        self.0 >> EPOCH_AT == stamp.epoch.cast_signed()
    }

    pub(crate) fn masks(self) -> Option<Masks> {
        (self.0 & OUTSIDE == 0).then(|| Masks::from_bits((self.0 & 15) as u8))
    }

    /// An item that an earlier policy filtered is filtered again.
    pub(crate) fn owner(self) -> Owner {
        if self.0 & OTHER == 0 { Owner::Call } else { Owner::Other }
    }
}
