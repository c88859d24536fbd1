//! The trace of a call: a remote one, an existing one, or a new one.

use opentelemetry::Context;
use opentelemetry::baggage::{BaggageExt, KeyValueMetadata};
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState};

use super::id_generator;

/// An existing trace, continued by [`Scope::existing_trace`](crate::Scope::existing_trace).
///
/// ```
/// use llm_trace::ExistingTrace;
///
/// # fn main() -> Result<(), llm_trace::TraceError> {
/// // A trace id in hex or as a UUID, and the id of one of its spans.
/// let trace = ExistingTrace::new("4bf92f35-77b3-4da6-a3ce-929d0e0e4736")?.below("00f067aa0ba902b7")?;
/// llm_trace::scope().existing_trace(trace)?.run(|| { /* calls */ });
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ExistingTrace {
    trace: TraceId,
    parent: Option<SpanId>,
}

/// The reason why a trace cannot be continued.
///
/// ```
/// use llm_trace::{ExistingTrace, TraceError};
///
/// assert_eq!(ExistingTrace::new("17"), Err(TraceError::TraceId("17".to_owned())));
/// ```
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TraceError {
    /// The text is not a trace id.
    #[error("`{0}` is no trace id: give 32 hex digits or a UUID, not all zero")]
    TraceId(String),
    /// The text is not a span id.
    #[error("`{0}` is no span id: give 16 hex digits, not all zero")]
    SpanId(String),
    /// The call already has a span.
    #[error("the call has started in its trace already: set the trace in a scope around the call")]
    Started,
}

impl ExistingTrace {
    /// Parses a trace id: 32 hex digits, or a UUID.
    pub fn new(id: impl AsRef<str>) -> Result<Self, TraceError> {
        let text = id.as_ref().trim();
        let hyphens = |(at, byte): (usize, u8)| (byte == b'-') == matches!(at, 8 | 13 | 18 | 23);
        let uuid = text.len() == 36 && text.bytes().enumerate().all(hyphens);
        let trace = if uuid { hex_bytes(&text.replace('-', "")) } else { hex_bytes(text) };
        match trace.map(TraceId::from_bytes).filter(|id| *id != TraceId::INVALID) {
            Some(trace) => Ok(Self { trace, parent: None }),
            None => Err(TraceError::TraceId(text.to_owned())),
        }
    }

    /// Sets the parent span: 16 hex digits.
    pub fn below(self, span: impl AsRef<str>) -> Result<Self, TraceError> {
        let text = span.as_ref().trim();
        match hex_bytes(text).map(SpanId::from_bytes).filter(|id| *id != SpanId::INVALID) {
            Some(span) => Ok(Self { parent: Some(span), ..self }),
            None => Err(TraceError::SpanId(text.to_owned())),
        }
    }
}

