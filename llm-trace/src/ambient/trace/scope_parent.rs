//! Sets a scope's parent by ids.

use super::existing_trace::{ExistingTrace, Parent};
use crate::ambient::scope::Scope;
use crate::ambient::trace_error::TraceError;

impl Scope {
    /// Continues an existing trace: a trace id, `(trace id, span id)`, or an [`ExistingTrace`].
    ///
    /// With a span id, the calls directly inside are sampled children of that span. With a trace id only, they are root
    /// spans of that trace; this requires [`init`](crate::export::init) or
    /// [`TraceIdGenerator`](crate::TraceIdGenerator). An open local span becomes a link.
    ///
    /// ```
    /// # fn main() -> Result<(), llm_trace::TraceError> {
    /// llm_trace::scope().existing_trace("4bf92f3577b34da6a3ce929d0e0e4736")?.run(|| { /* calls */ });
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// If an id is invalid.
    pub fn existing_trace<T>(mut self, trace: T) -> Result<Self, TraceError>
    where
        T: TryInto<ExistingTrace>,
        TraceError: From<T::Error>,
    {
        self.parent = Some(trace.try_into()?.into());
        Ok(self)
    }
}

/// The parent by the ids of a request's metadata. Gateways accept any text as `trace`: one that is not a trace id is
/// metadata.
pub(crate) fn named_parent(
    existing: Option<String>,
    trace: Option<String>,
    span: Option<String>,
) -> Result<Option<Parent>, TraceError> {
    let trace = match existing {
        Some(id) => Some(ExistingTrace::new(id)?),
        None => trace.and_then(|id| ExistingTrace::new(id).ok()),
    };
    let (Some(trace), Some(span)) = (trace, span) else { return Ok(trace.map(Parent::from)) };
    Ok(Some(trace.below(span)?.into()))
}
