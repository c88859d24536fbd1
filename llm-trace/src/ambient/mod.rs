//! Scopes (caller, session, trace) and masks at a place in the program.

mod caller;
pub(crate) mod context;
mod entered_scope;
mod headers;
mod id_generator;
pub(crate) mod mask_context;
mod metadata;
pub(crate) mod scope;
pub(crate) mod scope_facts;
pub(crate) mod scope_fields;
pub(crate) mod span_masks;
mod trace;
pub(crate) mod trace_update;
mod traceparent;

pub use caller::{Caller, Id};
pub use entered_scope::Scoped;
pub use headers::{HeaderPair, HeaderText};
pub(crate) use headers::{baggage, with_propagator};
pub use id_generator::IdGenerator;
pub use metadata::MetadataError;
pub use scope::{InScope, Scope, scope};
pub(crate) use scope_facts::ScopeFacts;
pub(crate) use trace::Continued;
pub use trace::{ExistingTrace, TraceError};
pub use trace_update::{TraceBackend, TraceUpdate};
