//! The trace of a call: a remote one, an existing one, or a new one.

use opentelemetry::Context;
use opentelemetry::baggage::{BaggageExt, KeyValueMetadata};
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState};

use super::trace_id_generator;
use super::traceparent::{Traceparent, hex_bytes};
use crate::ambient::trace_error::TraceError;
use crate::credentials::clean;

/// An existing trace, continued by [`Scope::existing_trace`](crate::Scope::existing_trace).
///
/// It is built from texts or bytes, so the trace may belong to any version of OpenTelemetry or to another tracer:
///
/// ```
/// use llm_trace::ExistingTrace;
///
/// # /// As the `SpanContext` of another version.
/// # struct SpanContext;
/// # impl SpanContext {
/// #     fn trace_id(&self) -> Id<16> { Id([1; 16]) }
/// #     fn span_id(&self) -> Id<8> { Id([1; 8]) }
/// #     fn is_sampled(&self) -> bool { true }
/// # }
/// # struct Id<const N: usize>([u8; N]);
/// # impl<const N: usize> Id<N> {
/// #     fn to_bytes(&self) -> [u8; N] { self.0 }
/// # }
/// # fn main() -> Result<(), llm_trace::TraceError> {
/// # let cx = SpanContext;
/// // The `SpanContext` of another version of OpenTelemetry.
/// let trace = ExistingTrace::try_from((cx.trace_id().to_bytes(), cx.span_id().to_bytes(), cx.is_sampled()))?;
/// # llm_trace::scope().existing_trace(trace)?.run(|| ());
/// // A trace id in hex or as a UUID, and the id of one of its spans.
/// let trace = ExistingTrace::new("4bf92f35-77b3-4da6-a3ce-929d0e0e4736")?.below("00f067aa0ba902b7")?;
/// // The same in one text.
/// let traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
/// assert_eq!(ExistingTrace::new(traceparent)?, trace);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ExistingTrace {
    trace: TraceId,
    parent: Option<SpanId>,
    flags: TraceFlags,
}

impl ExistingTrace {
    /// Parses a trace id (32 hex digits, or a UUID) or a W3C `traceparent`.
    ///
    /// A trace id alone counts as sampled. The flags of a `traceparent` decide for it.
    pub fn new(id: impl AsRef<str>) -> Result<Self, TraceError> {
        let text = id.as_ref().trim();
        if let Some(Traceparent { trace, span, flags }) = Traceparent::parse(text) {
            return Ok(Self { trace, parent: Some(span), flags });
        }
        let hyphens = |(at, byte): (usize, u8)| (byte == b'-') == matches!(at, 8 | 13 | 18 | 23);
        let uuid = text.len() == 36 && text.bytes().enumerate().all(hyphens);
        let trace = if uuid { hex_bytes(&text.replace('-', "")) } else { hex_bytes(text) };
        let trace = trace.and_then(Self::from_trace_id);
        trace.ok_or_else(|| TraceError::TraceId(clean(text).0.into_owned()))
    }

    /// Sets the parent span: 16 hex digits.
    pub fn below(self, span: impl AsRef<str>) -> Result<Self, TraceError> {
        let text = span.as_ref().trim();
        let below = hex_bytes(text).and_then(|span| self.below_span_id(span));
        below.ok_or_else(|| TraceError::SpanId(clean(text).0.into_owned()))
    }

    /// Sets whether the trace is sampled. A parent-based sampler, which is the default, decides likewise for the calls.
    ///
    /// ```
    /// # fn main() -> Result<(), llm_trace::TraceError> {
    /// let dropped = llm_trace::ExistingTrace::new("4bf92f3577b34da6a3ce929d0e0e4736")?.sampled(false);
    /// llm_trace::scope().existing_trace(dropped)?.run(|| { /* calls without spans */ });
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn sampled(self, sampled: bool) -> Self {
        Self { flags: if sampled { TraceFlags::SAMPLED } else { TraceFlags::NOT_SAMPLED }, ..self }
    }

    fn from_trace_id(id: [u8; 16]) -> Option<Self> {
        let trace = Some(TraceId::from_bytes(id)).filter(|id| *id != TraceId::INVALID)?;
        Some(Self { trace, parent: None, flags: TraceFlags::SAMPLED })
    }

