//! The values that a call starts with.

pub(crate) mod call_arguments;
pub(crate) mod captured_value;
mod start_fields;

pub use call_arguments::CallArguments;
pub use captured_value::ProbedValue;
pub use start_fields::{MakeSpan, StartFields};
