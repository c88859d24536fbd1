//! What can be wrong with the environment, in words that say what to do.

use std::fmt;
use std::path::PathBuf;

use crate::diag::outside;

/// A variable whose value cannot be used.
///
/// The text names the variable, the value and the choices. Header values are never in it.
///
/// ```
/// # let _ = |error: llm_trace::export::ConfigError| {
/// eprintln!("{error}"); // `OTEL_EXPORTER` is `zipkin`: use one of console, console_json, …
/// # };
/// ```
#[derive(Clone, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The value is none of those that are possible.
    #[error("`{variable}` is `{}`: use one of {choices}", outside(value))]
    Choice {
        /// The variable.
        variable: String,
        /// Its value.
        value: String,
        /// What it may be.
        choices: &'static str,
    },
    /// The value is no number, or one out of range.
    #[error("`{variable}` is `{}`: use {expected}", outside(value))]
    Number {
        /// The variable.
        variable: String,
        /// Its value.
        value: String,
        /// What it may be, with the unit.
        expected: &'static str,
    },
    /// The value is no address to send to.
    #[error("`{variable}` is `{}`: {reason}; use a URL such as {example}", outside(value))]
    Endpoint {
        /// The variable.
        variable: String,
        /// Its value, without user information and query.
        value: String,
        /// What is wrong with it.
        reason: String,
        /// A URL that would do.
        example: &'static str,
    },
    /// One variable needs another.
    #[error("`{variable}` is set but `{missing}` is not: set both")]
    Incomplete {
        /// The variable that is set.
        variable: String,
        /// The one that it needs.
        missing: String,
    },
    /// A preset's key is not there.
    #[error("the preset `{preset}` needs `{variable}`, which is not set")]
    Key {
        /// The preset.
        preset: &'static str,
        /// The variable to set.
        variable: String,
    },
    /// A preset's backend does not take what is asked for.
    #[error("`{variable}` asks for {protocol}, which the preset `{preset}` does not take: use one of {takes}")]
    PresetProtocol {
        /// The variable that asks for it.
        variable: String,
        /// The protocol.
        protocol: String,
        /// The preset.
        preset: &'static str,
        /// What it takes.
        takes: String,
    },
    /// A header cannot be sent.
    #[error("the header `{}` {reason}", outside(header))]
    Header {
        /// Its name.
        header: String,
        /// What is wrong with it; never its value.
        reason: String,
    },
    /// `RUST_LOG` cannot be read.
    #[error(
        "`RUST_LOG` is `{}`: {}; use directives such as `info` or `info,my_crate=debug`",
        outside(value),
        outside(reason)
    )]
    Filter {
        /// The value.
        value: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The table of prices cannot be used.
    #[error("`LLM_TRACE_PRICES`: {0}")]
    Prices(String),
    /// The policy's variables cannot be read.
    #[error("{0}")]
    Policy(String),
}

/// Why telemetry could not be set up.
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
    /// A variable is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// What is asked for is not compiled in.
    #[error("`{variable}` asks for {wanted}, which needs the feature `{feature}` of the crate llm-trace")]
    Feature {
        /// The variable that asks for it.
        variable: String,
        /// What it asks for.
        wanted: &'static str,
        /// The cargo feature to switch on.
        feature: &'static str,
    },
    /// A certificate or key cannot be read.
    #[error("`{variable}` names {}: {reason}; use a PEM file", outside(&path.to_string_lossy()))]
    File {
        /// The variable.
        variable: String,
        /// The file that it names.
        path: PathBuf,
        /// Why it cannot be used.
        reason: String,
    },
    /// The connection cannot be prepared.
    #[error("cannot prepare to send to {endpoint}: {reason}")]
    Transport {
        /// Where to.
        endpoint: String,
        /// Why not.
        reason: String,
    },
    /// The program has a global subscriber already, perhaps from an earlier `init()`.
    #[error(
        "a global tracing subscriber is already set: call `llm_trace::init()` once and before any other, \
         or add the layer of `llm_trace::export::from_env()` to your own registry"
    )]
    SubscriberSet,
}

// A `main` that returns the error prints it by `Debug`: that is where most people will see it.
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
