//! What is measured of a call, whether or not anybody does.

use std::time::Duration;

use opentelemetry::KeyValue;

use super::metrics::Gaps;
use crate::model::facts::ResponseFacts;
use crate::model::{Operation, Outcome, Provider};
use crate::semconv::Facts;

/// What is measured of a call.
#[derive(Debug)]
pub(crate) struct Measured<'a> {
    pub(crate) operation: &'a Operation,
    pub(crate) provider: Option<&'a Provider>,
    pub(crate) request_model: Option<&'a str>,
    pub(crate) response: &'a ResponseFacts,
    pub(crate) server: Option<(&'a str, Option<u16>)>,
    /// There on failures only, and the same as the span's.
    pub(crate) error_type: Option<&'a str>,
    pub(crate) outcome: Outcome,
    /// Not there where another call has told it.
    pub(crate) duration: Option<Duration>,
    pub(crate) first_chunk: Option<Duration>,
    pub(crate) gaps: Option<&'a Gaps>,
    /// In US dollars.
    pub(crate) cost: Option<f64>,
    /// Of an agent: how many inferences and tools it called itself.
    pub(crate) calls: Option<(u64, u64)>,
    /// Of what other operations than a model's act on.
    pub(crate) facts: Option<&'a Facts>,
    /// The span's attributes, treated by the policy; empty unless they are read.
    pub(crate) attributes: &'a [KeyValue],
}
