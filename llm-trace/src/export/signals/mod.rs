//! Metrics and events, if the environment enables them.

#[cfg(feature = "logs")]
mod logs;
#[cfg(feature = "metrics")]
mod metrics;

use std::time::Duration;

use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
#[cfg(feature = "logs")]
use opentelemetry_sdk::logs::SdkLoggerProvider;
#[cfg(feature = "metrics")]
use opentelemetry_sdk::metrics::SdkMeterProvider;

use crate::export::config::Config;
use crate::export::error::InitError;
use crate::export::exports::Exports;
use crate::export::stats::StatsHandle;
use crate::export::target::Exporter;
use crate::{CallHooks, LlmLayer, PolicyHandle, diag};

/// The providers of metrics and events, if enabled.
#[derive(Clone, Debug, Default)]
pub(crate) struct Signals {
    #[cfg(feature = "metrics")]
    meters: Option<SdkMeterProvider>,
    #[cfg(feature = "logs")]
    loggers: Option<SdkLoggerProvider>,
}

impl Signals {
    #[cfg_attr(not(all(feature = "logs", feature = "metrics")), allow(unused_variables))]
    pub(crate) fn new(config: &Config, policy: &PolicyHandle, exports: &mut Exports) -> Result<Self, InitError> {
        let signals = Self::default();
        #[cfg(feature = "metrics")]
        let signals = Self { meters: metrics::provider(config, exports)?, ..signals };
        #[cfg(not(feature = "metrics"))]
        not_compiled_in(&config.metrics, "OTEL_METRICS_EXPORTER", "metrics");
        #[cfg(feature = "logs")]
        let signals = Self { loggers: logs::provider(config, policy, exports)?, ..signals };
        #[cfg(not(feature = "logs"))]
        not_compiled_in(&config.logs, "OTEL_LOGS_EXPORTER", "logs");
        Ok(signals)
    }

    /// Adds the enabled providers to a layer.
    pub(crate) fn on<S>(&self, layer: LlmLayer<S>) -> LlmLayer<S> {
        #[cfg(feature = "metrics")]
        let layer = match &self.meters {
            Some(meters) => layer.with_meter_provider(meters),
            None => layer,
        };
        #[cfg(feature = "logs")]
        let layer = match &self.loggers {
            Some(loggers) => layer.with_logger_provider(loggers),
            None => layer,
        };
        layer
    }

    /// Adds the counts of all signals to the metrics.
    pub(crate) fn observe(&self, stats: &StatsHandle) {
        #[cfg(feature = "metrics")]
        if let Some(meters) = &self.meters {
            use opentelemetry::metrics::MeterProvider as _;
            stats.observe(&meters.meter("llm-trace"));
        }
        #[cfg(not(feature = "metrics"))]
        let _ = stats;
    }

    /// Adds the counts of the layers' hooks to the metrics.
    pub(crate) fn observe_hooks(&self, hooks: &CallHooks) {
        #[cfg(feature = "metrics")]
        if let Some(meters) = &self.meters {
            use opentelemetry::metrics::MeterProvider as _;
            crate::export::self_metrics::observe_hooks(hooks, &meters.meter("llm-trace"));
        }
        #[cfg(not(feature = "metrics"))]
        let _ = hooks;
    }

    pub(crate) fn set_global(&self) {
        #[cfg(feature = "metrics")]
        if let Some(meters) = &self.meters {
            opentelemetry::global::set_meter_provider(meters.clone());
        }
    }

    /// Exports the current metrics. Returns whether they were accepted.
    pub(crate) fn flush_metrics(&self) -> bool {
        #[cfg(feature = "metrics")]
        let sent = self.meters.as_ref().is_none_or(|meters| meters.force_flush().is_ok());
        #[cfg(not(feature = "metrics"))]
        let sent = true;
        sent
    }

    /// Exports the queued log records. Returns whether the flush completed.
    pub(crate) fn flush_logs(&self) -> bool {
        #[cfg(feature = "logs")]
        let sent = self.loggers.as_ref().is_none_or(|loggers| loggers.force_flush().is_ok());
        #[cfg(not(feature = "logs"))]
        let sent = true;
        sent
    }

    /// Exports the metrics for the last time. Returns whether they were accepted.
    #[cfg_attr(not(feature = "metrics"), allow(unused_variables))]
    pub(crate) fn shutdown_metrics(&self, limit: Duration) -> bool {
        #[cfg(feature = "metrics")]
        let sent = self.meters.as_ref().is_none_or(|meters| has_ended(&meters.shutdown_with_timeout(limit)));
        #[cfg(not(feature = "metrics"))]
        let sent = true;
        sent
    }

    /// Exports the remaining log records. Returns whether the shutdown completed.
    #[cfg_attr(not(feature = "logs"), allow(unused_variables))]
    pub(crate) fn shutdown_logs(&self, limit: Duration) -> bool {
        #[cfg(feature = "logs")]
        let sent = self.loggers.as_ref().is_none_or(|loggers| has_ended(&loggers.shutdown_with_timeout(limit)));
        #[cfg(not(feature = "logs"))]
        let sent = true;
        sent
    }
}

/// Whether a provider is shut down, by this or an earlier call.
pub(crate) fn has_ended(result: &OTelSdkResult) -> bool {
    matches!(result, Ok(()) | Err(OTelSdkError::AlreadyShutdown))
}

/// Not an error, because many platforms set these variables for every program.
#[cfg_attr(all(feature = "metrics", feature = "logs"), allow(dead_code))]
fn not_compiled_in(exporter: &Exporter, variable: &str, feature: &str) {
    if !matches!(exporter, Exporter::None | Exporter::Disabled) {
        diag::warn(&format!("`{variable}` is ignored: it needs the feature `{feature}` of the crate llm-trace"));
    }
}
