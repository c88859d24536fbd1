//! What may leave the process: the policy, and the filter every text passes through.

mod apply;
mod authors;
mod budget;
pub(crate) mod context;
pub(crate) mod credentials;
mod env;
#[cfg(feature = "fmt")]
mod fields;
mod filter;
pub(crate) mod flags;
mod handle;
mod keys;
mod known;
mod layer;
#[cfg(feature = "logs")]
mod log_processor;
mod masks;
mod media;
mod note;
mod passing;
mod permit;
mod place;
mod policy;
mod processor;
#[cfg(feature = "logs")]
mod record;
mod report;
pub(crate) mod rewrite;
#[cfg(feature = "scrub-rules")]
mod rules;
mod scrub;
mod share;
#[cfg(any(feature = "otlp-http", feature = "otlp-grpc"))]
pub(crate) mod shrink;
mod sites;
mod style;
mod values;
mod watch;
pub(crate) mod wordy;

pub(crate) use apply::{own_attributes, user_attributes};
pub use env::PolicyError;
#[cfg(feature = "fmt")]
pub use fields::{FmtFields, fmt_fields};
pub(crate) use filter::{Filter, REDACTED};
pub use handle::PolicyHandle;
pub(crate) use handle::Stamp;
#[cfg(feature = "metrics")]
pub(crate) use keys::may_be_label;
#[cfg(feature = "fmt")]
pub(crate) use layer::Wrapped;
pub use layer::{RedactLayer, redact};
#[cfg(all(feature = "logs", any(feature = "otlp-http", feature = "otlp-grpc")))]
pub(crate) use log_processor::RedactLogExporter;
#[cfg(feature = "logs")]
pub use log_processor::RedactLogProcessor;
pub use masks::{MaskFlag, Masks, Metadata};
#[cfg(feature = "init")]
pub(crate) use note::is_note;
pub(crate) use passing::Passing;
pub(crate) use permit::{Permit, PolicyState, Side};
pub use place::{Place, TextKind};
pub use policy::{Capture, Policy};
#[cfg(any(feature = "otlp-http", feature = "otlp-grpc"))]
pub(crate) use processor::RedactExporter;
pub use processor::RedactProcessor;
pub(crate) use processor::guarded;
pub(crate) use report::Report;
pub(crate) use rewrite::Shape;
#[cfg(feature = "scrub-rules")]
pub use rules::{PatternError, Rule, ScrubRules};
pub(crate) use style::push_hex;
pub use style::{HashKey, Style};
pub(crate) use watch::is_running as is_scrubbing;

#[cfg(test)]
mod tests;
