//! What an agent calls itself: inferences and tools, those of its sub-agents not counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{Operation, current};
use crate::otel::Pipeline;

/// The agent a call belongs to, or is.
#[derive(Debug, Default)]
pub(crate) struct Agent {
    calls: Option<Arc<Calls>>,
    inference: bool,
}

#[derive(Debug, Default)]
struct Calls {
    inferences: AtomicU64,
    tools: AtomicU64,
}

impl Agent {
    /// That of a call which starts here and now; counts it.
    pub(crate) fn of(pipeline: &Pipeline, operation: &Operation) -> Agent {
        let inference = operation.is_inference();
        if !pipeline.metrics.any() {
            return Agent { calls: None, inference };
        }
        if *operation == Operation::InvokeAgent {
            return Agent { calls: Some(Arc::default()), inference };
        }
        let Some(above) = current::get() else { return Agent { calls: None, inference } };
        let above = above.agent();
        if let Some(calls) = &above.calls {
            // An inference inside an inference is the same one.
            if inference && !above.inference {
                calls.inferences.fetch_add(1, Ordering::Relaxed);
            } else if *operation == Operation::ExecuteTool {
                calls.tools.fetch_add(1, Ordering::Relaxed);
            }
        }
        Agent { calls: above.calls.clone(), inference }
    }

    /// How many inferences and tools were called, by the agent that this call is or belongs to.
    pub(crate) fn calls(&self) -> Option<(u64, u64)> {
        let calls = self.calls.as_ref()?;
        Some((calls.inferences.load(Ordering::Relaxed), calls.tools.load(Ordering::Relaxed)))
    }
}
