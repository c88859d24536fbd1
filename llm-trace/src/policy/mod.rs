//! The policy decides which content is recorded and exported. Every text passes its filter.

pub(crate) mod authors;
mod budget;
pub(crate) mod content_ratio;
mod content_shape;
pub(crate) mod content_targets;
mod env;
pub(crate) mod filter;
pub(crate) mod keys;
pub(crate) mod masks;
mod media;
pub(crate) mod permit;
pub(crate) mod place;
#[allow(clippy::module_inception, reason = "the file of the type `Policy`")]
pub(crate) mod policy;
pub(crate) mod policy_handle;
mod policy_keys;
#[cfg(feature = "otel")]
mod redact_span;
mod redact_values;
pub(crate) mod redactor;
pub(crate) mod report;
pub(crate) mod rewrite;
#[cfg(feature = "scrub-rules")]
mod rules;
mod scrub;
mod scrub_guard;
mod side;
mod style;

pub(crate) use content_shape::ContentShape;
pub use env::PolicyError;
pub(crate) use filter::{Filter, REDACTED};
pub(crate) use keys::may_be_label;
pub use masks::{MaskFlag, MaskSource, Masks};
pub(crate) use permit::{Permit, PolicyState};
pub use place::{Place, TextKind};
pub use policy::{Capture, Policy};
pub use policy_handle::PolicyHandle;
pub(crate) use policy_handle::Stamp;
pub(crate) use redact_values::{redact_attributes, redact_user_attributes, write_report};
pub(crate) use report::Report;
#[cfg(feature = "scrub-rules")]
pub use rules::{PatternError, Rule, ScrubRules};
pub(crate) use scrub_guard::is_running as is_scrubbing;
pub(crate) use side::Side;
pub(crate) use style::push_hex;
pub use style::{HashKey, Style};

#[cfg(test)]
mod tests;
