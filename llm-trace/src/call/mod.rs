//! The lifecycle of one LLM call, from its arguments to its outcome.
//!
//! `lifecycle` starts calls, fills their records and ends them; without the feature `fields`, `plain_span` takes its
//! place. The other files are the interface to the macros, the builder and the user.
//!
//! The types of a call's life, in order:
//!
//! | type | meaning |
//! |---|---|
//! | `CallArguments` | the arguments that the macro or the builder reads before the start |
//! | `PendingCall` | a call whose arguments are read and whose span starts at the first poll of its future |
//! | `Prepared` | a `PendingCall` or a call that has started |
//! | `ActiveCall` | a running call: its span, its masks, and its `CallRecord` behind a lock |
//! | `CallRecord` | the data of a call: facts, permitted content, stream and error |
//! | `LlmCall` | a handle on an `ActiveCall`, for the macro and the user; the last one ends the call |
//! | `StreamCall` | the handle of a stream's wrapper; the end of the stream ends the call |
//! | `CallRef` | refers to a call, also after its end, for evaluations |
//! | `EndedCall` | the record after the end, with its outcome, as each sink receives it |
//! | `FinishedCall` | an owned copy of it for hooks |

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
pub(crate) use lifecycle::{ActiveCall, Pipeline};
pub use prepared::Prepared;
pub(crate) use prepared::is_enabled;
pub use stream_call::StreamCall;
