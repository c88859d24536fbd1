//! Trace LLM calls with OpenTelemetry.
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

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
pub use redact::{Capture, HashKey, MaskFlag, Masks, Metadata, Policy, PolicyError, PolicyHandle, Style};

#[cfg(feature = "internal")]
#[doc(hidden)]
pub mod internal;
