//! The lifecycle of one LLM call, from its arguments to its outcome.
//!
//! `lifecycle` starts calls, fills their records and ends them; without the feature `fields`, `plain_span` takes its
//! place. The other files are the interface to the macros, the builder and the user.

mod future;
pub(crate) mod handle;
mod late_values;
#[cfg(feature = "fields")]
pub(crate) mod lifecycle;
mod operation_records;
#[cfg(not(feature = "fields"))]
mod plain_span;
mod prepared;
mod stream_call;

#[cfg(not(feature = "fields"))]
use plain_span as lifecycle;

pub use future::{TracedFuture, trace_future};
pub use handle::LlmCall;
pub use lifecycle::EnteredCall;
#[cfg(feature = "fields")]
pub(crate) use lifecycle::{ActiveCall, CarriedCall, Pipeline};
pub use prepared::Prepared;
pub(crate) use prepared::is_enabled;
pub use stream_call::StreamCall;
