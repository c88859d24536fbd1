//! The trace that a scope continues.

mod existing_trace;
mod headers;
mod scope_parent;
mod trace_id_generator;
mod traceparent;

pub use existing_trace::ExistingTrace;
pub(crate) use existing_trace::{Continued, Parent};
pub use headers::{HeaderPair, HeaderText};
pub(crate) use headers::{baggage, with_propagator};
pub(crate) use scope_parent::named_parent;
pub use trace_id_generator::TraceIdGenerator;
