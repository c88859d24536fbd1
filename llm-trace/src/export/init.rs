//! Sets up telemetry from the environment in one line.

use tracing_subscriber::filter::{EnvFilter, LevelFilter};
use tracing_subscriber::layer::SubscriberExt;

use super::{Config, ConfigError, InitError, Parts, Telemetry};
use crate::diag;

/// Sets up tracing for the whole program from its environment, and returns the guard that exports the remaining data
/// when dropped.
///
/// Spans are exported as [the variables](crate::export) configure, by default to the console. `RUST_LOG` is the filter
/// (default `info`). OpenTelemetry's global provider and propagator are also set.
///
/// ```
/// fn main() -> Result<(), Box<dyn std::error::Error>> {
///     let _telemetry = llm_trace::init()?;
///     // … the program …
///     Ok(())
/// }
/// ```
///
/// # Errors
/// If a variable is invalid, a feature is missing, or a global subscriber is already set. In the last case, add the layer
/// of [`export::from_env()`](crate::export::from_env) to your subscriber. It never panics.
pub fn init() -> Result<Telemetry, InitError> {
    start(Config::from_env()?)
}

/// Sets up tracing like [`init`] if the environment names a destination, and does nothing otherwise: the users of a
/// command-line tool do not see spans on their terminal.
///
/// Without a destination no subscriber is set, and nothing is printed. `OTEL_EXPORTER=console` prints the spans.
///
/// ```
/// fn main() -> Result<(), Box<dyn std::error::Error>> {
///     let _telemetry = llm_trace::init_if_configured()?;
///     // … the program …
///     Ok(())
/// }
/// ```
///
/// # Errors
/// Those of [`init`].
pub fn init_if_configured() -> Result<Telemetry, InitError> {
    match Config::from_env()?.if_configured() {
        Some(config) => start(config),
        None => {
            diag::debug_once("configured", "nothing is exported: no variable names a destination; set OTEL_ENDPOINT");
            Ok(Parts::new(Config::from_lookup(&|_| None)?.without_export())?.telemetry)
        }
    }
}

fn start(config: Config) -> Result<Telemetry, InitError> {
    let filter = filter(std::env::var("RUST_LOG").ok().as_deref())?;
    let parts = Parts::new(config)?;
    let subscriber = tracing_subscriber::registry().with(filter).with(parts.layer());
    tracing::subscriber::set_global_default(subscriber).map_err(|_| InitError::SubscriberSet)?;
    // After the last error, so that a failed `init` is not visible in `check()`.
    let parts = parts.activate();
    parts.set_global();
    Ok(parts.telemetry)
}

fn filter(directives: Option<&str>) -> Result<EnvFilter, ConfigError> {
    let builder = EnvFilter::builder().with_default_directive(LevelFilter::INFO.into());
    let directives = directives.unwrap_or_default();
    builder.parse(directives).map_err(|e| ConfigError::Filter { value: directives.to_owned(), reason: e.to_string() })
}
