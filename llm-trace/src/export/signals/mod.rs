//! Metrics and events, if the environment enables them.

#[cfg(not(all(feature = "logs", feature = "metrics")))]
mod absent;
#[cfg(feature = "logs")]
mod logs;
#[cfg(feature = "metrics")]
mod metrics;

use std::time::Duration;

use opentelemetry::metrics::MeterProvider as _;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};

#[cfg(not(feature = "logs"))]
use self::absent::logs;
#[cfg(not(feature = "metrics"))]
use self::absent::metrics;
use crate::export::config::Config;
use crate::export::error::InitError;
use crate::export::exports::Exports;
use crate::export::self_metrics;
use crate::export::stats::StatsHandle;
use crate::{CallHooks, LlmLayer, PolicyHandle};

/// The providers of metrics and events, if enabled.
#[derive(Clone, Debug, Default)]
pub(crate) struct Signals {
    meters: Option<metrics::Provider>,
    loggers: Option<logs::Provider>,
}

impl Signals {
    pub(crate) fn new(config: &Config, policy: &PolicyHandle, exports: &mut Exports) -> Result<Self, InitError> {
        let meters = metrics::provider(config, exports)?;
        Ok(Self { meters, loggers: logs::provider(config, policy, exports)? })
    }

    /// Adds the enabled providers to a layer.
    pub(crate) fn on<S>(&self, layer: LlmLayer<S>) -> LlmLayer<S> {
        let layer = match &self.meters {
            Some(meters) => layer.with_meter_provider(meters),
            None => layer,
        };
        match &self.loggers {
            Some(loggers) => logs::on(loggers, layer),
            None => layer,
        }
    }

    /// Adds the counts of all signals to the metrics.
    pub(crate) fn observe(&self, stats: &StatsHandle) {
        if let Some(meters) = &self.meters {
            stats.observe(&meters.meter("llm-trace"));
        }
    }

    /// Adds the counts of the layers' hooks to the metrics.
    pub(crate) fn observe_hooks(&self, hooks: &CallHooks) {
        if let Some(meters) = &self.meters {
            self_metrics::observe_hooks(hooks, &meters.meter("llm-trace"));
        }
    }

    pub(crate) fn set_global(&self) {
        if let Some(meters) = &self.meters {
            opentelemetry::global::set_meter_provider(meters.clone());
        }
    }

    /// Leaves the metrics to the parent of a forked child. Without this, dropping the provider waits for a thread that
    /// the child lacks.
    pub(crate) fn leave_to_parent(&self) {
        std::mem::forget(self.meters.clone());
    }

    /// Exports the current metrics. Returns whether they were accepted.
    pub(crate) fn flush_metrics(&self) -> bool {
        self.meters.as_ref().is_none_or(|meters| meters.force_flush().is_ok())
    }

    /// Exports the queued log records. Returns whether the flush completed.
    pub(crate) fn flush_logs(&self) -> bool {
        self.loggers.as_ref().is_none_or(|loggers| loggers.force_flush().is_ok())
    }

    /// Exports the metrics for the last time. Returns whether they were accepted.
    pub(crate) fn shutdown_metrics(&self, limit: Duration) -> bool {
        self.meters.as_ref().is_none_or(|meters| has_ended(&meters.shutdown_with_timeout(limit)))
    }

    /// Exports the remaining log records. Returns whether the shutdown completed.
    pub(crate) fn shutdown_logs(&self, limit: Duration) -> bool {
        self.loggers.as_ref().is_none_or(|loggers| has_ended(&loggers.shutdown_with_timeout(limit)))
    }
}

/// Whether a provider is shut down, by this or an earlier call.
pub(crate) fn has_ended(result: &OTelSdkResult) -> bool {
    matches!(result, Ok(()) | Err(OTelSdkError::AlreadyShutdown))
}
