//! The values of a call that metrics record.

use std::time::Duration;

use super::metrics::Gaps;
use crate::model::facts::ResponseFacts;
use crate::model::{Operation, Outcome, Provider};
use crate::otel::KeyValue;
use crate::semconv::Facts;

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
