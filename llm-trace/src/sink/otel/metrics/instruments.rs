//! The instruments of a layer.

use std::borrow::Cow;
use std::sync::Arc;

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Histogram, Meter};

use super::agents::Agents;
use super::labels::{floats, is_label, record_duration, text};
use super::mcp::Mcp;
use super::tokens::Tokens;
use crate::model::Provider;
use crate::policy::{redact_attributes, write_report};
use crate::record::error_type_label;
use crate::semconv::{Fact, Metric, Profile};
use crate::sink::ended_call::{EndedCall, Sink};
use crate::sink::measured::Measured;

/// A layer's instruments.
pub(crate) struct Instruments {
    operation: Histogram<f64>,
    inference: Histogram<f64>,
    first_chunk: Histogram<f64>,
    per_chunk: Histogram<f64>,
    tokens: Tokens,
    agents: Option<Agents>,
    mcp: Mcp,
    cost: Histogram<f64>,
    allowed: Arc<[String]>,
}

impl Sink for Instruments {
    fn write(&self, call: &mut EndedCall<'_>) {
        let mut attributes = Vec::new();
        if self.reads_attributes() {
            attributes.clone_from(&call.attributes);
            let report = redact_attributes(&mut attributes, call.policy, call.masks, false);
            write_report(report, &mut attributes);
        }
        self.record(&call.measured(&attributes));
    }
}

impl Instruments {
    pub(super) fn new(meter: &Meter, profile: Profile, allowed: Arc<[String]>) -> Self {
        let time = |metric| floats(meter, metric, profile);
        // The core conventions have one metric for all operations.
        let inference = Some(Metric::InferenceDuration).filter(|metric| metric.name(profile).is_some());
        Self {
            operation: time(Metric::OperationDuration),
            inference: time(inference.unwrap_or(Metric::OperationDuration)),
            first_chunk: time(Metric::TimeToFirstChunk),
            per_chunk: time(Metric::TimePerOutputChunk),
            tokens: Tokens::new(meter, profile),
            agents: (profile == Profile::Latest).then(|| Agents::new(meter)),
            mcp: Mcp::new(meter, profile),
            cost: floats(meter, Metric::Cost, profile),
            allowed,
        }
    }

    /// Whether attributes of the span are read.
    pub(crate) fn reads_attributes(&self) -> bool {
        !self.allowed.is_empty()
    }

    /// Records one call.
    pub(crate) fn record(&self, call: &Measured<'_>) {
        let error = call.error_type.map(|name| text(Fact::ErrorType.key(), &error_type_label(Cow::Borrowed(name))));
        let runs_here = self
            .agents
            .as_ref()
            .is_some_and(|agents| agents.record(call, error.as_ref(), |labels| self.allow(call, labels)));
        // A remote agent is a client operation as well.
        let own_calls = call.calls.is_some_and(|(inferences, _)| inferences > 0);
        if self.mcp.record(call, error.as_ref(), |labels| self.allow(call, labels)) {
            return;
        }
        if runs_here && (call.provider.is_none() || own_calls) {
            return;
        }
        let mut labels = self.labels(call);
        let histogram = if call.operation.is_inference() { &self.inference } else { &self.operation };
        record_duration(histogram, call, error.as_ref(), &mut labels);
        if let Some(time) = call.first_chunk {
            self.first_chunk.record(time.as_secs_f64(), &labels);
        }
        if let Some(gaps) = call.gaps {
            gaps.each(|time| self.per_chunk.record(time, &labels));
        }
        // The agent's inferences recorded their own usage.
        if !own_calls {
            if let Some(cost) = call.cost {
                self.cost.record(cost, &labels);
            }
            self.tokens.record(&call.response.usage, &mut labels);
        }
    }

    /// The attributes that the conventions define for a client operation, and those that the user allowed.
    fn labels(&self, call: &Measured<'_>) -> Vec<KeyValue> {
        let mut labels = Vec::with_capacity(10);
        labels.push(text(Fact::OperationName.key(), call.operation.as_str()));
        labels.extend(call.provider.map(|provider| text(Fact::ProviderName.key(), provider.as_str())));
        labels.extend(call.request_model.map(|model| text(Fact::RequestModel.key(), model)));
        labels.extend(call.response.model().map(|model| text(Fact::ResponseModel.key(), model)));
        if let Some((address, port)) = call.server {
            labels.push(text(Fact::ServerAddress.key(), address));
            labels.extend(port.map(|port| KeyValue::new(Fact::ServerPort.key(), i64::from(port))));
        }
        if let (Some(Provider::OpenAi), Some(tier)) =
            (call.provider, call.response.facts.text(Fact::ResponseServiceTier))
        {
            labels.push(text(Fact::ResponseServiceTier.key(), tier));
        }
        self.allow(call, &mut labels);
        labels
    }

    /// Adds the attributes that the user allowed, and removes labels that are too long.
    fn allow(&self, call: &Measured<'_>, labels: &mut Vec<KeyValue>) {
        for key in self.allowed.iter() {
            let known = labels.iter().any(|label| label.key.as_str() == key);
            let found = call.attributes.iter().find(|attribute| attribute.key.as_str() == key);
            labels.extend(found.filter(|_| !known).cloned());
        }
        labels.retain(|label| is_label(&label.value));
    }
}
