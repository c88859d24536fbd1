//! Configuration errors, with texts that describe the remedy.

use std::fmt;
use std::path::PathBuf;

use crate::diag::outside;

/// An environment variable has an invalid value.
///
/// The text contains the variable, the value and the valid choices, but never a header's value.
///
/// ```
/// fn report(error: &llm_trace::export::ConfigError) {
///     eprintln!("{error}"); // `OTEL_EXPORTER` is `zipkin`: use one of console, console_json, …
/// }
/// ```
#[derive(Clone, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The value is not one of the valid choices.
    #[error("`{variable}` is `{}`: use one of {choices}", outside(value))]
    Choice {
        /// The variable.
        variable: String,
        /// Its value.
        value: String,
        /// The valid choices.
        choices: &'static str,
    },
    /// The value is not a number, or out of range.
    #[error("`{variable}` is `{}`: use {expected}", outside(value))]
    Number {
        /// The variable.
        variable: String,
        /// Its value.
        value: String,
        /// The valid range, with the unit.
        expected: &'static str,
    },
    /// The value is not a valid address.
    #[error("`{variable}` is `{}`: {reason}; use a URL such as {example}", outside(value))]
    Endpoint {
        /// The variable.
        variable: String,
        /// Its value, without user information and query.
        value: String,
        /// Why it is invalid.
        reason: String,
        /// A valid example.
        example: &'static str,
    },
    /// A variable requires another one.
    #[error("`{variable}` is set but `{missing}` is not: set both")]
    Incomplete {
        /// The variable that is set.
        variable: String,
        /// The required variable.
        missing: String,
    },
    /// The key of a preset is not set.
    #[error("the preset `{preset}` needs `{variable}`, which is not set")]
    Key {
        /// The preset.
        preset: &'static str,
        /// The variable to set.
        variable: String,
    },
    /// A preset's backend does not support the protocol.
    #[error("`{variable}` asks for {protocol}, which the preset `{preset}` does not take: use one of {takes}")]
    PresetProtocol {
        /// The variable that selects the protocol.
        variable: String,
        /// The protocol.
        protocol: String,
        /// The preset.
        preset: &'static str,
        /// The supported protocols.
        takes: String,
    },
    /// A header is invalid.
    #[error("the header `{}` {reason}", outside(header))]
    Header {
        /// Its name.
        header: String,
        /// Why it is invalid; never contains its value.
        reason: String,
    },
    /// `RUST_LOG` is invalid.
    #[error(
        "`RUST_LOG` is `{}`: {}; use directives such as `info` or `info,my_crate=debug`",
        outside(value),
        outside(reason)
    )]
    Filter {
        /// The value.
        value: String,
        /// Why it is invalid.
        reason: String,
    },
    /// The price table is invalid or cannot be read.
    #[error("`LLM_TRACE_PRICES`: {0}")]
    Prices(String),
    /// The policy's variables are invalid.
    #[error("{0}")]
    Policy(String),
}

/// Telemetry could not be set up.
///
/// ```
/// match llm_trace::init() {
///     Ok(telemetry) => drop(telemetry),
///     Err(error) => eprintln!("no telemetry: {error}"),
/// }
/// ```
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum InitError {
    /// A variable is invalid.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A cargo feature is required that is not enabled.
    #[error("`{variable}` asks for {wanted}, which needs the feature `{feature}` of the crate llm-trace")]
    Feature {
        /// The variable that requires the feature.
        variable: String,
        /// The requested functionality.
        wanted: &'static str,
        /// The cargo feature to enable.
        feature: &'static str,
    },
    /// A certificate or key file is invalid.
    #[error("`{variable}` names {}: {reason}; use a PEM file", outside(&path.to_string_lossy()))]
    File {
        /// The variable.
        variable: String,
        /// The path of the file.
        path: PathBuf,
        /// Why it is invalid.
        reason: String,
    },
    /// The transport could not be created.
    #[error("cannot create a connection to {endpoint}: {reason}")]
    Transport {
        /// The endpoint.
        endpoint: String,
        /// The reason.
        reason: String,
    },
    /// A global subscriber is already set, perhaps by an earlier `init()`.
    #[error(
        "a global tracing subscriber is already set: call `llm_trace::init()` once and before any other, \
         or add the layer of `llm_trace::export::from_env()` to your own registry"
    )]
    SubscriberSet,
}

// A `main` that returns the error prints its `Debug` form, so this is the text most users see.
impl fmt::Debug for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for InitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
