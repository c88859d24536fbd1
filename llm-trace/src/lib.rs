//! Trace LLM calls with OpenTelemetry.
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "serde")]
mod facts;
#[cfg(feature = "serde")]
mod json;
#[cfg(feature = "serde")]
mod message;
#[cfg(feature = "serde")]
mod provider;
#[cfg(feature = "serde")]
mod redact;
