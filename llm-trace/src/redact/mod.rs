//! What may leave the process: the policy, and the filter every text passes through.

mod filter;
mod policy;

pub(crate) use filter::{Filter, Place};
pub use policy::{Capture, Masks, Policy};
