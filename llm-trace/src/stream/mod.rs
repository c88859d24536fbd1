//! Calls with a streamed response.

#[cfg(feature = "http-body")]
mod body;
#[cfg(feature = "stream")]
#[allow(missing_docs)]
mod boxed;
#[cfg(feature = "http-body")]
mod errors;
#[cfg(feature = "stream")]
mod handle;
#[cfg(feature = "stream")]
mod traced;

#[cfg(feature = "http-body")]
pub use body::TracedBody;
#[cfg(feature = "tower")]
pub(crate) use body::each_slice;
#[cfg(any(feature = "reqwest-middleware", feature = "reqwest-middleware-0-4", feature = "tower"))]
pub(crate) use body::{Polled, Recorder, poll_recorded};
#[cfg(feature = "stream")]
#[doc(hidden)]
pub use boxed::Streamed;
#[cfg(feature = "tower")]
pub use errors::BoxedErrors;
#[cfg(feature = "http-body")]
pub use errors::{ErrorTypeNameOnly, ReadError, TypedErrors};
#[cfg(feature = "stream")]
pub use handle::StreamItem;
#[cfg(feature = "stream")]
pub use traced::Traced;
#[cfg(feature = "stream")]
#[doc(hidden)]
pub use traced::wrap;
