//! Calls without annotations: layers around the HTTP client.
//!
//! A layer around the client recognises requests to LLMs by host and path, and makes a call of each: the same span, the
//! same policy and masks, streams included. All other requests pass as they are.
//!
//! | client | feature | add |
//! |---|---|---|
//! | `reqwest` 0.13, by `reqwest-middleware` | `reqwest-middleware` | `CallMiddleware` |
//! | any `tower::Service` of `http::Request`, such as `hyper-util`'s client | `tower` | `CallLayer` |
//!
//! Inside an annotated call of the same kind there is no second span: what is sent and answered is told to that call,
//! unless [`Nested::Separate`](crate::Nested) asks for two. Inside tools, agents and workflows there are spans below those.
//!
//! Bodies pass piece by piece, unbuffered. A request's body is read if it is in memory; one that is itself a stream is
//! left alone, and the call then knows what the URL tells. Of an answer that is no stream a copy is kept until it is
//! whole, up to 16 MiB, since its token counts stand anywhere in it. A compressed answer is not read: decompression
//! belongs between these layers and the network.
//!
//! Whether the layers see single attempts or the call with its retries depends on which side of the retrying layer they
//! stand.

mod answer;
mod endpoints;
mod exchange;
#[cfg(feature = "tower")]
mod peeked;
#[cfg(feature = "reqwest-middleware")]
mod reqwest;
#[cfg(feature = "tower")]
mod tower;

pub use answer::CallBody;
pub use endpoints::Endpoints;
#[cfg(feature = "tower")]
pub use peeked::PeekedBody;
#[cfg(feature = "reqwest-middleware")]
pub use reqwest::CallMiddleware;
#[cfg(feature = "tower")]
pub use tower::{CallLayer, CallService};

#[cfg(feature = "tower")]
pub use crate::stream::BoxedErrors;
pub use crate::stream::{ErrorTypeNameOnly, ReadError, TypedErrors};
