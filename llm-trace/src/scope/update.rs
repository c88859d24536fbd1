//! The input and output of a whole trace, told by a call.

use std::ops::{BitOr, BitOrAssign};

/// Which sides of a trace a call writes: see [`Scope::update_trace`](crate::Scope::update_trace).
///
/// ```
/// use llm_trace::TraceUpdate;
///
/// let both = TraceUpdate::INPUT | TraceUpdate::OUTPUT;
/// assert!(both.contains(TraceUpdate::INPUT));
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct TraceUpdate(u8);

impl TraceUpdate {
    /// Neither side.
    pub const NONE: Self = Self(0);
    /// What went into the trace.
    pub const INPUT: Self = Self(1);
    /// What came out of it.
    pub const OUTPUT: Self = Self(2);

    /// Whether all of `other` is in it.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

impl BitOr for TraceUpdate {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitOrAssign for TraceUpdate {
    fn bitor_assign(&mut self, other: Self) {
        *self = *self | other;
    }
}
