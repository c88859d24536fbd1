//! Plain data about calls that every other module uses.

#[cfg(feature = "fields")]
pub(crate) mod facts;
#[cfg(feature = "fields")]
pub(crate) mod hosts;
pub(crate) mod nested;
pub(crate) mod operation;
pub(crate) mod outcome;
pub(crate) mod provider;
#[cfg(feature = "fields")]
pub(crate) mod server;
#[cfg_attr(not(feature = "fields"), allow(dead_code))]
pub(crate) mod span_target;
#[cfg(feature = "fields")]
pub(crate) mod usage;

pub use nested::Nested;
pub use operation::Operation;
pub use outcome::Outcome;
pub use provider::Provider;
#[cfg(feature = "fields")]
pub use usage::Usage;
