//! Without OpenTelemetry there are no metrics.

use std::sync::Arc;

use super::measured::Measured;
use crate::semconv::Profile;

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
    pub(crate) fn reads_attributes(&self) -> bool {
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
