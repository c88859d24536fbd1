//! The inferences and tool calls that an agent makes itself, without those of its sub-agents.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use crate::model::{Operation, Provider};
use crate::record::CallRecord;
use crate::semconv::Fact;

/// The agent that a call belongs to, or is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Agent {
    run: Option<Arc<AgentRun>>,
    inference: bool,
}

/// One invocation of an agent.
#[derive(Debug, Default)]
struct AgentRun {
    name: Option<String>,
    /// The provider of its first inference.
    provider: OnceLock<Provider>,
    inferences: AtomicU64,
    tools: AtomicU64,
}

impl Agent {
    /// The agent for a call that starts inside a call of the agent `above`. Counts the call.
    pub(crate) fn of(record: &CallRecord, above: Option<&Agent>) -> Agent {
        let operation = &record.operation;
        let inference = operation.is_inference();
        if *operation == Operation::InvokeAgent {
            let name = record.fact(Fact::AgentName).map(str::to_owned);
            return Agent { run: Some(Arc::new(AgentRun { name, ..AgentRun::default() })), inference };
        }
        let Some(above) = above else { return Agent { run: None, inference } };
        if let Some(run) = &above.run {
            // A nested inference is the same inference.
            if inference && !above.inference {
                run.inferences.fetch_add(1, Ordering::Relaxed);
                if let Some(provider) = &record.provider {
                    run.provider.get_or_init(|| provider.clone());
                }
            } else if *operation == Operation::ExecuteTool
                || (*operation == Operation::McpClient && record.operation_name().is_some())
            {
                run.tools.fetch_add(1, Ordering::Relaxed);
            }
        }
        Agent { run: above.run.clone(), inference }
    }

    /// The number of inferences and tool calls of the agent that this call is or belongs to.
    pub(crate) fn calls(&self) -> Option<(u64, u64)> {
        let run = self.run.as_ref()?;
        Some((run.inferences.load(Ordering::Relaxed), run.tools.load(Ordering::Relaxed)))
    }

    /// The agent's name.
    pub(crate) fn name(&self) -> Option<&str> {
        self.run.as_ref()?.name.as_deref()
    }

    /// The provider of the agent's inferences, if known.
    pub(crate) fn provider(&self) -> Option<&Provider> {
        self.run.as_ref()?.provider.get()
    }
}
