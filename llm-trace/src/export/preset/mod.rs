//! Presets for backends: their endpoints, required headers and supported protocols.
//!
//! With `LLM_TRACE_PRESET=langfuse`, [`init()`](crate::export::init()) needs only the vendor's own keys. The functions of
//! this module create a [`Destination`] from the same preset, for your own provider.
//!
//! | preset | endpoint | protocol | variables |
//! |---|---|---|---|
//! | `traceloop` | `https://api.traceloop.com` | `http/protobuf` | `TRACELOOP_API_KEY`; `TRACELOOP_BASE_URL` |
//! | `laminar` | `https://api.lmnr.ai:8443`, over HTTP port 443 | `grpc` if compiled in | `LMNR_PROJECT_API_KEY`; `LMNR_BASE_URL` |
//! | `langfuse` | `https://cloud.langfuse.com/api/public/otel` | `http/protobuf` | `LANGFUSE_PUBLIC_KEY`, `LANGFUSE_SECRET_KEY`; `LANGFUSE_BASE_URL` or `LANGFUSE_HOST` |
//! | `phoenix` | `http://localhost:6006` | `http/protobuf`; never JSON | `PHOENIX_COLLECTOR_ENDPOINT`, `PHOENIX_API_KEY`, `PHOENIX_PROJECT_NAME` |
//! | `mlflow` | `http://localhost:5000` | `http/protobuf`; never gRPC | `MLFLOW_TRACKING_URI`, `MLFLOW_EXPERIMENT_ID` (default `0`), `MLFLOW_TRACKING_TOKEN` or `MLFLOW_TRACKING_USERNAME` with `MLFLOW_TRACKING_PASSWORD` |
//! | `logfire` | `https://logfire-us.pydantic.dev`, or `logfire-eu` for a token that begins with `pylf_v1_eu_` | `http/protobuf` | `LOGFIRE_TOKEN`; `LOGFIRE_BASE_URL` |
//! | `datadog` | `https://otlp.datadoghq.com` | `http/protobuf` only | `DD_API_KEY`; `DD_SITE` |
//! | `newrelic` | `https://otlp.nr-data.net`, or `otlp.eu01.nr-data.net` for a key that begins with `eu01` | `http/protobuf`, gzip, requests under 1 MB | `NEW_RELIC_LICENSE_KEY` |
//! | `honeycomb` | `https://api.honeycomb.io` | `http/protobuf` | `HONEYCOMB_API_KEY`; `HONEYCOMB_API_ENDPOINT`, `HONEYCOMB_DATASET` |
//! | `grafana` | `https://otlp-gateway-<zone>.grafana.net/otlp` | `http/protobuf` | `GRAFANA_CLOUD_INSTANCE_ID`, `GRAFANA_CLOUD_API_KEY`; `GRAFANA_CLOUD_ZONE`, or the whole address in `GRAFANA_CLOUD_OTLP_ENDPOINT` |
//! | `jaeger`, `collector` | `http://localhost:4318`, by gRPC 4317 | `http/protobuf` | |
//!
//! Variables before a `;` are keys and required, except for backends with a local default address. If a key is missing,
//! the error contains its variable.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use llm_trace::export::preset;
//!
//! let to = preset::from_lookup("honeycomb", &|name| (name == "HONEYCOMB_API_KEY").then(|| "a key".into()))?;
//! assert_eq!(to.to_string(), "https://api.honeycomb.io/v1/traces by http/protobuf, with the headers x-honeycomb-team");
//! assert!(preset::from_lookup("honeycomb", &|_| None).unwrap_err().to_string().contains("`HONEYCOMB_API_KEY`"));
//! # Ok(())
//! # }
//! ```

mod row;
mod table;
#[cfg(test)]
mod tests;

pub(crate) use row::Row;

use crate::export::destination::Destination;
use crate::export::env::Env;
use crate::export::error::ConfigError;

/// The variable that names a preset.
pub(crate) const VARIABLE: &str = "LLM_TRACE_PRESET";

/// The preset that the environment selects.
pub(crate) fn asked(env: &Env<'_>) -> Result<Option<&'static Row>, ConfigError> {
    let Some(var) = env.get(VARIABLE) else { return Ok(None) };
    table::find(&var.folded()).map(Some).ok_or_else(|| var.choice(table::NAMES))
}

/// The destination of a preset, with keys from a function: for a configuration file, a secret store, or a test.
///
/// `OTEL_*` variables are not read.
///
/// # Errors
/// If the preset does not exist, a key is missing, or an address is invalid.
///
/// ```
/// use llm_trace::export::preset;
///
/// let settings = |name: &str| (name == "TRACELOOP_API_KEY").then(|| "key".to_owned());
/// assert!(preset::from_lookup("traceloop", &settings).is_ok());
/// assert!(preset::from_lookup("traceloop", &|_| None).is_err(), "the key is missing");
/// ```
pub fn from_lookup(name: &str, get: &dyn Fn(&str) -> Option<String>) -> Result<Destination, ConfigError> {
    let folded = name.trim().to_ascii_lowercase();
    let row = table::find(&folded).ok_or_else(|| ConfigError::Choice {
        variable: "preset".to_owned(),
        value: name.to_owned(),
        choices: table::NAMES,
    })?;
    row.destination(&Env(get))
}

/// The destination of a preset, with keys from the process environment.
///
/// # Errors
/// As [`from_lookup`].
///
/// ```
/// use llm_trace::export::preset;
///
/// assert!(preset::named("nobody").is_err());
/// ```
pub fn named(name: &str) -> Result<Destination, ConfigError> {
    from_lookup(name, &super::env::of_process)
}

macro_rules! presets {
    ($($name:ident, $what:literal;)*) => {$(
        #[doc = concat!($what, ", with keys from the process's environment; see the [table](self).")]
        ///
        /// # Errors
        /// If a key is missing or an address is invalid. The text contains the variable.
        ///
        /// ```
        /// use llm_trace::export::preset;
        ///
        #[doc = concat!("match preset::", stringify!($name), "() {")]
        ///     Ok(destination) => drop(destination.build()),
        ///     Err(error) => eprintln!("{error}"),
        /// }
        /// ```
        pub fn $name() -> Result<Destination, ConfigError> {
            named(stringify!($name))
        }
    )*};
}

presets! {
    traceloop, "Traceloop";
    laminar, "Laminar";
    langfuse, "Langfuse, in the cloud or one's own";
    phoenix, "Arize Phoenix, on this machine or in the cloud";
    mlflow, "An MLflow tracking server";
    logfire, "Pydantic Logfire";
    datadog, "Datadog's LLM Observability, without an agent";
    newrelic, "New Relic";
    honeycomb, "Honeycomb";
    grafana, "Grafana Cloud";
    jaeger, "Jaeger on this machine";
    collector, "An OpenTelemetry Collector on this machine";
}
