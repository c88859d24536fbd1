//! Integration tests of llm-trace, and their tools.

pub mod chaos;
pub mod collector;
pub mod corpus;
pub mod faults;
pub mod lines;
pub mod registry;
pub mod replay;
