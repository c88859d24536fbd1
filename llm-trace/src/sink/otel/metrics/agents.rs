//! Operations in this process: agents, tools and workflows. Latest conventions only.

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Histogram, Meter};

use super::labels::{counts, floats, is_label, known_labels, record_duration, text};
use crate::model::Operation;
use crate::semconv::{Fact, Metric, Profile};
use crate::sink::measured::Measured;

pub(super) struct Agents {
    agent: Histogram<f64>,
    inference_calls: Histogram<u64>,
    tool_calls: Histogram<u64>,
    tool: Histogram<f64>,
    workflow: Histogram<f64>,
}

impl Agents {
    pub(super) fn new(meter: &Meter) -> Self {
        let (time, calls) =
            (|metric| floats(meter, metric, Profile::Latest), |metric| counts(meter, metric, Profile::Latest));
        Self {
            agent: time(Metric::AgentDuration),
            inference_calls: calls(Metric::AgentInferenceCalls),
            tool_calls: calls(Metric::AgentToolCalls),
            tool: time(Metric::ToolDuration),
            workflow: time(Metric::WorkflowDuration),
        }
    }

    /// Records the duration of such an operation, and ignores any other.
    pub(super) fn record(
        &self,
        call: &Measured<'_>,
        error: Option<&KeyValue>,
        allow: impl FnOnce(&mut Vec<KeyValue>),
    ) -> bool {
        let (histogram, facts): (_, &[Fact]) = match call.operation {
            Operation::InvokeAgent => (&self.agent, &[Fact::AgentName]),
            Operation::InvokeWorkflow => (&self.workflow, &[Fact::WorkflowName]),
            Operation::ExecuteTool => (&self.tool, &[Fact::ToolName, Fact::ToolType, Fact::AgentName]),
            _ => return false,
        };
        let mut labels = Vec::with_capacity(6);
        labels.extend(known_labels(call, facts));
        allow(&mut labels);
        labels.retain(|label| is_label(&label.value));
        if let (Operation::InvokeAgent, Some((inferences, tools))) = (call.operation, call.calls) {
            self.inference_calls.record(inferences, &labels);
            self.tool_calls.record(tools, &labels);
            labels.extend(call.request_model.map(|model| text(Fact::RequestModel.key(), model)));
        }
        record_duration(histogram, call, error, &mut labels);
        true
    }
}
