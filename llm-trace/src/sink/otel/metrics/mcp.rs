//! Messages of the Model Context Protocol, sent and received.

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Histogram, Meter};

use super::labels::{floats, known_labels, record_duration, text};
use crate::model::Operation;
use crate::semconv::{Fact, Metric, Profile};
use crate::sink::measured::Measured;

pub(super) struct Mcp {
    client: Histogram<f64>,
    server: Histogram<f64>,
}

/// Facts with few values. The resource has many.
const LABELS: [Fact; 8] = [
    Fact::McpMethod,
    Fact::ToolName,
    Fact::PromptName,
    Fact::RpcStatus,
    Fact::McpProtocolVersion,
    Fact::NetworkTransport,
    Fact::NetworkProtocol,
    Fact::NetworkProtocolVersion,
];

impl Mcp {
    pub(super) fn new(meter: &Meter, profile: Profile) -> Self {
        Self {
            client: floats(meter, Metric::McpClientDuration, profile),
            server: floats(meter, Metric::McpServerDuration, profile),
        }
    }

    /// Records the duration of a message, and ignores any other operation.
    pub(super) fn record(
        &self,
        call: &Measured<'_>,
        error: Option<&KeyValue>,
        allow: impl FnOnce(&mut Vec<KeyValue>),
    ) -> bool {
        let histogram = match call.operation {
            Operation::McpClient => &self.client,
            Operation::McpServer => &self.server,
            _ => return false,
        };
        let mut labels = Vec::with_capacity(8);
        labels.extend(known_labels(call, &LABELS));
        labels.extend(call.operation.name(call.facts).map(|name| text(Fact::OperationName.key(), name)));
        if let (Operation::McpClient, Some((address, port))) = (call.operation, call.server) {
            labels.push(text(Fact::ServerAddress.key(), address));
            labels.extend(port.map(|port| KeyValue::new(Fact::ServerPort.key(), i64::from(port))));
        }
        allow(&mut labels);
        record_duration(histogram, call, error, &mut labels);
        true
    }
}
