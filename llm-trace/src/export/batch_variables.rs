//! The limits of queues and batches, from environment variables.

use std::time::Duration;

use super::env::Env;
use super::error::ConfigError;
use super::limits::{Limits, MOST_AT_ONCE, MOST_RECORDS, MOST_WAITING};

/// The standard batch variables of one signal.
pub(super) struct BatchVariables {
    queue: &'static str,
    batch: &'static str,
    delay: &'static str,
    timeout: &'static str,
    default_delay: Duration,
}

pub(super) const SPANS: BatchVariables = BatchVariables {
    queue: "OTEL_BSP_MAX_QUEUE_SIZE",
    batch: "OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
    delay: "OTEL_BSP_SCHEDULE_DELAY",
    timeout: "OTEL_BSP_EXPORT_TIMEOUT",
    default_delay: Duration::from_secs(5),
};

pub(super) const LOG_RECORDS: BatchVariables = BatchVariables {
    queue: "OTEL_BLRP_MAX_QUEUE_SIZE",
    batch: "OTEL_BLRP_MAX_EXPORT_BATCH_SIZE",
    delay: "OTEL_BLRP_SCHEDULE_DELAY",
    timeout: "OTEL_BLRP_EXPORT_TIMEOUT",
    default_delay: Duration::from_secs(1),
};

pub(super) fn batch(
    env: &Env<'_>,
    names: &BatchVariables,
    max_bytes: Option<usize>,
    warnings: &mut Vec<String>,
) -> Result<Limits, ConfigError> {
    let mut limits = Limits::default();
    limits.batch_bytes = max_bytes.unwrap_or(limits.batch_bytes);
    let counts = [
        (names.queue, &mut limits.queue_records, MOST_RECORDS),
        (names.batch, &mut limits.batch_records, MOST_RECORDS),
        ("LLM_TRACE_MAX_QUEUE_BYTES", &mut limits.queue_bytes, MOST_WAITING),
        ("LLM_TRACE_MAX_BATCH_BYTES", &mut limits.batch_bytes, MOST_AT_ONCE),
    ];
    for (name, limit, bound) in counts {
        *limit = env.count(name, bound)?.unwrap_or(*limit);
    }
    limits.delay = env.millis(&[names.delay], 0)?.unwrap_or(names.default_delay);
    // Only validated: the time limit of a batch is OTEL_EXPORTER_OTLP_TIMEOUT.
    env.millis(&[names.timeout], 0)?;
    if limits.batch_records > limits.queue_records {
        if let Some(var) = env.get(names.batch) {
            warnings.push(format!(
                "`{}={}` exceeds the size of the queue: {} is used",
                var.name, var.value, limits.queue_records
            ));
        }
        limits.batch_records = limits.queue_records;
    }
    Ok(limits)
}
