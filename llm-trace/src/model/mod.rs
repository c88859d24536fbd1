//! Plain data about calls that every other module uses.

pub(crate) mod facts;
pub(crate) mod hosts;
pub(crate) mod name_target;
pub(crate) mod nested;
pub(crate) mod operation;
pub(crate) mod outcome;
pub(crate) mod provider;
pub(crate) mod server;
pub(crate) mod usage;

pub use nested::Nested;
pub use operation::Operation;
pub use outcome::Outcome;
pub use provider::Provider;
pub use usage::Usage;
