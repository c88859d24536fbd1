//! A tracer whose LLM spans start when their calls were measured to start.

use opentelemetry::Context;
use opentelemetry::trace::{SpanBuilder, Tracer};

use crate::call::Carried;

/// Gives a call's own span the call's own start, so that the span and the metrics tell one
/// duration. All else is the inner tracer's.
#[derive(Debug)]
pub(super) struct CallTracer<T>(pub(super) T);

impl<T: Tracer> Tracer for CallTracer<T> {
    type Span = T::Span;

    fn build_with_context(&self, mut builder: SpanBuilder, parent: &Context) -> Self::Span {
        // Spans below the call carry it too: only the first is its own.
        if let Some(begun) = parent.get::<Carried>().and_then(Carried::take_start) {
            builder.start_time = Some(begun);
        }
        self.0.build_with_context(builder, parent)
    }
}
