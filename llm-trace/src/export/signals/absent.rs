//! In place of `metrics` and `logs` without the features of these names: there is never a provider.

use std::time::Duration;

use opentelemetry::InstrumentationScope;
use opentelemetry_sdk::error::OTelSdkResult;

use crate::diag;
use crate::export::config::Config;
use crate::export::error::InitError;
use crate::export::exporter::Exporter;
use crate::export::exports::Exports;

/// A provider that does not exist.
#[derive(Clone, Debug)]
pub(super) enum NoProvider {}

impl NoProvider {
    pub(super) fn force_flush(&self) -> OTelSdkResult {
        match *self {}
    }

    pub(super) fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        match *self {}
    }
}

impl opentelemetry::metrics::MeterProvider for NoProvider {
    fn meter_with_scope(&self, _: InstrumentationScope) -> opentelemetry::metrics::Meter {
        match *self {}
    }
}

pub(super) mod metrics {
    use super::*;

    pub(in super::super) type Provider = NoProvider;

    pub(in super::super) fn provider(config: &Config, _: &mut Exports) -> Result<Option<Provider>, InitError> {
        not_compiled_in(&config.metrics, "OTEL_METRICS_EXPORTER", "metrics");
        Ok(None)
    }
}

pub(super) mod logs {
    use super::*;
    use crate::{LlmLayer, PolicyHandle};

    pub(in super::super) type Provider = NoProvider;

    pub(in super::super) fn provider(
        config: &Config,
        _: &PolicyHandle,
        _: &mut Exports,
    ) -> Result<Option<Provider>, InitError> {
        not_compiled_in(&config.logs, "OTEL_LOGS_EXPORTER", "logs");
        Ok(None)
    }

    pub(in super::super) fn on<S>(provider: &Provider, _: LlmLayer<S>) -> LlmLayer<S> {
        match *provider {}
    }
}

/// Not an error, because many platforms set these variables for every program.
fn not_compiled_in(exporter: &Exporter, variable: &str, feature: &str) {
    if !matches!(exporter, Exporter::None | Exporter::Disabled) {
        diag::warn(&format!("`{variable}` is ignored: it needs the feature `{feature}` of the crate llm-trace"));
    }
}