/// Parses exactly `N` bytes of hex.
fn hex_bytes<const N: usize>(hex: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    if hex.len() != 2 * N {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(hex.as_bytes().chunks_exact(2)) {
        let digit = |at: usize| char::from(pair[at]).to_digit(16);
        *byte = u8::try_from(digit(0)? << 4 | digit(1)?).ok()?;
    }
    Some(bytes)
}

impl TryFrom<&str> for ExistingTrace {
    type Error = TraceError;

    fn try_from(id: &str) -> Result<Self, TraceError> {
        Self::new(id)
    }
}

impl TryFrom<String> for ExistingTrace {
    type Error = TraceError;

    fn try_from(id: String) -> Result<Self, TraceError> {
        Self::new(id)
    }
}

impl TryFrom<(&str, &str)> for ExistingTrace {
    type Error = TraceError;

    fn try_from((trace, parent): (&str, &str)) -> Result<Self, TraceError> {
        Self::new(trace)?.below(parent)
    }
}

impl TryFrom<&SpanContext> for ExistingTrace {
    type Error = TraceError;

    fn try_from(span: &SpanContext) -> Result<Self, TraceError> {
        Self::new(span.trace_id().to_string())?.below(span.span_id().to_string())
    }
}

impl From<std::convert::Infallible> for TraceError {
    fn from(never: std::convert::Infallible) -> Self {
        match never {}
    }
}

/// The parent of the spans directly inside a scope.
#[derive(Clone, Debug)]
pub(crate) enum Parent {
    /// A span of another process, and the baggage received with it.
    Remote(SpanContext, Vec<KeyValueMetadata>),
    /// A trace without a known span.
    Trace(TraceId),
}

impl From<ExistingTrace> for Parent {
    fn from(ExistingTrace { trace, parent }: ExistingTrace) -> Self {
        match parent {
            Some(span) => Parent::Remote(remote(trace, span), Vec::new()),
            None => Parent::Trace(trace),
        }
    }
}

fn remote(trace: TraceId, span: SpanId) -> SpanContext {
    SpanContext::new(trace, span, TraceFlags::SAMPLED, true, TraceState::NONE)
}

/// An invalid parent with the sampled flag. Samplers read the flags of the active span even if it is invalid.
fn no_parent() -> SpanContext {
    SpanContext::new(TraceId::INVALID, SpanId::INVALID, TraceFlags::SAMPLED, true, TraceState::NONE)
}

/// A scope's parent, stored in the `Context` that the scope attaches.
#[derive(Clone, Debug)]
pub(crate) struct Continued {
    /// The active span of that context; invalid if the next span is to be a root.
    parent: SpanContext,
    /// The trace of that root.
    trace: Option<TraceId>,
    /// The span that would have been the parent.
    link: Option<SpanContext>,
}

impl Continued {
    /// `cx` with another parent for the spans directly inside.
    pub(crate) fn below(cx: &Context, parent: &Parent) -> Context {
        let (parent, trace) = match parent {
            Parent::Remote(span, baggage) => {
                let continued = Continued { parent: span.clone(), trace: None, link: None };
                let cx = continued.onto(cx);
                return if baggage.is_empty() { cx } else { cx.with_baggage(baggage.iter().cloned()) };
            }
            // The context already belongs to that trace.
            Parent::Trace(trace) if cx.span().span_context().trace_id() == *trace => return cx.clone(),
            Parent::Trace(trace) if id_generator::any() => (no_parent(), Some(*trace)),
            // Without an `IdGenerator`, the span becomes a child of a span that does not exist.
            Parent::Trace(trace) => {
                let [.., a, b, c, d, e, f, g, h] = trace.to_bytes();
                let half = SpanId::from_bytes([a, b, c, d, e, f, g, h]);
                let span = if half == SpanId::INVALID { SpanId::from_bytes([0, 0, 0, 0, 0, 0, 0, 1]) } else { half };
                (remote(*trace, span), None)
            }
        };
        Continued { parent, trace, link: None }.onto(cx)
    }

    /// `cx` with this parent. Its current parent becomes the link.
    pub(crate) fn onto(&self, cx: &Context) -> Context {
        let live = cx.span().span_context().clone();
        let link = Some(live).filter(|live| live.is_valid() && *live != self.parent).or_else(|| self.link.clone());
        cx.with_remote_span_context(self.parent.clone()).with_value(Continued { link, ..self.clone() })
    }

    /// The scope's parent, if the next span below `cx` is directly inside the scope.
    pub(crate) fn pending(cx: &Context) -> Option<Continued> {
        cx.get::<Continued>().filter(|continued| *cx.span().span_context() == continued.parent).cloned()
    }

    /// The trace of the spans directly inside.
    pub(crate) fn trace_id(&self) -> TraceId {
        self.trace.unwrap_or_else(|| self.parent.trace_id())
    }

    pub(crate) fn link(&self) -> Option<&SpanContext> {
        self.link.as_ref()
    }

    /// The trace of a root span that starts here.
    pub(crate) fn trace_of_root() -> Option<TraceId> {
        Context::map_current(|cx| {
            let continued = cx.get::<Continued>()?;
            continued.trace.filter(|_| !cx.span().span_context().is_valid())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_and_uuids_are_trace_ids_and_nothing_else_is() {
        let hex = "4bf92f3577b34da6a3ce929d0e0e4736";
        let uuid = "4BF92F35-77b3-4da6-a3ce-929d0e0e4736";
        assert_eq!(ExistingTrace::new(hex), ExistingTrace::new(uuid));
        for bad in
            ["", "0", "trace-1", &hex[1..], "4bf92f3577b34da6a3ce929d0e0e473g", "+bf92f3577b34da6a3ce929d0e0e4736"]
        {
            assert_eq!(ExistingTrace::new(bad), Err(TraceError::TraceId(bad.to_owned())));
        }
        assert!(ExistingTrace::new("0".repeat(32)).is_err());
        assert!(ExistingTrace::new("4bf92f-3577b34da6a3ce929d0e0e473600-").is_err());
    }

    #[test]
    fn a_bad_span_id_says_which() {
        let trace = ExistingTrace::new("4bf92f3577b34da6a3ce929d0e0e4736").expect("an id");
        let error = trace.below("17").expect_err("an error").to_string();
        assert_eq!(error, "`17` is no span id: give 16 hex digits, not all zero");
        assert!(trace.below("0000000000000000").is_err() && trace.below("00f067aa0ba902b7").is_ok());
    }
}
