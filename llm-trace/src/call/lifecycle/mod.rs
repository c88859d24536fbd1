//! Starts calls, fills their records and ends them.

mod active_call;
mod agent_totals;
mod call_ref;
mod carrier;
mod corrections;
mod current;
mod finish;
mod handles;
mod inherited_facts;
mod nesting;
mod open_calls;
mod open_handles;
mod operation_values;
#[cfg(feature = "otel")]
mod otel;
mod pending_call;
pub(crate) mod pipeline;
mod propagation;
mod record_response;
mod start;
mod start_context;
mod stream_reader;
mod trace_update;
pub(crate) mod unread_answers;

pub(crate) use active_call::ActiveCall;
pub use call_ref::CallRef;
pub use carrier::{Carrier, McpMeta};
pub use current::EnteredCall;
pub use open_calls::OpenCalls;
#[cfg(feature = "otel")]
pub use otel::{Evaluation, evaluation, inject, inject_to};
pub(crate) use pending_call::PendingCall;
pub(crate) use pipeline::Pipeline;
pub use propagation::Propagation;
pub(crate) use start::{can_start, has_layer};
