//! Plain data about calls that every other module uses.

#[cfg(feature = "otel")]
pub(crate) mod facts;
#[cfg(feature = "otel")]
pub(crate) mod hosts;
pub(crate) mod nested;
pub(crate) mod operation;
pub(crate) mod outcome;
pub(crate) mod provider;
#[cfg(feature = "otel")]
pub(crate) mod server;
#[cfg_attr(not(feature = "otel"), allow(dead_code))]
pub(crate) mod span_target;
#[cfg(feature = "otel")]
pub(crate) mod usage;

pub use nested::Nested;
pub use operation::Operation;
pub use outcome::Outcome;
pub use provider::Provider;
#[cfg(feature = "otel")]
pub use usage::Usage;
