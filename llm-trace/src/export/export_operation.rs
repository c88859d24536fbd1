//! Export operations: the sending of one batch, with all attempts.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Histogram, Meter};

use super::record_outcome::RecordOutcome;
use crate::semconv::Fact;

/// One export operation, for the metric of its duration.
#[derive(Debug)]
pub(crate) struct ExportOperation {
    start: Instant,
    /// The label for the status of the last response, if the last attempt had one.
    status: Option<KeyValue>,
    /// The last reason why records were not accepted.
    failure: Option<RecordOutcome>,
}

impl ExportOperation {
    pub(crate) fn start() -> Self {
        Self { start: Instant::now(), status: None, failure: None }
    }

    /// Starts an attempt, which has no response yet.
    pub(crate) fn attempt(&mut self) {
        self.status = None;
    }

    pub(crate) fn respond(&mut self, status: KeyValue) {
        self.status = Some(status);
    }

    pub(crate) fn fail(&mut self, outcome: RecordOutcome) {
        self.failure = Some(outcome);
    }
}

/// Bounds in seconds for a request.
const SECONDS: [f64; 16] =
    [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0, 30.0, 60.0];

/// The histograms that receive the durations of one exporter's operations.
#[derive(Clone, Debug, Default)]
pub(crate) struct OperationDurations(Arc<Mutex<Vec<Observed>>>);

#[derive(Clone, Debug)]
struct Observed {
    histogram: Histogram<f64>,
    component: Vec<KeyValue>,
}

impl OperationDurations {
    /// Has the meter record the following operations.
    pub(crate) fn observe(&self, meter: &Meter, component: Vec<KeyValue>) {
        let histogram = meter
            .f64_histogram("otel.sdk.exporter.operation.duration")
            .with_unit("s")
            .with_description("The duration of exporting a batch of telemetry records")
            .with_boundaries(SECONDS.to_vec())
            .build();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(Observed { histogram, component });
    }

    pub(crate) fn record(&self, operation: &ExportOperation) {
        let error = operation.failure.and_then(|outcome| outcome.error_type());
        let error = error.map(|error| KeyValue::new(Fact::ErrorType.key(), error));
        let labels: Vec<_> = error.into_iter().chain(operation.status.clone()).collect();
        let seconds = operation.start.elapsed().as_secs_f64();
        let histograms = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for Observed { histogram, mut component } in histograms {
            component.extend(labels.iter().cloned());
            histogram.record(seconds, &component);
        }
    }
}
