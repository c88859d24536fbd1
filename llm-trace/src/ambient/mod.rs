//! Scopes (caller, session, trace) and masks at a place in the program.

mod caller;
pub(crate) mod context;
mod entered_scope;
#[cfg(feature = "otel")]
mod headers;
pub(crate) mod mask_context;
mod metadata;
pub(crate) mod scope;
pub(crate) mod scope_facts;
pub(crate) mod scope_fields;
pub(crate) mod span_masks;
#[cfg(feature = "otel")]
mod trace;
#[cfg(not(feature = "otel"))]
mod trace_absent;
mod trace_error;
#[cfg(feature = "otel")]
mod trace_id_generator;
pub(crate) mod trace_update;
#[cfg(feature = "otel")]
mod traceparent;

pub use caller::{Caller, Id};
pub use entered_scope::Scoped;
#[cfg(feature = "otel")]
pub use headers::{HeaderPair, HeaderText};
#[cfg(feature = "otel")]
pub(crate) use headers::{baggage, with_propagator};
pub use metadata::MetadataError;
pub use scope::{InScope, Scope, scope};
pub(crate) use scope_facts::ScopeFacts;
#[cfg(feature = "otel")]
pub(crate) use trace::Continued;
#[cfg(feature = "otel")]
pub use trace::ExistingTrace;
#[cfg(not(feature = "otel"))]
pub(crate) use trace_absent::Continued;
pub use trace_error::TraceError;
#[cfg(feature = "otel")]
pub use trace_id_generator::TraceIdGenerator;
pub use trace_update::{TraceBackend, TraceUpdate};
