//! One logical LLM call, from its arguments to its outcome.

mod builder;
#[cfg_attr(not(feature = "otel"), allow(dead_code))]
pub(crate) mod captured;
mod fields;
mod future;
pub(crate) mod handle;
#[cfg(feature = "otel")]
pub(crate) mod hosts;
mod nested;
mod operation;
mod operations;
mod outcome;
mod provider_name;
mod setup;
#[cfg_attr(not(feature = "otel"), allow(dead_code))]
pub(crate) mod subject;

#[cfg(feature = "otel")]
mod agent;
#[cfg(feature = "otel")]
mod around;
#[cfg(feature = "otel")]
mod content;
#[cfg(feature = "otel")]
mod current;
#[cfg(feature = "otel")]
mod documents;
#[cfg(feature = "logs")]
mod evaluation;
#[cfg(feature = "otel")]
mod finish;
#[cfg(feature = "otel")]
mod holders;
#[cfg(feature = "otel")]
mod inside;
#[cfg(feature = "otel")]
mod live;
#[cfg(not(feature = "otel"))]
#[path = "plain.rs"]
mod live;
#[cfg(feature = "otel")]
mod material;
#[cfg(feature = "otel")]
mod observe;
#[cfg(feature = "otel")]
mod open;
#[cfg(feature = "otel")]
mod ready;
#[cfg(not(feature = "otel"))]
use live as ready;
#[cfg(feature = "logs")]
mod reference;
#[cfg(feature = "otel")]
mod said;
#[cfg(feature = "otel")]
mod seen;
#[cfg(feature = "otel")]
pub(crate) mod server;
#[cfg(feature = "otel")]
mod started;
#[cfg(feature = "otel")]
mod state;
mod stream;
#[cfg(feature = "otel")]
mod streaming;
#[cfg(feature = "otel")]
mod trace_update;

pub use builder::CallBuilder;
pub use captured::Captured;
#[cfg(feature = "otel")]
pub(crate) use current::Carried;
#[cfg(feature = "logs")]
pub use evaluation::{Evaluation, evaluation};
pub use fields::{MakeSpan, StartFields};
pub use future::{TracedFuture, trace_future};
pub use handle::LlmCall;
pub use live::Entered;
#[cfg(feature = "otel")]
pub(crate) use live::Live;
pub use nested::Nested;
#[cfg(feature = "otel")]
pub use open::OpenCalls;
pub use operation::Operation;
pub use outcome::Outcome;
pub use provider_name::Provider;
#[cfg(feature = "logs")]
pub use reference::CallRef;
pub use setup::{Prepared, Setup, enabled};
pub use stream::StreamCall;
