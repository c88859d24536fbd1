//! One line: everything from the environment.

use tracing_subscriber::filter::{EnvFilter, LevelFilter};
use tracing_subscriber::layer::SubscriberExt;

use super::{Config, ConfigError, InitError, Parts, Telemetry};

/// Sets up tracing for the whole program from its environment, and returns the guard that sends what is left.
///
/// Spans go where [the variables](crate::export) say, to the console if they say nothing. `RUST_LOG` filters
/// (default `info`). OpenTelemetry's global provider and propagator are set too.
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
/// A variable that is wrong, a feature that is missing, or a global subscriber that is there already: then use
/// [`export::from_env()`](crate::export::from_env) and add its layer to yours. It never panics.
pub fn init() -> Result<Telemetry, InitError> {
    let filter = filter(std::env::var("RUST_LOG").ok().as_deref())?;
    let parts = Parts::new(Config::from_env()?)?;
    let subscriber = tracing_subscriber::registry().with(filter).with(parts.layer());
    tracing::subscriber::set_global_default(subscriber).map_err(|_| InitError::SubscriberSet)?;
    // Only now: one that fails leaves no trace of itself in `check()`.
    let parts = parts.activate();
    parts.set_global();
    Ok(parts.telemetry)
}

fn filter(directives: Option<&str>) -> Result<EnvFilter, ConfigError> {
    let builder = EnvFilter::builder().with_default_directive(LevelFilter::INFO.into());
    let directives = directives.unwrap_or_default();
    builder.parse(directives).map_err(|e| ConfigError::Filter { value: directives.to_owned(), reason: e.to_string() })
}
