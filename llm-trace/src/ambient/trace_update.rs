//! The input and output of a whole trace, told by a call.

use std::ops::{BitOr, BitOrAssign};

use crate::diag;
use crate::semconv::openinference;

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

    /// Both together.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether all of `other` is in it.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

impl BitOr for TraceUpdate {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        self.union(other)
    }
}

impl BitOrAssign for TraceUpdate {
    fn bitor_assign(&mut self, other: Self) {
        *self = *self | other;
    }
}

/// A backend that shows the input and output of a trace as a whole, and takes them from spans:
/// see [`LlmLayer::with_trace_backend`](crate::LlmLayer::with_trace_backend).
///
/// ```
/// use llm_trace::TraceBackend;
/// use tracing_subscriber::Registry;
///
/// let layer = llm_trace::layer::<Registry>().with_trace_backend(TraceBackend::Phoenix);
/// # let _ = layer;
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum TraceBackend {
    /// Langfuse: takes them from any span of the trace; the last one replaces what was there.
    #[default]
    Langfuse,
    /// Arize Phoenix: shows those of the root span, and keeps them.
    Phoenix,
    /// MLflow: shows those of the root span, and keeps them.
    MlFlow,
}

/// The names of the input and of the output, and whether they replace what the trace held.
#[rustfmt::skip]
const NAMES: [(TraceBackend, &str, &str, bool); 3] = [
    (TraceBackend::Langfuse, "langfuse.trace.input", "langfuse.trace.output", true),
    (TraceBackend::Phoenix,  openinference::INPUT_VALUE,      openinference::OUTPUT_VALUE,      false),
    (TraceBackend::MlFlow,   openinference::INPUT_VALUE,      openinference::OUTPUT_VALUE,      false),
];

impl TraceBackend {
    fn row(self) -> (TraceBackend, &'static str, &'static str, bool) {
        NAMES.into_iter().find(|(backend, ..)| *backend == self).unwrap_or(NAMES[0])
    }

    pub(crate) fn input_key(self) -> &'static str {
        self.row().1
    }

    pub(crate) fn output_key(self) -> &'static str {
        self.row().2
    }

    /// Says once that an update from below the root changes nothing there.
    pub(crate) fn warn_if_it_keeps(self) {
        if !self.row().3 {
            diag::warn_once(
                "trace-update",
                &format!(
                    "{self:?} shows the input and output of a trace's root span only: `update_trace` changes them \
                     while the root is a call of this process that has not ended, and cannot replace them later"
                ),
            );
        }
    }
}
