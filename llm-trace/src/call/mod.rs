//! The lifecycle of one LLM call, from its arguments to its outcome.

pub(crate) mod call_arguments;
#[cfg_attr(not(feature = "otel"), allow(dead_code))]
pub(crate) mod captured_value;
pub(crate) mod future;
pub(crate) mod handle;
mod late_values;
mod operation_records;
mod start_fields;
mod stream_call;

#[cfg(feature = "otel")]
mod active_call;
#[cfg(not(feature = "otel"))]
#[path = "plain.rs"]
mod active_call;
#[cfg(feature = "otel")]
mod agent_totals;
#[cfg(feature = "otel")]
mod call_record;
#[cfg(feature = "otel")]
mod call_ref;
#[cfg(feature = "otel")]
mod carrier;
#[cfg(feature = "otel")]
mod corrections;
#[cfg(feature = "otel")]
mod current;
#[cfg(feature = "otel")]
mod documents;
#[cfg(feature = "otel")]
mod evaluation;
#[cfg(feature = "otel")]
mod final_content;
#[cfg(feature = "otel")]
mod finish;
#[cfg(feature = "otel")]
mod finished_call;
#[cfg(feature = "otel")]
mod inherited_facts;
#[cfg(feature = "otel")]
mod nesting;
#[cfg(feature = "otel")]
mod observed;
#[cfg(feature = "otel")]
pub(crate) mod open_calls;
#[cfg(feature = "otel")]
mod open_handles;
#[cfg(feature = "otel")]
mod operation_content;
#[cfg(feature = "otel")]
mod pending_call;
#[cfg(not(feature = "otel"))]
use active_call as pending_call;
#[cfg(feature = "otel")]
pub(crate) mod pipeline;
#[cfg(feature = "otel")]
pub(crate) mod propagation;
#[cfg(feature = "otel")]
mod record_response;
#[cfg(feature = "otel")]
mod start_attributes;
#[cfg(feature = "otel")]
mod start_context;
#[cfg(feature = "otel")]
mod stream_reader;
#[cfg(feature = "otel")]
mod trace_update;

#[cfg(feature = "otel")]
pub(crate) use active_call::ActiveCall;
pub use active_call::EnteredCall;
pub(crate) use call_arguments::is_enabled;
pub use call_arguments::{CallArguments, Prepared};
#[cfg(feature = "otel")]
pub use call_ref::CallRef;
pub use captured_value::ProbedValue;
#[cfg(feature = "otel")]
pub use carrier::{Carrier, McpMeta};
#[cfg(feature = "otel")]
pub(crate) use current::CarriedCall;
#[cfg(feature = "otel")]
pub use evaluation::{Evaluation, evaluation};
pub use future::{TracedFuture, trace_future};
pub use handle::LlmCall;
#[cfg(feature = "otel")]
pub use open_calls::OpenCalls;
#[cfg(feature = "otel")]
pub(crate) use pipeline::Pipeline;
#[cfg(feature = "otel")]
pub use propagation::{Propagation, inject, inject_to};
pub use start_fields::{MakeSpan, StartFields};
pub use stream_call::StreamCall;
