//! Builds the providers from a configuration.

use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider, SpanProcessor, TracerProviderBuilder};
use tracing::Subscriber;
use tracing_subscriber::registry::LookupSpan;

use super::config::Config;
use super::console::ConsoleProcessor;
use super::error::{ConfigError, InitError};
use super::exporter::Exporter;
use super::exports::Exports;
use super::instrumentation_scope_processor::InstrumentationScopeProcessor;
use super::signals::Signals;
use super::targets::Targets;
use super::telemetry::Telemetry;
use super::{propagation, resource};
use crate::cost::SharedPrices;
use crate::{LlmLayer, PolicyHandle, PriceTable, RedactProcessor, diag};

/// The components of [`init()`](crate::export::init()), for your own registry.
///
/// ```no_run
/// use tracing_subscriber::prelude::*;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let parts = llm_trace::export::from_env()?;
/// tracing_subscriber::registry()
///     .with(parts.layer())
///     .with(tracing_subscriber::fmt::layer())
///     .try_init()?;
/// parts.set_global();
/// let _telemetry = parts.telemetry;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "the export ends when this value is dropped"]
#[non_exhaustive]
pub struct Parts {
    /// The tracer provider.
    pub provider: SdkTracerProvider,
    /// The guard. Keep it until the program ends.
    pub telemetry: Telemetry,
    /// The policy for content. It can be changed while the program runs.
    pub policy: PolicyHandle,
    prices: Option<SharedPrices>,
    normalize: bool,
    propagators: Vec<propagation::Kind>,
}

/// Builds provider, layer and guard from the environment (see the [module](crate::export)).
///
/// It sets nothing global. Errors contain the invalid variable, its value and the valid choices. Problems that do not
/// prevent a start are printed to stderr as warnings.
///
/// ```no_run
/// # fn main() -> Result<(), llm_trace::export::InitError> {
/// let parts = llm_trace::export::from_env()?;
/// println!("{:?}", parts.telemetry.stats());
/// # Ok(())
/// # }
/// ```
pub fn from_env() -> Result<Parts, InitError> {
    Parts::new(Config::from_env()?).map(Parts::activate)
}

/// Like [`from_env()`], with variables from a function: for a configuration file, or a test.
///
/// ```
/// # fn main() -> Result<(), llm_trace::export::InitError> {
/// let parts = llm_trace::export::from_lookup(&|name| match name {
///     "OTEL_ENDPOINT" => Some("http://collector:4318".into()),
///     "OTEL_SERVICE_NAME" => Some("demo".into()),
///     _ => None,
/// })?;
/// # drop(parts);
/// # Ok(())
/// # }
/// ```
pub fn from_lookup(get: &dyn Fn(&str) -> Option<String>) -> Result<Parts, InitError> {
    Parts::new(Config::from_lookup(get)?).map(Parts::activate)
}

impl Parts {
    /// Builds the parts. `check()` reports on them after [`activate`](Self::activate).
    pub(crate) fn new(config: Config) -> Result<Self, InitError> {
        for warning in &config.warnings {
            diag::warn(warning);
        }
        let prices = config.prices.as_ref().map(PriceTable::from_file).transpose();
        let prices = prices.map_err(|error| ConfigError::Prices(error.to_string()))?.map(SharedPrices::new);
        let mut exports = Exports::default();
        let targets = Targets {
            spans: config.exporter.to_string(),
            metrics: config.metrics.is_something().then(|| config.metrics.to_string()),
            log_records: config.logs.is_something().then(|| config.logs.to_string()),
        };
        let policy = PolicyHandle::new(config.policy.clone());
        let signals = Signals::new(&config, &policy, &mut exports)?;
        let mut builder = SdkTracerProvider::builder()
            .with_id_generator(crate::TraceIdGenerator::default())
            .with_resource(resource::resource(&config.resource));
        if let Some(sampling) = config.sampling {
            builder = builder.with_sampler(sampling.sampler());
        }
        if let Some(count) = config.span_attributes {
            builder = builder.with_max_attributes_per_span(count);
        }
        let builder = match config.exporter {
            Exporter::Disabled => builder.with_sampler(Sampler::AlwaysOff),
            Exporter::None => builder,
            Exporter::Console { json: true } => {
                add(builder, RedactProcessor::new(ConsoleProcessor::json().with_counters(exports.console()), &policy))
            }
            Exporter::Console { json: false } => {
                let console = ConsoleProcessor::tree().with_counters(exports.console()).with_recheck(&policy);
                add(builder, RedactProcessor::new(console, &policy).with_recheck())
            }
            Exporter::Otlp(otlp) => {
                let batches = exports.span_batches(&otlp, config.batch, &policy)?;
                add(builder, RedactProcessor::new(batches, &policy).with_recheck())
            }
        };
        let provider = builder.build();
        signals.observe(&exports.stats());
        let telemetry = Telemetry::new(provider.clone(), signals, exports, config.exit_limit, targets);
        telemetry.signals().observe_hooks(telemetry.call_hooks());
        Ok(Self { provider, telemetry, policy, prices, normalize: config.normalize, propagators: config.propagators })
    }

    /// Makes [`check()`](crate::check()) report on them.
    pub(crate) fn activate(mut self) -> Self {
        self.telemetry.activate();
        self
    }

    /// A layer for a `tracing` registry, with this provider and policy.
    pub fn layer<S>(&self) -> LlmLayer<S>
    where
        S: Subscriber + for<'span> LookupSpan<'span> + Send + Sync,
    {
        let layer = crate::layer()
            .with_policy_of_guards(&self.policy)
            .with_open_calls(self.telemetry.open_calls().clone())
            .with_hook_registry(self.telemetry.call_hooks().clone())
            .with_tracer_provider(&self.provider)
            .with_normalization(self.normalize);
        let layer = match &self.prices {
            Some(prices) => layer.with_shared_prices(prices.clone()),
            None => layer,
        };
        self.telemetry.signals().on(layer)
    }

    /// Sets the providers and the propagators of `OTEL_PROPAGATORS` as OpenTelemetry's global ones.
    pub fn set_global(&self) {
        opentelemetry::global::set_tracer_provider(self.provider.clone());
        self.telemetry.signals().set_global();
        opentelemetry::global::set_text_map_propagator(propagation::propagator(&self.propagators));
    }
}

/// The processors that every span passes before `last`.
fn add(builder: TracerProviderBuilder, last: impl SpanProcessor + 'static) -> TracerProviderBuilder {
    builder.with_span_processor(InstrumentationScopeProcessor::new(last))
}
