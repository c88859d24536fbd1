//! What may leave the process: the policy, and the filter every text passes through.

pub(crate) mod context;
mod env;
mod filter;
mod handle;
mod masks;
mod permit;
mod policy;
mod style;

pub use env::PolicyError;
pub(crate) use filter::{Filter, Place};
pub use handle::PolicyHandle;
pub use masks::{MaskFlag, Masks, Metadata};
pub(crate) use permit::{Permit, PolicyState, Side};
pub use policy::{Capture, Policy};
pub use style::{HashKey, Style};
