//! Calls without annotations: layers for HTTP clients.
//!
//! A layer recognises LLM requests by host and path, and records a call for each: the same span, policy and masks as
//! for an annotated call, including streams. All other requests pass through unchanged.
//!
//! | client | feature | add |
//! |---|---|---|
//! | `reqwest` 0.13 with `reqwest-middleware` | `reqwest-middleware` | `CallMiddleware` |
//! | `reqwest` 0.12 with `reqwest-middleware` | `reqwest-middleware-0-4` | `CallMiddleware` |
//! | any `tower::Service` of `http::Request`, such as `hyper-util`'s client | `tower` | `CallLayer` |
//!
//! Inside an annotated call of the same kind no second span is created: the request and response are recorded on that
//! call, unless [`Nested::Separate`](crate::Nested) is set. Inside tools, agents and workflows the spans are children
//! of theirs.
//!
//! Bodies are not buffered. A request body is read if it is in memory; a streaming request body is not read, and the
//! call then has only the facts from the URL. Of a response that is not a stream, a copy of up to 16 MiB is kept until
//! it is complete, because token counts can be anywhere in it. A compressed response is not read: put decompression
//! between these layers and the network.
//!
//! Outside a retry layer they record one call with all its retries, inside it one call per attempt.

mod answer;
mod endpoints;
mod exchange;
#[cfg(any(feature = "reqwest-middleware", feature = "reqwest-middleware-0-4"))]
mod reqwest;
#[cfg(feature = "tower")]
mod tower;

pub use crate::stream::body::{ErrorTypeNameOnly, ReadError, TypedErrors};
pub use answer::CallBody;
pub use endpoints::Endpoints;
#[cfg(any(feature = "reqwest-middleware", feature = "reqwest-middleware-0-4"))]
pub use reqwest::CallMiddleware;
#[cfg(feature = "tower")]
pub use tower::{BoxedErrors, CallLayer, CallService, PeekedBody};
