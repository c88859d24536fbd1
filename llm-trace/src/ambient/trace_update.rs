//! The input and output of a trace, written by a call.

use std::ops::{BitOr, BitOrAssign};

use crate::diag;
use crate::semconv::openinference;

/// The sides of a trace that a call writes. See [`Scope::update_trace`](crate::Scope::update_trace).
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
    /// The input of the trace.
    pub const INPUT: Self = Self(1);
    /// The output of the trace.
    pub const OUTPUT: Self = Self(2);

    /// Combines two sets.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether this contains all of `other`.
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

/// A backend that shows the input and output of a trace, and takes them from spans. See
/// [`LlmLayer::with_trace_backend`](crate::LlmLayer::with_trace_backend).
///
/// ```
/// use llm_trace::TraceBackend;
/// use tracing_subscriber::prelude::*;
///
/// tracing_subscriber::registry().with(llm_trace::layer().with_trace_backend(TraceBackend::Phoenix)).init();
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum TraceBackend {
    /// Langfuse: reads them from any span of the trace; the last value replaces earlier ones.
    #[default]
    Langfuse,
    /// Arize Phoenix: shows those of the root span and does not replace them.
    Phoenix,
    /// MLflow: shows those of the root span and does not replace them.
    MlFlow,
}

/// The attribute names of input and output, and whether a later value replaces an earlier one.
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

    /// Warns once that an update below the root span has no effect at this backend.
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
