//! Scopes (caller, session, trace) and masks at a place in the program.

#[cfg(not(feature = "otel"))]
pub(crate) mod absent;
mod caller;
pub(crate) mod context;
mod entered_scope;
pub(crate) mod mask_context;
mod metadata;
pub(crate) mod scope;
pub(crate) mod scope_facts;
pub(crate) mod scope_fields;
pub(crate) mod span_masks;
#[cfg(feature = "otel")]
pub(crate) mod trace;
mod trace_error;
pub(crate) mod trace_update;

#[cfg(not(feature = "otel"))]
pub(crate) use absent as trace;
pub use caller::{Caller, Id};
pub use entered_scope::Scoped;
pub use metadata::MetadataError;
pub use scope::{InScope, Scope, scope};
pub(crate) use scope_facts::ScopeFacts;
pub(crate) use trace::Continued;
pub use trace_error::TraceError;
pub use trace_update::{TraceBackend, TraceUpdate};
