//! The policy: is content wanted, and what is masked.

/// Where content goes, if anywhere. Content is off unless someone says on.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum Capture {
    /// No content.
    #[default]
    Off,
    /// Content on span attributes.
    Span,
    /// Content on events.
    Event,
    /// Content on both.
    SpanAndEvent,
}

/// Which sides of a call are masked.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Masks {
    pub(crate) input: bool,
    pub(crate) output: bool,
}

/// What may leave the process.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    capture: Capture,
    masks: Masks,
}
