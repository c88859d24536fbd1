//! Trace LLM calls with OpenTelemetry.
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "otel")]
mod diag;
#[cfg(feature = "serde")]
mod facts;
#[cfg(feature = "serde")]
mod json;
#[cfg(feature = "otel")]
mod message;
#[cfg(feature = "otel")]
mod provider;
#[cfg(feature = "otel")]
mod redact;

#[cfg(feature = "otel")]
pub use redact::{
    Capture, HashKey, MaskFlag, Masks, Metadata, Place, Policy, PolicyError, PolicyHandle, Style, TextKind,
};
#[cfg(feature = "scrub-rules")]
pub use redact::{PatternError, Rule, ScrubRules};

#[cfg(feature = "internal")]
#[doc(hidden)]
pub mod internal;
