//! Tests of llm-trace as a whole, and the tools they are made with.

pub mod collector;
pub mod corpus;
pub mod replay;

/// The README, so that its snippets compile.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
