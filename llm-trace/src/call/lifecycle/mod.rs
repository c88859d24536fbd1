//! Starts calls, fills their records and ends them.

mod active_call;
mod agent_totals;
#[cfg(feature = "otel")]
mod call_ref;
#[cfg(feature = "otel")]
mod carrier;
mod corrections;
mod current;
#[cfg(feature = "otel")]
mod evaluation;
mod finish;
mod handles;
mod inherited_facts;
#[cfg(feature = "otel")]
mod inject;
mod nesting;
mod open_calls;
mod open_handles;
mod operation_values;
mod pending_call;
pub(crate) mod pipeline;
#[cfg(feature = "otel")]
mod propagation;
mod record_response;
mod start;
mod start_context;
mod stream_reader;
mod trace_update;
pub(crate) mod unread_answers;

pub(crate) use active_call::ActiveCall;
#[cfg(feature = "otel")]
pub use call_ref::CallRef;
#[cfg(feature = "otel")]
pub use carrier::{Carrier, McpMeta};
pub(crate) use current::CarriedCall;
pub use current::EnteredCall;
#[cfg(feature = "otel")]
pub use evaluation::{Evaluation, evaluation};
#[cfg(feature = "otel")]
pub use inject::{inject, inject_to};
pub use open_calls::OpenCalls;
pub(crate) use pending_call::PendingCall;
pub(crate) use pipeline::Pipeline;
#[cfg(feature = "otel")]
pub use propagation::Propagation;
pub(crate) use start::has_layer;
