//! Evaluations of calls, and the propagation of their trace context.

mod evaluation;
mod inject;

pub use evaluation::{Evaluation, evaluation};
pub use inject::{inject, inject_to};