    fn below_span_id(self, id: [u8; 8]) -> Option<Self> {
        let span = Some(SpanId::from_bytes(id)).filter(|id| *id != SpanId::INVALID)?;
        Some(Self { parent: Some(span), ..self })
    }
}

/// Conversions from the two ids, and from the two ids and whether they are sampled.
macro_rules! from_ids {
    ($([$($types:ty),*] |$($ids:ident),*| $trace:expr;)*) => {$(
        impl TryFrom<($($types),*)> for ExistingTrace {
            type Error = TraceError;

            fn try_from(($($ids),*): ($($types),*)) -> Result<Self, TraceError> {
                $trace
            }
        }

        impl TryFrom<($($types),*, bool)> for ExistingTrace {
            type Error = TraceError;

            fn try_from(($($ids),*, sampled): ($($types),*, bool)) -> Result<Self, TraceError> {
                Ok(Self::try_from(($($ids),*))?.sampled(sampled))
            }
        }
    )*};
}

from_ids! {
    [&str, &str] |trace, span| Self::new(trace)?.below(span);
    [String, String] |trace, span| Self::new(trace)?.below(span);
    [[u8; 16], [u8; 8]] |trace, span| {
        let trace = Self::from_trace_id(trace).ok_or_else(|| TraceError::TraceId(TraceId::INVALID.to_string()))?;
        trace.below_span_id(span).ok_or_else(|| TraceError::SpanId(SpanId::INVALID.to_string()))
    };
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

impl TryFrom<&SpanContext> for ExistingTrace {
    type Error = TraceError;

    fn try_from(span: &SpanContext) -> Result<Self, TraceError> {
        (span.trace_id().to_bytes(), span.span_id().to_bytes(), span.is_sampled()).try_into()
    }
}

/// The parent of the spans directly inside a scope.
#[derive(Clone, Debug)]
pub(crate) enum Parent {
    /// A span of another process, and the baggage received with it.
    Remote(SpanContext, Vec<KeyValueMetadata>),
    /// A trace without a known span.
    Trace(TraceId, TraceFlags),
}

impl From<ExistingTrace> for Parent {
    fn from(ExistingTrace { trace, parent, flags }: ExistingTrace) -> Self {
        match parent {
            Some(span) => Parent::Remote(remote(trace, span, flags), Vec::new()),
            None => Parent::Trace(trace, flags),
        }
    }
}

/// Samplers read the flags of the active span even if its ids are invalid.
fn remote(trace: TraceId, span: SpanId, flags: TraceFlags) -> SpanContext {
    SpanContext::new(trace, span, flags, true, TraceState::NONE)
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
            Parent::Trace(trace, _) if cx.span().span_context().trace_id() == *trace => return cx.clone(),
            Parent::Trace(trace, flags) if trace_id_generator::any() => {
                (remote(TraceId::INVALID, SpanId::INVALID, *flags), Some(*trace))
            }
            // Without a `TraceIdGenerator`, the span becomes a child of a span that does not exist.
            Parent::Trace(trace, flags) => {
                let [.., a, b, c, d, e, f, g, h] = trace.to_bytes();
                let half = SpanId::from_bytes([a, b, c, d, e, f, g, h]);
                let span = if half == SpanId::INVALID { SpanId::from_bytes([0, 0, 0, 0, 0, 0, 0, 1]) } else { half };
                (remote(*trace, span, *flags), None)
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
        assert_eq!(error, "`17` is not a span id: give 16 hex digits, not all zero");
        assert!(trace.below("0000000000000000").is_err() && trace.below("00f067aa0ba902b7").is_ok());
    }

    #[test]
    fn an_error_shows_the_start_of_a_text_and_no_control_characters() {
        let text = format!("\u{1b}[31m{}", "a".repeat(10_000));
        let error = ExistingTrace::new(&text).expect_err("an error").to_string();
        assert!(error.starts_with("`\\u{1b}[31maaaa") && error.contains("…` is not a trace id"), "{error}");
        assert!(error.len() < 200, "{error}");
    }
}
