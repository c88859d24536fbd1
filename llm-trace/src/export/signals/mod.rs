//! Metrics and events on their way out, where the environment asks for them.

#[cfg(feature = "logs")]
mod logs;
#[cfg(feature = "metrics")]
mod metrics;
#[cfg(all(any(feature = "metrics", feature = "logs"), any(feature = "otlp-http", feature = "otlp-grpc")))]
mod otlp;

use std::time::{Duration, Instant};

#[cfg(feature = "logs")]
use opentelemetry_sdk::logs::SdkLoggerProvider;
#[cfg(feature = "metrics")]
use opentelemetry_sdk::metrics::SdkMeterProvider;

use super::closing::{Closing, deadline};
use super::config::Config;
use super::error::InitError;
use super::stats::Ledger;
use super::target::Exporter;
use crate::{LlmLayer, PolicyHandle, diag};

/// The providers of metrics and of events, where there are any.
#[derive(Debug, Default)]
pub(crate) struct Signals {
    #[cfg(feature = "metrics")]
    meters: Option<SdkMeterProvider>,
    #[cfg(feature = "logs")]
    loggers: Option<SdkLoggerProvider>,
    closing: Closing,
}

impl Signals {
    #[cfg_attr(not(feature = "logs"), allow(unused_variables))]
    pub(crate) fn new(config: &Config, policy: &PolicyHandle) -> Result<Self, InitError> {
        let signals = Self::default();
        #[cfg(feature = "metrics")]
        let signals = Self { meters: metrics::provider(config, &signals.closing)?, ..signals };
        #[cfg(not(feature = "metrics"))]
        not_compiled_in(&config.metrics, "OTEL_METRICS_EXPORTER", "metrics");
        #[cfg(feature = "logs")]
        let signals = Self { loggers: logs::provider(config, policy, &signals.closing)?, ..signals };
        #[cfg(not(feature = "logs"))]
        not_compiled_in(&config.logs, "OTEL_LOGS_EXPORTER", "logs");
        Ok(signals)
    }

    /// Gives the layer what there is.
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

    /// Tells with the metrics what becomes of spans.
    pub(crate) fn observe(&self, ledger: &Ledger) {
        #[cfg(feature = "metrics")]
        if let Some(meters) = &self.meters {
            use opentelemetry::metrics::MeterProvider as _;
            super::observed::observe(ledger, &meters.meter("llm-trace"));
        }
        #[cfg(not(feature = "metrics"))]
        let _ = ledger;
    }

    pub(crate) fn set_global(&self) {
        #[cfg(feature = "metrics")]
        if let Some(meters) = &self.meters {
            opentelemetry::global::set_meter_provider(meters.clone());
        }
    }

    /// Sends what there is. Returns whether all of it was handed over.
    pub(crate) fn flush(&self) -> bool {
        let sent = true;
        #[cfg(feature = "metrics")]
        let sent = self.meters.as_ref().is_none_or(|meters| meters.force_flush().is_ok()) && sent;
        #[cfg(feature = "logs")]
        let sent = self.loggers.as_ref().is_none_or(|loggers| loggers.force_flush().is_ok()) && sent;
        sent
    }

    /// Sends what is left, by then at the latest. Returns whether all of it was handed over.
    pub(crate) fn shutdown(&self, limit: Duration) -> bool {
        let end = deadline(limit);
        self.closing.close_by(end);
        let sent = true;
        #[cfg(feature = "metrics")]
        let sent = self.meters.as_ref().is_none_or(|meters| done(meters.shutdown_with_timeout(left(end)))) && sent;
        #[cfg(feature = "logs")]
        let sent = self.loggers.as_ref().is_none_or(|loggers| done(loggers.shutdown_with_timeout(left(end)))) && sent;
        sent
    }
}

#[cfg(any(feature = "metrics", feature = "logs"))]
fn left(end: Instant) -> Duration {
    end.saturating_duration_since(Instant::now())
}

/// Someone else may have shut it down.
#[cfg(any(feature = "metrics", feature = "logs"))]
fn done(result: opentelemetry_sdk::error::OTelSdkResult) -> bool {
    matches!(result, Ok(()) | Err(opentelemetry_sdk::error::OTelSdkError::AlreadyShutdown))
}

/// Many platforms set these for every program: not an error.
#[cfg_attr(all(feature = "metrics", feature = "logs"), allow(dead_code))]
fn not_compiled_in(exporter: &Exporter, variable: &str, feature: &str) {
    if !matches!(exporter, Exporter::None | Exporter::Disabled) {
        diag::warn(&format!("`{variable}` needs the feature `{feature}` of the crate llm-trace: there are none"));
    }
}
