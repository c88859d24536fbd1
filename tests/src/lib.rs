//! Tests of llm-trace as a whole, and the tools they are made with.

pub mod chaos;
pub mod collector;
pub mod corpus;
pub mod faults;
pub mod lines;
pub mod registry;
pub mod replay;
