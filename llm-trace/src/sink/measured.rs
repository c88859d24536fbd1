//! The values of a call that metrics record.

use std::time::Duration;

use super::ended_call::EndedCall;
use crate::model::facts::ResponseFacts;
use crate::model::{Operation, Outcome, Provider};
use crate::otel::KeyValue;
use crate::record::Gaps;
use crate::semconv::{Fact, Facts};

/// The values of a call that metrics record.
#[derive(Debug)]
pub(crate) struct Measured<'a> {
    pub(crate) operation: &'a Operation,
    pub(crate) provider: Option<&'a Provider>,
    pub(crate) request_model: Option<&'a str>,
    pub(crate) response: &'a ResponseFacts,
    pub(crate) server: Option<(&'a str, Option<u16>)>,
    /// Set for failures only; the same as on the span.
    pub(crate) error_type: Option<&'a str>,
    pub(crate) outcome: Outcome,
    /// `None` if another call recorded it.
    pub(crate) duration: Option<Duration>,
    pub(crate) first_chunk: Option<Duration>,
    pub(crate) gaps: Option<&'a Gaps>,
    /// In US dollars.
    pub(crate) cost: Option<f64>,
    /// For an agent: the number of inferences and tool calls that it made itself.
    pub(crate) calls: Option<(u64, u64)>,
    /// Facts of operations other than model calls.
    pub(crate) facts: Option<&'a Facts>,
    /// The attributes of the span, redacted by the policy; empty unless metrics use them.
    pub(crate) attributes: &'a [KeyValue],
}

impl EndedCall<'_> {
    /// The values that metrics record. `attributes` are those of the span that they use.
    pub(crate) fn measured<'a>(&'a self, attributes: &'a [KeyValue]) -> Measured<'a> {
        let (record, end) = (&self.record, &self.end);
        Measured {
            operation: &record.operation,
            provider: record.provider.as_ref(),
            request_model: record.request.text(Fact::RequestModel),
            response: &record.response,
            server: record.server.as_ref().map(|server| (server.address.as_str(), server.port)),
            error_type: end.error_type.as_deref(),
            outcome: end.outcome,
            duration: (!end.late).then_some(end.duration),
            first_chunk: record.first_chunk(),
            gaps: record.stream.as_ref().and_then(|stream| stream.gaps.as_deref()),
            cost: end.cost.and_then(|priced| priced.cost.sum()),
            facts: record.subject.as_ref().map(|subject| &subject.facts),
            calls: self.agent_calls.filter(|_| record.operation == Operation::InvokeAgent),
            attributes,
        }
    }
}
