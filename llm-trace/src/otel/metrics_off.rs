//! No metrics: the feature is off.

use std::sync::Arc;
use std::time::Duration;

use opentelemetry::KeyValue;

use crate::call::{Operation, Provider};
use crate::facts::ResponseFacts;
use crate::semconv::Profile;

#[derive(Debug)]
#[allow(dead_code, reason = "nobody measures")]
pub(crate) struct Measured<'a> {
    pub(crate) operation: &'a Operation,
    pub(crate) provider: Option<&'a Provider>,
    pub(crate) request_model: Option<&'a str>,
    pub(crate) response: &'a ResponseFacts,
    pub(crate) server: Option<(&'a str, Option<u16>)>,
    pub(crate) error_type: Option<&'a str>,
    pub(crate) duration: Duration,
    pub(crate) first_chunk: Option<Duration>,
    pub(crate) gaps: Option<&'a Gaps>,
    pub(crate) cost: Option<f64>,
    pub(crate) calls: Option<(u64, u64)>,
    pub(crate) attributes: &'a [KeyValue],
}

#[derive(Debug, Default)]
pub(crate) struct Metrics;

impl Metrics {
    pub(crate) fn instruments(&self, _: Profile) -> Option<Arc<Instruments>> {
        None
    }

    pub(crate) fn any(&self) -> bool {
        false
    }
}

/// Never made.
#[derive(Debug)]
pub(crate) enum Instruments {}

impl Instruments {
    pub(crate) fn reads_attributes(&self, _: &Operation) -> bool {
        match *self {}
    }

    pub(crate) fn record(&self, _: &Measured<'_>) {
        match *self {}
    }
}

/// Never made.
#[derive(Debug, Default)]
pub(crate) struct Gaps;

impl Gaps {
    pub(crate) fn add(&mut self, _: f64) {}
}
