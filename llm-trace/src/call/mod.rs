//! The lifecycle of one LLM call, from its arguments to its outcome.

pub(crate) mod call_arguments;
pub(crate) mod captured_value;
pub(crate) mod future;
pub(crate) mod handle;
mod late_values;
mod operation_records;
mod start_fields;
mod stream_call;

#[cfg(feature = "fields")]
mod active_call;
#[cfg(not(feature = "fields"))]
#[path = "absent.rs"]
mod active_call;
#[cfg(feature = "fields")]
mod agent_totals;
#[cfg(feature = "fields")]
mod call_record;
#[cfg(feature = "otel")]
mod call_ref;
#[cfg(feature = "otel")]
mod carrier;
#[cfg(feature = "fields")]
mod corrections;
#[cfg(feature = "fields")]
mod current;
#[cfg(feature = "fields")]
mod documents;
#[cfg(feature = "otel")]
mod evaluation;
#[cfg(feature = "fields")]
mod final_content;
#[cfg(feature = "fields")]
mod finish;
#[cfg(feature = "fields")]
mod finished_call;
#[cfg(feature = "fields")]
mod inherited_facts;
#[cfg(feature = "fields")]
mod nesting;
#[cfg(feature = "fields")]
mod observed;
#[cfg(feature = "fields")]
pub(crate) mod open_calls;
#[cfg(feature = "fields")]
mod open_handles;
#[cfg(feature = "fields")]
mod operation_content;
#[cfg(feature = "fields")]
mod pending_call;
#[cfg(not(feature = "fields"))]
use active_call as pending_call;
#[cfg(feature = "fields")]
pub(crate) mod pipeline;
#[cfg(feature = "otel")]
pub(crate) mod propagation;
#[cfg(feature = "fields")]
mod record_response;
#[cfg(feature = "fields")]
mod start_attributes;
#[cfg(feature = "fields")]
mod start_context;
#[cfg(feature = "fields")]
mod stream_reader;
#[cfg(feature = "fields")]
mod trace_update;
#[cfg(feature = "fields")]
pub(crate) mod unread_answers;

#[cfg(feature = "fields")]
pub(crate) use active_call::ActiveCall;
pub use active_call::EnteredCall;
pub(crate) use call_arguments::is_enabled;
pub use call_arguments::{CallArguments, Prepared};
#[cfg(feature = "otel")]
pub use call_ref::CallRef;
pub use captured_value::ProbedValue;
#[cfg(feature = "otel")]
pub use carrier::{Carrier, McpMeta};
#[cfg(feature = "fields")]
pub(crate) use current::CarriedCall;
#[cfg(feature = "otel")]
pub use evaluation::{Evaluation, evaluation};
pub use future::{TracedFuture, trace_future};
pub use handle::LlmCall;
#[cfg(feature = "fields")]
pub use open_calls::OpenCalls;
#[cfg(feature = "fields")]
pub(crate) use pipeline::Pipeline;
#[cfg(feature = "otel")]
pub use propagation::{Propagation, inject, inject_to};
pub use start_fields::{MakeSpan, StartFields};
pub use stream_call::StreamCall;
