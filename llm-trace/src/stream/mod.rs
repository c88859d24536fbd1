//! Calls whose answer is a stream.
#![allow(missing_docs)]

mod boxed;
mod traced;

pub use boxed::Streamed;
pub use traced::Traced;
#[doc(hidden)]
pub use traced::wrap;
